package main

import (
	"flag"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/asap-go/asap/waterfall"
)

var diffCommand = &command{
	name: "diff", args: "before.json after.json",
	short: "explain why two runs differ",
	long: `
Tells which tasks explain the difference between two runs. "critical" is the
task's time on the critical path, running and queued; these differences add up
to that of the runs exactly. "fixed" is how much shorter the second run would
have been if the task alone had run as long as in the first: a prediction.
One of the two may be -, for standard input.`,
	setup: func(fs *flag.FlagSet) func(*env, []string) error {
		return func(e *env, args []string) error {
			if len(args) != 2 {
				return usage("%d files; a difference needs two", len(args))
			}
			if args[0] == "-" && args[1] == "-" {
				return usage("standard input can be read once")
			}
			a, err := e.read(args[0])
			if err != nil {
				return err
			}
			b, err := e.read(args[1])
			if err != nil {
				return err
			}
			return diff(e, a, b)
		}
	},
}

func diff(e *env, a, b *waterfall.Run) error {
	fmt.Fprintf(e.out, "%s → %s (%s)\n", a.Makespan, b.Makespan, signed(b.Makespan-a.Makespan))
	deltas := waterfall.Compare(a, b)
	if len(deltas) == 0 {
		_, err := fmt.Fprintln(e.out, "No task differs.")
		return err
	}
	w := tabwriter.NewWriter(e.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "task\ttook\tcritical\tfixed")
	for _, d := range deltas {
		name := printable(d.Name)
		switch {
		case d.Name == "":
			name = "(caller)"
		case !d.InA:
			name += " (new)"
		case !d.InB:
			name += " (gone)"
		}
		fix := ""
		if d.Fix != 0 {
			fix = signed(-d.Fix)
		}
		fmt.Fprintf(w, "%s\t%s → %s\t%s\t%s\n", name, d.TookA, d.TookB, signed(d.Change()), fix)
	}
	return w.Flush()
}

func signed(d time.Duration) string {
	if d > 0 {
		return "+" + d.String()
	}
	return d.String()
}
