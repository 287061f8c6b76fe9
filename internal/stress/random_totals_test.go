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

var firstFlag = flag.Uint64("first", 1, "the seed of the first random graph; -1 for one of the clock")

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

// runGraphs runs n graphs on all processors. It stops after a few failures.
func runGraphs(t *testing.T, n int, ties bool) *totals {
	t.Helper()
	start := time.Now()
	first := *firstFlag
	if first == ^uint64(0) {
		first = uint64(start.UnixNano())
	}
	sum := &totals{open: make(map[string]int)}
	var next, failed atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for failed.Load() < 3 {
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
	t.Logf("seeds from %d: %v", first, sum)
	return sum
}
