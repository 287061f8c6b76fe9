// Asapvet finds misuse of asap and of errgroup, and calls that wait for each other
// without need. It is run by the go command:
//
//	go vet -vettool=$(which asapvet) ./...
//	go vet -vettool=$(which asapvet) -nowait ./...      # one check
//	go vet -vettool=$(which asapvet) -race=false ./...  # all but one
//	go vet -vettool=$(which asapvet) -closer ./...      # one that is off by default
//	go vet -vettool=$(which asapvet) -fix -diff ./...   # what it would change
//
// and has commands of its own: audit, help, version.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/asap-go/asap/asapvet/suite"
)

func main() {
	args := os.Args[1:]
	if byGoCommand(args) {
		unitchecker.Main(suite.For(args)...)
		return
	}
	os.Exit(run(args, os.Stdout, os.Stderr))
}

// byGoCommand reports whether these are the arguments of a tool of go vet and go fix:
// flags, and the description of a package.
func byGoCommand(args []string) bool {
	if len(args) == 0 {
		return false
	}
	return strings.HasPrefix(args[0], "-V=") || args[0] == "-flags" || strings.HasSuffix(args[len(args)-1], ".cfg")
}

// run does what a person asks for, and returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	command := "help"
	if len(args) > 0 {
		command, args = strings.TrimLeft(args[0], "-"), args[1:]
	}
	switch command {
	case "audit":
		return runAudit(args, stdout, stderr)
	case "help", "h":
		return help(args, stdout, stderr)
	case "version":
		fmt.Fprintln(stdout, "asapvet", version())
		return 0
	}
	fmt.Fprintf(stderr, "asapvet: no command %s; try asapvet help, or go vet -vettool=$(which asapvet) ./...\n", command)
	return 2
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// help writes what there is, or about the checks that are named.
func help(names []string, stdout, stderr io.Writer) int {
	if len(names) == 0 {
		fmt.Fprint(stdout, usage)
		for _, a := range suite.All() {
			off := ""
			if suite.IsOff(a) {
				off = " (off by default)"
			}
			first, _, _ := strings.Cut(a.Doc, "\n")
			fmt.Fprintf(stdout, "\t%-14s %s%s\n", a.Name, first, off)
		}
		return 0
	}
	status := 0
	for _, name := range names {
		a := suite.Named(name)
		if a == nil {
			fmt.Fprintf(stderr, "asapvet: no check %s\n", name)
			status = 2
			continue
		}
		fmt.Fprintf(stdout, "%s: %s\n\n%s\n", a.Name, a.Doc, a.URL)
	}
	return status
}

const usage = `asapvet finds misuse of asap and of errgroup, and calls that wait for each other
without need.

	go vet -vettool=$(which asapvet) ./...        run the checks
	go vet -vettool=$(which asapvet) -nowait ./... run those that are named
	asapvet audit ./...                           list places by what they would save
	asapvet help [check]...                       tell about checks
	asapvet version                               tell the version

The checks:

`
