package main

import (
	"fmt"
	"io"
)

// runAudit lists places by what they would save: not yet.
func runAudit(args []string, stdout, stderr io.Writer) int {
	fmt.Fprintln(stderr, "asapvet: this version has no audit")
	return 2
}
