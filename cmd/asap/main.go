// Command asap shows where the time of recorded runs went, and what would have
// made them faster.
//
//	asap demo                                   run example graphs and show them
//	asap show run.json -format svg > run.svg    draw a run
//	asap whatif run.json user=-50% limit=4      predict a run with changes
//	asap diff before.json after.json            explain a difference
//	asap critical *.json                        what is critical in many runs
//	asap critical http://localhost:8080/debug/asap/
//	                                            and in what a program has seen
//
// A run is the JSON that package waterfall writes: a file, or the address of a page
// of package asapweb. Without a file, or with -, the commands read standard input. The exit code is 0, 1 for an input that is
// not right, and 2 for wrong usage.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// command is one of asap's.
type command struct {
	name, args, short, long string
	// setup declares the flags and returns what runs with the other arguments.
	setup func(*flag.FlagSet) func(*env, []string) error
}

// env is what a command talks to.
type env struct {
	in       io.Reader
	out, err io.Writer
}

func commands() []*command {
	return []*command{demoCommand, showCommand, whatifCommand, diffCommand, criticalCommand}
}

func main() {
	os.Exit(run(&env{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:]))
}

// usageError is a mistake in the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

func run(e *env, args []string) int {
	if len(args) == 0 {
		help(e.err)
		return 2
	}
	name, args := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		if len(args) == 0 {
			help(e.out)
			return 0
		}
		name, args = args[0], []string{"-h"}
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(e, args)
		}
	}
	fmt.Fprintf(e.err, "asap: unknown command %q; there are %s\n", name, commandNames())
	return 2
}

func commandNames() string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func help(w io.Writer) {
	fmt.Fprint(w, "asap shows where the time of recorded runs went, and what would have made them faster.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  asap %-9s %-42s %s\n", c.name, c.args, c.short)
	}
	fmt.Fprint(w, `
A run is the JSON that package waterfall writes: a file, or the address of a page
of package asapweb, as http://localhost:8080/debug/asap/?run=12. Without a file, or
with -, the commands read standard input. asap help COMMAND says more.

Exit codes: 0, 1 for an input that is not right, 2 for wrong usage.
`)
}

func (c *command) run(e *env, args []string) int {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := c.setup(fs)
	rest, err := parse(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(e.out, "usage: asap %s %s\n\n%s\n", c.name, c.args, strings.TrimSpace(c.long))
		if flags := flagHelp(fs); flags != "" {
			fmt.Fprintf(e.out, "\nflags:\n%s", flags)
		}
		return 0
	case err == nil:
		err = do(e, rest)
	default:
		err = usage("%v", err)
	}
	if err == nil {
		return 0
	}
	if u, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(e.err, "asap %s: %s\nusage: asap %s %s\n", c.name, printable(u.text), c.name, c.args)
		return 2
	}
	fmt.Fprintf(e.err, "asap %s: %s\n", c.name, printable(strings.TrimPrefix(err.Error(), "waterfall: ")))
	return 1
}

// parse reads flags that stand before, between and after the other arguments.
func parse(fs *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if args = fs.Args(); len(args) == 0 {
			return rest, nil
		}
		rest = append(rest, args[0])
		args = args[1:]
	}
}

func flagHelp(fs *flag.FlagSet) string {
	var b strings.Builder
	fs.VisitAll(func(f *flag.Flag) {
		what, text := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "  %-18s %s\n", strings.TrimSpace("-"+f.Name+" "+what), text)
	})
	return b.String()
}
