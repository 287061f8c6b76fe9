package main

import (
	"flag"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/asap-go/asap/waterfall"
)

var criticalCommand = &command{
	name: "critical", args: "run.json ...",
	short: "what is critical in many runs",
	long: `
Adds up recorded runs by the name of their group. For every task it tells in
which share of the runs it was on the critical path (its criticality), its share
of the time of all critical paths, and both for the slowest 5 % of the runs: what
the tail of the latency is made of. Each run is analyzed on its own.`,
	setup: func(fs *flag.FlagSet) func(*env, []string) error {
		top := fs.Int("n", 20, "at most so many tasks of a group")
		return func(e *env, args []string) error {
			if len(args) == 0 {
				args = []string{"-"}
			}
			var stats waterfall.Stats
			for _, file := range args {
				run, err := e.read(file)
				if err != nil {
					return err
				}
				if !run.Ended {
					return fmt.Errorf("%s: the run has not ended", file)
				}
				stats.Add(run)
			}
			for i, name := range stats.Names() {
				if i > 0 {
					fmt.Fprintln(e.out)
				}
				if err := report(e, stats.Report(name, waterfall.SinceStart), *top); err != nil {
					return err
				}
			}
			return nil
		}
	},
}

func report(e *env, r waterfall.Report, top int) error {
	name := printable(r.Name)
	if name == "" {
		name = "(no name)"
	}
	runs := "runs"
	if r.Runs == 1 {
		runs = "run"
	}
	fmt.Fprintf(e.out, "%s: %d %s, p50 %s, p95 %s, p99 %s, max %s\n", name, r.Runs, runs, round(r.P50), round(r.P95), round(r.P99), round(r.Max))
	w := tabwriter.NewWriter(e.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "task\tcritical\tof the time\tin the slowest 5 %\tof their time\tp50\tp95")
	for i, t := range r.Tasks {
		if i == top {
			fmt.Fprintf(w, "%d more\n", len(r.Tasks)-top)
			break
		}
		fmt.Fprintf(w, "%s\t%.0f %%\t%.0f %%\t%.0f %%\t%.0f %%\t%s\t%s\n", printable(t.Name),
			100*t.Criticality, 100*t.Share, 100*t.SlowCriticality, 100*t.SlowShare, round(t.P50), round(t.P95))
	}
	return w.Flush()
}

// round keeps three digits or so of a duration.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}
