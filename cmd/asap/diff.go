package main

import (
	"flag"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/asap-go/asap/waterfall"
)

var diffCommand = &command{
	name: "diff", args: "[-window W] before after",
	short: "explain why two runs, or many runs, differ",
	long: `
Tells which tasks explain the difference between two runs. "critical" is the
task's time on the critical path, running and queued; these differences add up
to that of the runs exactly. Sixteen elements of a Map and more are one row. "fixed"
is how much shorter the second run would have been if the task alone had run as
long as in the first: a prediction.
One of the two may be -, for standard input.

With two summaries of many runs it tells what has changed in groups of one name,
and which tasks the runs about p50 and p99 waited for longer. A summary is what a
debug page, as of package asapweb, gives at its address: all groups, or with
?group=NAME one. Saved before a deployment, it tells what the new build changed:
  curl 'http://localhost:8080/debug/asap/?format=json&window=hour' > before.json
  asap diff -window minute before.json http://localhost:8080/debug/asap/`,
	setup: func(fs *flag.FlagSet) func(*env, []string) error {
		top := fs.Int("n", 10, "at most so many tasks of a group")
		window := windowFlag(fs)
		return func(e *env, args []string) error {
			if len(args) != 2 {
				return usage("%d files; a difference needs two", len(args))
			}
			if args[0] == "-" && args[1] == "-" {
				return usage("standard input can be read once")
			}
			if err := checkWindow(*window, args); err != nil {
				return err
			}
			a, before, err := e.readAny(args[0], "window", *window)
			if err != nil {
				return err
			}
			b, after, err := e.readAny(args[1], "window", *window)
			switch {
			case err != nil:
				return err
			case a != nil && b != nil:
				return diff(e, a, b, *top)
			case before != nil && after != nil:
				return diffSummaries(e, before, after, *top)
			}
			one, many := args[0], args[1]
			if before != nil {
				one, many = many, one
			}
			return fmt.Errorf("%s is one run, and %s is a summary of many; two of a kind can be compared", source(one), source(many))
		}
	},
}

func diff(e *env, a, b *waterfall.Run, top int) error {
	fmt.Fprintf(e.out, "%s → %s (%s)\n", a.Makespan, b.Makespan, signed(b.Makespan-a.Makespan))
	deltas := waterfall.Compare(a, b)
	if len(deltas) == 0 {
		_, err := fmt.Fprintln(e.out, "No task differs.")
		return err
	}
	w := tabwriter.NewWriter(e.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "task\ttook\tcritical\tfixed")
	for i, d := range deltas {
		if i == top {
			fmt.Fprintf(w, "%d more\n", len(deltas)-top)
			break
		}
		name := printable(brief(d.Name))
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
