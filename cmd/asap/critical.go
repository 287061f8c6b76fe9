package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

var criticalCommand = &command{
	name: "critical", args: "[-window W] run ...",
	short: "what is critical in many runs",
	long: `
Adds up recorded runs by the name of their group. For every task it tells in
which share of the runs it was on the critical path (its criticality), its share
of the time of all critical paths, and both for the slowest 5 % of the runs: what
the tail of the latency is made of. Each run is analyzed on its own.

The address of a debug page, as of package asapweb, stands for what a running
program has seen: all groups, or with ?group=NAME one. A file may also be such a
summary, which the page gives with ?format=json.
  asap critical -window minute http://localhost:8080/debug/asap/`,
	setup: func(fs *flag.FlagSet) func(*env, []string) error {
		top := fs.Int("n", 20, "at most so many tasks of a group")
		window := windowFlag(fs)
		return func(e *env, args []string) error {
			if len(args) == 0 {
				args = []string{"-"}
			}
			if err := checkWindow(*window, args); err != nil {
				return err
			}
			var stats waterfall.Stats
			var reports []waterfall.Report
			for _, file := range args {
				run, summary, err := e.readAny(file, "window", *window)
				switch {
				case err != nil:
					return err
				case summary != nil:
					reports = append(reports, summary.Reports...)
					continue
				case !run.Ended:
					return fmt.Errorf("%s: the run has not ended", source(file))
				}
				stats.Add(run)
			}
			for _, name := range stats.Names() {
				r := stats.Report(name, waterfall.SinceStart)
				r.Since, r.Until = time.Time{}, time.Time{} // when the files were read
				reports = append(reports, r)
			}
			if len(reports) == 0 {
				_, err := fmt.Fprintln(e.out, "No run has ended.")
				return err
			}
			for i, r := range reports {
				if i > 0 {
					fmt.Fprintln(e.out)
				}
				if err := report(e, r, *top); err != nil {
					return err
				}
			}
			return nil
		}
	},
}

// windowFlag declares the flag for the window that an address is asked for.
func windowFlag(fs *flag.FlagSet) *string {
	return fs.String("window", "", "what time an address is asked about: "+strings.Join(windows(), ", "))
}

// windows are the names of windows in the query of a page.
func windows() []string {
	var names []string
	for _, w := range waterfall.Windows() {
		names = append(names, strings.ReplaceAll(w.String(), " ", "-"))
	}
	return names
}

func checkWindow(window string, args []string) error {
	if window == "" {
		return nil
	}
	known := false
	for _, name := range windows() {
		known = known || name == window
	}
	if !known {
		return usage("window %q is unknown; there are %s", window, strings.Join(windows(), ", "))
	}
	if slices.ContainsFunc(args, isAddress) {
		return nil
	}
	return usage("-window %s is for addresses; a file has the window that it was saved with", window)
}

func report(e *env, r waterfall.Report, top int) error {
	name := printable(brief(r.Name))
	if name == "" {
		name = "(no name)"
	}
	fmt.Fprintf(e.out, "%s: %s, p50 %s, p95 %s, p99 %s, max %s%s\n", name, runs(r.Runs), round(r.P50), round(r.P95), round(r.P99), round(r.Max), when(r))
	if n := r.Failures(); n > 0 {
		fmt.Fprintf(e.out, "%d of them failed%s\n", n, lastError(r))
	}
	if r.Late > 0 {
		fmt.Fprintf(e.out, "%d of them ran out of time\n", r.Late)
	}
	w := tabwriter.NewWriter(e.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "task\tcritical\tof the time\tin the slowest 5 %\tof their time\tp50\tp95")
	for i, t := range r.Tasks {
		if i == top {
			fmt.Fprintf(w, "%d more\n", len(r.Tasks)-top)
			break
		}
		fmt.Fprintf(w, "%s\t%.0f %%\t%.0f %%\t%.0f %%\t%.0f %%\t%s\t%s\n", printable(brief(t.Name)),
			100*t.Criticality, 100*t.Share, 100*t.SlowCriticality, 100*t.SlowShare, round(t.P50), round(t.P95))
	}
	return w.Flush()
}

// runs writes a number of runs.
func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

// when tells the window of a report, if it has one.
func when(r waterfall.Report) string {
	if r.Since.IsZero() {
		return ""
	}
	return fmt.Sprintf(", from %s to %s", r.Since.Local().Format(time.DateTime), r.Until.Local().Format(time.TimeOnly))
}

// lastError tells the last error of the task that failed last.
func lastError(r waterfall.Report) string {
	var last waterfall.TaskReport
	for _, t := range r.Tasks {
		if t.Failures > 0 && t.Err != "" && t.ErrAt.After(last.ErrAt) {
			last = t
		}
	}
	if last.Err == "" {
		return ""
	}
	text, _, _ := strings.Cut(look.ErrorOf(last.Name, last.Err), "\n")
	return ", at last " + printable(brief(last.Name)) + ": " + printable(clip(text, 500))
}

// round keeps three digits or so of a duration.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}
