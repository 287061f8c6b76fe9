package stress_test

import (
	"flag"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	firstFlag    = flag.Uint64("first", 1, "the seed of the first random graph")
	failuresFlag = flag.Int64("failures", 3, "random graphs that fail before a run of many stops")
)

// totals is what many graphs came to.
type totals struct {
	mu            sync.Mutex
	graphs, exact int
	open          map[string]int // by why they were not compared with the oracle
	stats         stats
	took          time.Duration
}

func (s *totals) String() string {
	var w strings.Builder
	fmt.Fprintf(&w, "%d graphs in %v, %d of them compared with the oracle to the last instant\n", s.graphs, s.took.Round(time.Millisecond), s.exact)
	fmt.Fprintf(&w, "%v", s.stats)
	for _, why := range slices.Sorted(maps.Keys(s.open)) {
		fmt.Fprintf(&w, "\n%8d only by what holds in any case: %s", s.open[why], why)
	}
	return w.String()
}

func (s *totals) add(out outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.graphs++
	if out.ambiguous == "" {
		s.exact++
	} else {
		s.open[out.ambiguous]++
	}
	s.stats.add(out.stats)
}

func newTotals() *totals { return &totals{open: make(map[string]int)} }

// sum adds the totals of other graphs.
func (s *totals) sum(t *totals) {
	s.graphs += t.graphs
	s.exact += t.exact
	s.took += t.took
	s.stats.add(t.stats)
	for why, n := range t.open {
		s.open[why] += n
	}
}

// runGraphs runs the n graphs from the seed first on all processors. It stops
// after a few failures.
func runGraphs(t *testing.T, first uint64, n int, ties bool) *totals {
	t.Helper()
	start := time.Now()
	sum := newTotals()
	var next, failed atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for failed.Load() < *failuresFlag {
				i := next.Add(1)
				if i > int64(n) {
					return
				}
				g := generate(first+uint64(i)-1, ties)
				out := check(t, g)
				sum.add(out)
				if out.problem != "" {
					failed.Add(1)
					report(t, g, out)
				}
			}
		})
	}
	wg.Wait()
	sum.took = time.Since(start)
	return sum
}
