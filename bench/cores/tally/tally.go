// Package tally counts what the engine does to the words that its goroutines
// share. The engine never imports it: package count writes an instrumented
// copy that does.
//
// Counters are spread over stripes that a goroutine chooses by the address of
// its stack, so that counting does not serialize what it counts.
package tally

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Site is one place in the engine's source and what happened there.
type Site struct {
	Func, Field, Op string
	Yes, No         uint64 // a compare-and-swap that succeeded or failed, a lock that was free or not
}

// Dist is a distribution: Buckets[i] counts values of i binary digits, so 0,
// 1, 2–3, 4–7 and so on.
type Dist struct {
	Name       string
	Count, Sum uint64
	Buckets    []uint64
}

// Mean is the mean of the values, 0 if there are none.
func (d *Dist) Mean() float64 {
	if d.Count == 0 {
		return 0
	}
	return float64(d.Sum) / float64(d.Count)
}

// The distributions.
const (
	Batch  = iota // nodes that one look at the pushed ones has brought
	Length        // nodes left in the list that is popped from, after a pop
	numDists
)

var distNames = [numDists]string{"batch", "length"}

const (
	maxSites   = 160
	numStripes = 64
	numBuckets = 24
)

type stripe struct {
	sites [maxSites][2]atomic.Uint64
	dists [numDists]struct {
		sum     atomic.Uint64
		buckets [numBuckets]atomic.Uint64
	}
	_ [64]byte
}

var (
	sites   []Site
	stripes [numStripes]stripe
	length  atomic.Int64
	deep    bool
)

// Register names the sites, whose numbers are their indexes, as the first
// thing that the instrumented engine does.
func Register(s ...Site) struct{} {
	if len(s) > maxSites {
		panic("tally: more sites than counters; raise maxSites")
	}
	sites = s
	return struct{}{}
}

// On reports whether this program has the instrumented engine.
func On() bool { return len(sites) > 0 }

// Deep sets whether the length of the list is followed too, which all poppers do
// by one more shared word. It must not be called while counting.
func Deep(on bool) { deep = on }

func here() *stripe {
	var x byte
	return &stripes[uintptr(unsafe.Pointer(&x))>>11%numStripes]
}

// CAS counts a compare-and-swap.
func CAS(site int, ok bool) bool {
	i := 0
	if !ok {
		i = 1
	}
	here().sites[site][i].Add(1)
	return ok
}

// Pass counts an operation that cannot fail, and returns its value.
func Pass[T any](site int, v T) T {
	here().sites[site][0].Add(1)
	return v
}

// Lock locks mu, and counts whether it was free.
func Lock(site int, mu *sync.Mutex) {
	if !CAS(site, mu.TryLock()) {
		mu.Lock()
	}
}

// Observe adds a value to a distribution.
func Observe(dist int, v int) {
	d := &here().dists[dist]
	d.sum.Add(uint64(max(v, 0)))
	d.buckets[min(bits.Len(uint(max(v, 0))), numBuckets-1)].Add(1)
}

// Took follows the length of the list that is popped from: it has got a batch.
func Took(batch int) {
	if deep {
		length.Add(int64(batch))
	}
}

// Popped follows the length of that list: it has given a node.
func Popped() {
	if deep {
		Observe(Length, int(length.Add(-1)))
	}
}

// Read returns everything counted since the last Reset. Nothing may be
// counting at the same time.
func Read() ([]Site, []Dist) {
	all := append([]Site(nil), sites...)
	dists := make([]Dist, numDists)
	for i := range dists {
		dists[i] = Dist{Name: distNames[i], Buckets: make([]uint64, numBuckets)}
	}
	for k := range stripes {
		s := &stripes[k]
		for i := range all {
			all[i].Yes += s.sites[i][0].Load()
			all[i].No += s.sites[i][1].Load()
		}
		for i := range dists {
			d := &dists[i]
			d.Sum += s.dists[i].sum.Load()
			for b := range d.Buckets {
				n := s.dists[i].buckets[b].Load()
				d.Buckets[b] += n
				d.Count += n
			}
		}
	}
	return all, dists
}

// Reset sets all counters to zero.
func Reset() {
	for k := range stripes {
		stripes[k] = stripe{}
	}
	length.Store(0)
}
