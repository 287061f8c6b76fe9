package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

var whatifCommand = &command{
	name: "whatif", args: "[-format F] [-run F] [run ...] [change ...]",
	short: "predict a run with changes, or the p99 of many",
	long: `
Predicts what the run would have been. A change is
  user=-50%       the task takes half of its time (or +20%)
  user=80ms       the task takes that time
  likes[]=-10%    every element of the Map; shard-*, ping#*: all tasks alike
  ads=0           the task is left out
  limit=4         so many bodies at once; limit=0 is no limit
  limit:likes=4   the same of a Map, a nested group, or a shared limit
  within:ads=20ms the others go on without the task from then on
A task is named as in the waterfall, or with the tasks around it: checkout/charge.
Without a change it lists what to fix first: what failed, then the changes that
save most, of which each can be asked for as it stands there.

Of many runs, which are several files, a file of several, or the address of a
group's page, it predicts p99. Then a change is also
  hedge:ads=p95   a second call of the task when the first is slower than 95 % of
                  its calls, or than 80ms; only if it is safe to call twice
  correlation=.5  how slow a second call is if the first is, from 0 to 1, if the
                  runs have no hedges that tell
  budget=.02      second calls are at most that share of the calls of what is hedged
and without a change it lists hedges, and deadlines of what may be missing.
  asap whatif 'http://localhost:8080/debug/asap/?group=home' hedge:ads=p95
With -run it predicts that one run, and the others tell what its record does not:
how long what was cut short would have taken, and what never began.`,
	setup: func(fs *flag.FlagSet) func(*env, []string) error {
		format := fs.String("format", "", "also draw the predicted run: text, svg, ...; of many runs json")
		width := fs.Int("width", 0, "columns of the text, without color")
		of := fs.String("run", "", "predict this run; the others tell what it does not")
		top := fs.Int("n", 10, "at most so many changes in the list; 0 for all")
		window := windowFlag(fs)
		return func(e *env, args []string) error {
			var files []string
			for len(args) > 0 && isFile(args[0], len(files) == 0) {
				files, args = append(files, args[0]), args[1:]
			}
			if *format != "" {
				if err := known(*format); err != nil {
					return err
				}
			}
			if err := checkWindow(*window, files); err != nil {
				return err
			}
			for _, a := range args {
				if !strings.Contains(a, "=") {
					return usage("%q is no change; one looks like user=-50%%", a)
				}
			}
			if *of != "" {
				run, others, err := e.readAmong(*of, files, *window)
				if err != nil || len(args) == 0 {
					return cmp.Or(err, usage("-run wants a change, as user=-50%%"))
				}
				return predict(e, run, others, args, *format, *width)
			}
			run, sample, err := e.readMany(files, *window)
			switch {
			case err != nil:
				return err
			case sample != nil:
				return forecast(e, sample, args, *format, *width, *top)
			case len(args) == 0:
				return ranking(e, run, *top)
			}
			return predict(e, run, new(waterfall.Sample), args, *format, *width)
		}
	},
}

// isFile tells whether an argument is a file or an address, and no change. The first one
// without a = is a file, and of others those that there are.
func isFile(arg string, first bool) bool {
	if isAddress(arg) || arg == "-" {
		return true
	}
	if strings.Contains(arg, "=") {
		return false
	}
	_, err := os.Stat(arg)
	return first || err == nil
}

func predict(e *env, run *waterfall.Run, others *waterfall.Sample, args []string, format string, width int) error {
	var changes []waterfall.Change
	for _, a := range args {
		list, err := change(run, a)
		if err != nil {
			return err
		}
		changes = append(changes, list...)
	}
	p, err := others.Predict(run, changes...)
	if err != nil {
		return err
	}
	if format != "" {
		return e.picture(e.out, p.Run, format, width)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s instead of %s: ", p.Makespan, p.Baseline)
	switch saved := p.Saved(); {
	case saved > 0:
		fmt.Fprintf(&text, "%s less (%.1f %%)", saved, 100*float64(saved)/float64(p.Baseline))
	case saved < 0:
		fmt.Fprintf(&text, "%s more (%.1f %%)", -saved, -100*float64(saved)/float64(p.Baseline))
	default:
		text.WriteString("no change")
	}
	for i, line := range p.Assumes {
		lead := "\nIf "
		if i > 0 {
			lead = ",\nand "
		}
		text.WriteString(lead + line)
	}
	if len(p.Assumes) > 0 {
		text.WriteString(".")
	}
	_, err = fmt.Fprintln(e.out, text.String())
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
	if of, ok := strings.CutPrefix(name, "limit:"); ok && run.Task(name) == nil {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return nil, usage("%s: the limit is a number, and 0 means none", arg)
		}
		return []waterfall.Change{waterfall.LimitOf(of, n)}, nil
	}
	if of, ok := strings.CutPrefix(name, "within:"); ok && run.Task(name) == nil {
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return nil, usage("%s: want a time like 20ms", arg)
		}
		return []waterfall.Change{waterfall.Within(of, d)}, nil
	}
	if strings.HasPrefix(name, "hedge:") && run.Task(name) == nil || (name == "correlation" || name == "budget") && run.Task(name) == nil {
		c, err := waterfall.ParseChange(arg)
		if err != nil {
			return nil, usage("%v", err)
		}
		return []waterfall.Change{c}, nil
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

func ranking(e *env, run *waterfall.Run, top int) error {
	words := run.Explain()
	for _, s := range words {
		fmt.Fprintln(e.out, printable(s))
	}
	gains := run.Ranking()
	if len(words) > 0 {
		fmt.Fprintln(e.out)
	}
	if len(gains) == 0 {
		_, err := fmt.Fprintln(e.out, "No change would make the run shorter.")
		return err
	}
	w := tabwriter.NewWriter(e.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "change\tnow\tsaves\tat most\thelps up to")
	assumed := false
	for i, g := range gains {
		if top > 0 && i == top {
			break
		}
		value := g.UpTo.String()
		value = value[strings.LastIndexByte(value, '=')+1:]
		upTo, now := value, ""
		if t := task(run, g.Task); t != nil {
			now = round(t.Took()).String()
		}
		switch {
		case g.Slots > 0:
			now = fmt.Sprintf("limit %d", g.Slots)
			if value == "0" {
				upTo = "no limit"
			}
		case g.Tasks > 1:
			now = fmt.Sprintf("%d tasks", g.Tasks)
		}
		if g.Slots == 0 && !strings.HasPrefix(g.Change.String(), "within:") {
			upTo = fmt.Sprintf("-%.0f%%", 100*g.Kink)
		}
		saves := round(g.Saves).String()
		if g.Assumed {
			saves, assumed = "≈ "+saves, true
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", printable(brief(g.Change.String())), now, saves, round(g.Most), upTo)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if n := len(gains) - top; top > 0 && n > 0 {
		fmt.Fprintf(e.out, "… %d more\n", n)
	}
	if assumed {
		fmt.Fprintln(e.out, "≈ rests on what the record does not tell; ask for the change, and it says on what.")
	}
	return nil
}

func task(run *waterfall.Run, id asap.ID) *waterfall.Task {
	for i := range run.Tasks {
		if run.Tasks[i].ID == id {
			return &run.Tasks[i]
		}
	}
	return nil
}

// brief keeps the ends of a text that is too long for a line.
func brief(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:60]) + "…" + string(r[len(r)-19:])
	}
	return s
}

// clip is the beginning of a text.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
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
