package stress_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

var (
	seedFlag   = flag.Uint64("seed", 0, "run only the random graph of this seed, and dump it")
	graphsFlag = flag.Int("graphs", 20000, "random graphs to run; a tenth of them under race, half as many again with ties")
	tiesFlag   = flag.Bool("ties", false, "with -seed: the graph with ties")
	stepsFlag  = flag.Bool("steps", false, "with -seed: print what every script did, and what it should have done")
	shrinkFlag = flag.Bool("shrink", true, "make a graph that fails smaller")
)

// outcome is how one graph went.
type outcome struct {
	problem   string // "" if all is well
	ambiguous string
	trace     string // with -steps
	stats     stats
}

// check runs a graph on the engine and in the simulation and compares them.
func check(t *testing.T, g *graph) (out outcome) {
	o := simulate(g)
	out.ambiguous, out.stats = o.ambiguous, o.stats
	if g.ties {
		out.ambiguous = "ties"
	}
	r := newRun(g)
	defer func() {
		if v := recover(); v != nil {
			out.problem = fmt.Sprintf("panic: %v", v)
		}
		if *stepsFlag {
			out.trace = fmt.Sprintf("got\n%swant\n%s", dump(g, r.recs), dump(g, o.recs))
		}
	}()
	synctest.Test(t, func(t *testing.T) { r.do() })
	problems := r.invariants()
	if out.ambiguous == "" {
		problems = append(problems, r.differ(o)...)
	}
	if len(problems) > 0 {
		out.problem = strings.Join(problems[:min(len(problems), 12)], "\n")
	}
	return out
}

// differ compares every note and every outcome with the oracle's.
func (r *run) differ(o *oracle) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for i := range r.recs {
		got, want := r.recs[i].notes, o.recs[i].notes
		if r.recs[i].started != o.recs[i].started {
			bad("script s%d started %d times, want %d", i, r.recs[i].started, o.recs[i].started)
		}
		for k := range max(len(got), len(want)) {
			if k >= len(got) || k >= len(want) || got[k].at != want[k].at || got[k].what != want[k].what {
				at := func(notes []note) string {
					if k >= len(notes) {
						return "nothing"
					}
					return fmt.Sprintf("%q at %d", notes[k].what, notes[k].at)
				}
				bad("script s%d, note %d: got %s, want %s", i, k, at(got), at(want))
				break
			}
			if path := got[k].path; path != nil && !leads(path, r.g.waiter(i), want[k].may) {
				bad("script s%d: cycle %v, want a path of %v along %v", i, path, r.g.waiter(i), want[k].may)
			}
		}
	}
	for i, h := range r.handles {
		n := o.tasks[i]
		if h == nil || n == nil {
			if h != nil || n != nil {
				bad("task t%d: declared %v, want %v", i, h != nil, n != nil)
			}
			continue
		}
		v, err := r.result(h)
		if got, want := canon(err, r.g.limited), n.fail.canon(r.g.limited); got != want {
			bad("task t%d: error %s, want %s", i, got, want)
		} else if err == nil && v != n.value {
			bad("task t%d: value %x, want %x", i, v, n.value)
		}
	}
	return problems
}

// waiter is the name of the task that the script is a body of.
func (g *graph) waiter(script int) string {
	for _, t := range g.tasks {
		for i, s := range t.scripts {
			if slices.Contains(s.with(), g.scripts[script]) {
				if t.mapped() || t.kind == kRace {
					return t.element(i)
				}
				return t.name()
			}
		}
	}
	return ""
}

func dump(g *graph, recs []record) string {
	var w strings.Builder
	for i, rec := range recs {
		if rec.started == 0 {
			continue
		}
		fmt.Fprintf(&w, "s%d %s:", i, g.waiter(i))
		for _, n := range rec.notes {
			fmt.Fprintf(&w, " [%d %s]", n.at, n.what)
		}
		w.WriteByte('\n')
	}
	return w.String()
}

// shrink leaves out what the failure does not need.
func shrink(t *testing.T, g *graph) outcome {
	fails := func() bool { return check(t, g).problem != "" }
	for again := true; again; {
		again = false
		try := func(flag *bool) {
			if *flag {
				return
			}
			*flag = true
			if fails() {
				again = true
			} else {
				*flag = false
			}
		}
		for _, task := range g.tasks {
			try(&task.omit)
		}
		for _, s := range g.scripts {
			for i := range s.steps {
				if op := s.steps[i].op; op > opNap && s.id != 0 {
					try(&s.steps[i].omit)
				}
			}
			if s.ret != retValue {
				old := s.ret
				s.ret = retValue
				if !fails() {
					s.ret = old
				}
			}
		}
	}
	return check(t, g)
}

func TestRandomGraphs(t *testing.T) {
	if *seedFlag != 0 {
		g := generate(*seedFlag, *tiesFlag)
		report(t, g, check(t, g))
		return
	}
	t.Logf("seeds from %d: %v", *firstFlag, runGraphs(t, *firstFlag, graphs(), false))
}

// TestRandomTies is the same with durations that collide. What happens at one
// instant happens in any order then, and only what holds in any order is checked.
func TestRandomTies(t *testing.T) {
	if *seedFlag != 0 {
		t.Skip("only one graph is wanted")
	}
	t.Logf("seeds from %d: %v", *firstFlag, runGraphs(t, *firstFlag, graphs()/2, true))
}

// graphs is how many to run.
func graphs() int {
	if raceEnabled || testing.Short() {
		return *graphsFlag / 10
	}
	return *graphsFlag
}

func report(t *testing.T, g *graph, out outcome) {
	if out.problem == "" {
		t.Logf("%v\n%s %v\n%s", g, out.ambiguous, out.stats, out.trace)
		return
	}
	again, tries := 0, 10
	for range tries {
		if check(t, g).problem != "" {
			again++
		}
	}
	small, how := out, fmt.Sprintf("it failed in %d of %d more runs", again, tries)
	if *shrinkFlag && again == tries {
		small = shrink(t, g)
		how = "without what the failure does not need:\n" + small.problem
	}
	t.Errorf("random graph failed; reproduce it with: go test ./internal/stress -run TestRandomGraphs -seed=%d -ties=%v\n%s\n%s\n%v%s", g.seed, g.ties, out.problem, how, g, small.trace)
}
