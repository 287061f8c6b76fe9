package stress_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

var soakFlag = flag.Int("soak", 0, "random graphs of TestSoak, which does nothing without")

// TestSoak is the long run, make soak: four fifths of the graphs are compared
// with the oracle, one has ties. It prints the figures so far as it goes.
func TestSoak(t *testing.T) {
	if *soakFlag == 0 {
		t.Skip("a long run; pass -soak=1000000")
	}
	const part = 50_000
	exact, ties := newTotals(), newTotals()
	for done := 0; done < *soakFlag && !t.Failed(); done += part {
		n, first := min(part, *soakFlag-done), *firstFlag+uint64(done)
		exact.sum(runGraphs(t, first, n-n/5, false))
		ties.sum(runGraphs(t, first+uint64(n), n/5, true))
		t.Logf("%d graphs\nexact: %v\nties: %v", done+n, exact, ties)
	}
}

// TestRealTime runs graphs outside of a bubble, with next to no sleep, so that
// the scheduler shakes what happens at the same time.
func TestRealTime(t *testing.T) {
	if *seedFlag != 0 {
		t.Skip("only one graph is wanted")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	n := graphs() / 4
	for _, procs := range []int{1, 2, 4, 8} {
		t.Run(fmt.Sprint(procs), func(t *testing.T) {
			runtime.GOMAXPROCS(procs)
			before := runtime.NumGoroutine()
			for i := range n / 4 {
				g := generate(*firstFlag+uint64(i), i%2 == 0)
				if problem := realTime(g); problem != "" {
					t.Fatalf("random graph in real time with %d processors failed: seed %d, ties %v\n%s\n%v", procs, g.seed, g.ties, problem, g)
				}
			}
			// The last steps of goroutines, the engine's and this test's, are
			// behind them; the scheduler may not have noticed.
			for i := 0; runtime.NumGoroutine() > before && i < 1_000_000; i++ {
				runtime.Gosched()
			}
			if after := runtime.NumGoroutine(); after > before {
				t.Errorf("%d goroutines after %d graphs, %d before (R18)", after, n/4, before)
			}
		})
	}
}

// realTime runs g, and ends the process if that hangs.
func realTime(g *graph) string {
	r := newRun(g)
	r.real = true
	hangs := time.AfterFunc(2*time.Minute, func() {
		fmt.Fprintf(os.Stderr, "random graph in real time hangs: seed %d, ties %v\n%v\n", g.seed, g.ties, g)
		panic("hangs")
	})
	defer hangs.Stop()
	r.do()
	text := ""
	for _, p := range r.invariants() {
		text += p + "\n"
	}
	return text
}
