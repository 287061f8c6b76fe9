package main

import (
	"fmt"
	"io"

	"github.com/asap-go/asap/asapvet/audit"
	"github.com/asap-go/asap/asapvet/suite"
)

// runIgnores lists comments that silence nothing.
func runIgnores(patterns, tags []string, stdout, stderr io.Writer) int {
	list, err := audit.Ignores(audit.Config{Patterns: patterns, Tags: tags, Tests: true}, suite.All())
	if err != nil {
		fmt.Fprintln(stderr, "asapvet audit:", err)
		return 2
	}
	for _, i := range list {
		fmt.Fprintf(stdout, "%s:%d: %s\n", i.File, i.Line, i.Text)
	}
	return 0
}
