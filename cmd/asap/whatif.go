package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/asap-go/asap/waterfall"
)

var whatifCommand = &command{
	name: "whatif", args: "[-format F] [run.json] [change ...]",
	short: "predict a run with changes",
	long: `
Predicts what the run would have been. A change is
  user=-50%       the task takes half of its time (or +20%)
  user=80ms       the task takes that time
  likes[]=-10%    every element of the Map
  ads=0           the task is left out
  limit=4         so many bodies at once; limit=0 is no limit
A task is named as in the waterfall, or with the tasks around it: checkout/charge.
Without a change it lists what to fix first.`,
	setup: func(fs *flag.FlagSet) func(*env, []string) error {
		format := fs.String("format", "", "also draw the predicted run: text, svg, ...")
		width := fs.Int("width", 0, "columns of the text, without color")
		return func(e *env, args []string) error {
			file := ""
			if len(args) > 0 && (!strings.Contains(args[0], "=") || isAddress(args[0])) {
				file, args = args[0], args[1:]
			}
			if *format != "" {
				if err := known(*format); err != nil {
					return err
				}
			}
			for _, a := range args {
				if !strings.Contains(a, "=") {
					return usage("%q is no change; one looks like user=-50%%", a)
				}
			}
			run, err := e.read(file)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return ranking(e, run)
			}
			return predict(e, run, args, *format, *width)
		}
	},
}

func predict(e *env, run *waterfall.Run, args []string, format string, width int) error {
	var changes []waterfall.Change
	for _, a := range args {
		list, err := change(run, a)
		if err != nil {
			return err
		}
		changes = append(changes, list...)
	}
	p, err := run.WhatIf(changes...)
	if err != nil {
		return err
	}
	if format != "" {
		return e.picture(e.out, p.Run, format, width)
	}
	text := fmt.Sprintf("%s instead of %s: ", p.Makespan, p.Baseline)
	switch saved := p.Saved(); {
	case saved > 0:
		text += fmt.Sprintf("%s less (%.1f %%)", saved, 100*float64(saved)/float64(p.Baseline))
	case saved < 0:
		text += fmt.Sprintf("%s more (%.1f %%)", -saved, -100*float64(saved)/float64(p.Baseline))
	default:
		text += "no change"
	}
	for i, line := range p.Assumes {
		lead := "\nIf "
		if i > 0 {
			lead = ",\nand "
		}
		text += lead + line
	}
	if len(p.Assumes) > 0 {
		text += "."
	}
	_, err = fmt.Fprintln(e.out, text)
	return err
}

// change reads one change, which is several where tasks get a time that did not
// take the same.
func change(run *waterfall.Run, arg string) ([]waterfall.Change, error) {
	at := strings.LastIndex(arg, "=")
	name, value := arg[:at], arg[at+1:]
	if name == "limit" && run.Task("limit") == nil {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return nil, usage("%s: the limit is a number, and 0 means none", arg)
		}
		return []waterfall.Change{waterfall.Limit(n)}, nil
	}
	if value == "0" {
		return []waterfall.Change{waterfall.Drop(name)}, nil
	}
	if p, ok := strings.CutSuffix(value, "%"); ok {
		f, err := strconv.ParseFloat(p, 64)
		if err != nil || f != f || f < -100 || f > 1e6 {
			return nil, usage("%s: %q is no percentage from -100%% on", arg, value)
		}
		return []waterfall.Change{waterfall.Speed(name, -f/100)}, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return nil, usage("%s: want a percentage like -50%%, a time like 80ms, or 0 to leave the task out", arg)
	}
	return times(run, arg, name, d)
}

func ranking(e *env, run *waterfall.Run) error {
	gains := run.Ranking()
	if len(gains) == 0 {
		_, err := fmt.Fprintln(e.out, "No task would make the run shorter.")
		return err
	}
	w := tabwriter.NewWriter(e.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "task\tsaves at half its time\tsaves at most\thelps up to")
	for _, g := range gains {
		fmt.Fprintf(w, "%s\t%s\t%s\t-%.0f%%\n", printable(g.Name), g.Half, g.All, 100*g.Kink)
	}
	return w.Flush()
}

// printable keeps control characters of a name from the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return '\ufffd'
		}
		return r
	}, s)
}
