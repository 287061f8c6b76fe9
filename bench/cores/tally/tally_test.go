package tally_test

import (
	"sync"
	"testing"

	"github.com/asap-go/asap/bench/cores/tally"
)

// TestTally counts from many goroutines at once and misses nothing.
func TestTally(t *testing.T) {
	if tally.On() {
		t.Error("On before Register")
	}
	tally.Register(tally.Site{Func: "f", Field: "x", Op: "CompareAndSwap"}, tally.Site{Func: "f", Field: "mu", Op: "Lock"})
	tally.Reset()
	tally.Deep(true)
	var wg sync.WaitGroup
	var mu sync.Mutex
	const goroutines, rounds = 8, 1000
	inside := 0
	for range goroutines {
		wg.Go(func() {
			for i := range rounds {
				tally.CAS(0, i%4 != 0)
				tally.Lock(1, &mu)
				inside++
				mu.Unlock()
				tally.Observe(tally.Batch, i)
				tally.Took(2)
				tally.Popped()
			}
		})
	}
	wg.Wait()
	sites, dists := tally.Read()
	const n = goroutines * rounds
	if s := sites[0]; s.Yes != n*3/4 || s.No != n/4 {
		t.Errorf("CAS: %d succeeded and %d failed, want %d and %d", s.Yes, s.No, n*3/4, n/4)
	}
	if s := sites[1]; s.Yes+s.No != n || inside != n {
		t.Errorf("Lock: %d of %d counted, %d have been inside", s.Yes+s.No, n, inside)
	}
	b := dists[tally.Batch]
	if b.Count != n || b.Sum != goroutines*rounds*(rounds-1)/2 || b.Buckets[0] != goroutines || b.Buckets[10] != goroutines*(rounds-512) {
		t.Errorf("Observe: %+v", b)
	}
	if l := dists[tally.Length]; l.Count != n || l.Sum < n {
		t.Errorf("Popped: %d lengths with the sum %d, want %d, each at least 1", l.Count, l.Sum, n)
	}
	tally.Deep(false)
	tally.Reset()
	tally.Popped()
	if sites, dists := tally.Read(); sites[0].Yes != 0 || dists[tally.Length].Count != 0 {
		t.Errorf("Read after Reset = %v, %v", sites, dists)
	}
}
