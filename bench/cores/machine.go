// Package cores says what the engine's shared words cost on this machine, for
// package sim, which says what they would cost on a larger one.
package cores

import (
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/bench/cores/sim"
	"github.com/asap-go/asap/bench/graph"
)

// Sourced are the costs that a machine of a few processors cannot tell: bringing
// a cache line over from another die takes 107 ns in a Milan EPYC 7R13, 23 ns
// within one (github.com/nviennot/core-to-core-latency); another socket is
// taken for twice as far. A round of spinning in sync.Mutex is 30 PAUSE of
// about 40 cycles. The runtime looks for work for some microseconds before a
// thread sleeps. A task with its closure has three lines, one of them the node's.
func Sourced() sim.Costs {
	return sim.Costs{
		Read: 1, Far: 107, Socket: 214, Lines: 2, Die: 8, Package: 64,
		Spin: 500, Spins: 4, LooksFor: 5000, Switch: 200,
	}
}

// Measure adds what this machine can tell: the best of short trials, since
// other programs can only add to it, but of what is a difference the median. It needs two processors, of which it uses
// both for about half a second.
func Measure() sim.Costs {
	c := Sourced()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	c.RMW = fastest(200, owned)
	c.Near = Move(c.RMW)
	var walks []float64
	for range 100 {
		walks = append(walks, walked())
	}
	c.Walk = min(1, max(0.05, quantile(walks, 0.5)/c.Near))
	c.Crowd = max(1, crowd(50))
	ready, spinning, idle := starts(100)
	c.Ready, c.WakeSpinning, c.WakeIdle = ready, spinning, idle
	return c
}

// Move measures what it takes to bring a line over, less the atomic change. It
// is not the same at all times where a virtual machine's processors wander
// between the cores and dies of their host.
func Move(rmw float64) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	return max(1, fastest(100, handed)-rmw)
}

// Server replaces what this machine has measured of the distance between
// processors by what is known of a server with eight to a die: virtual
// machines of two processors wake each other ten times as slowly.
func Server(c sim.Costs) sim.Costs {
	c.Crowd, c.Near, c.Ready, c.WakeSpinning, c.WakeIdle = 1, 23, 300, 500, 5000
	return c
}

// Calibrate finds the private work of declaring and of running a task, such
// that the simulation of g on one processor takes what was measured, in
// nanoseconds a task: of declaring, and of everything.
func Calibrate(c sim.Costs, g *graph.Graph, declared, total float64) sim.Costs {
	c.Declare, c.Private = 0, 0
	r := sim.Run(sim.Config{Costs: c, Procs: 1}, g)
	shared := r.Declared / float64(r.Tasks)
	c.Declare = max(1, declared-shared)
	c.Private = max(1, total-declared-(r.PerTask()-shared))
	return c
}

func fastest(trials int, trial func() float64) float64 {
	best := trial()
	for range trials {
		best = min(best, trial())
	}
	return best
}

// owned is nanoseconds of an atomic change of a line that nobody else uses.
func owned() float64 {
	const n = 10_000
	var x atomic.Int64
	start := time.Now()
	for range n {
		x.Add(1)
	}
	return float64(time.Since(start)) / n
}

// handed is nanoseconds until a change of a line is seen by another processor
// and answered, halved.
func handed() float64 {
	const n = 2000
	var turn atomic.Int64
	done := make(chan struct{})
	go func() { // ends with the loop below
		defer close(done)
		for i := int64(1); i < 2*n; i += 2 {
			for !turn.CompareAndSwap(i, i+1) {
			}
		}
	}()
	for !turn.CompareAndSwap(0, 1) {
	}
	start := time.Now()
	for i := int64(2); i < 2*n; i += 2 {
		for !turn.CompareAndSwap(i, i+1) {
		}
	}
	took := time.Since(start)
	<-done
	return float64(took) / (2 * n)
}

// walked is nanoseconds a line to change records that another processor has
// just written, one after the other, less those that it has written itself.
func walked() float64 {
	const n = 4000 // 256 KB
	type record struct {
		next *record
		_    [56]byte
	}
	records := make([]record, n)
	for i := range n - 1 {
		records[i].next = &records[i+1]
	}
	pass := func() time.Duration {
		start := time.Now()
		for r := &records[0]; r.next != nil; {
			next := r.next
			r.next = next
			r = next
		}
		return time.Since(start)
	}
	var turn atomic.Int64
	go func() { // ends with the store below
		for turn.Load() == 0 {
		}
		pass()
		turn.Store(2)
	}()
	pass()
	own := pass()
	turn.Store(1)
	for turn.Load() != 2 {
	}
	return float64(pass()-own) / n
}

// crowd is how much longer two goroutines take at once than one alone, each to
// do what tasks do most: allocate.
func crowd(trials int) float64 {
	type record struct {
		next *record
		_    [88]byte
	}
	allocate := func() float64 {
		var last *record
		start := time.Now()
		for range 2000 {
			last = &record{next: last}
			if last.next != nil {
				last.next.next = nil
			}
		}
		return float64(time.Since(start))
	}
	var alone, both []float64
	for range trials {
		alone = append(alone, allocate())
		other := make(chan float64)
		go func() { other <- allocate() }() // received below
		mine := allocate()
		both = append(both, max(mine, <-other))
	}
	return quantile(both, 0.2) / quantile(alone, 0.2)
}

// starts is nanoseconds that it takes to make a goroutine ready, and medians
// of how long it takes until it runs: on a processor that has looked for work
// just before, and on one whose thread sleeps.
func starts(trials int) (ready, spinning, idle float64) {
	var readies, spins, idles []float64
	base := time.Now()
	once := func() (ready, latency float64) {
		var ran atomic.Int64
		start := time.Since(base)
		go func() { ran.Store(int64(time.Since(base))) }() // waited for below
		made := time.Since(base)
		for ran.Load() == 0 {
			if time.Since(base)-made > 10*time.Millisecond {
				runtime.Gosched() // nobody has come: this processor runs it
			}
		}
		return float64(made - start), float64(time.Duration(ran.Load()) - made)
	}
	for range trials {
		time.Sleep(time.Millisecond)
		r, l := once()
		readies, idles = append(readies, r), append(idles, l)
		_, l = once()
		spins = append(spins, l)
	}
	return quantile(readies, 0.1), max(0, quantile(spins, 0.1)), max(0, quantile(idles, 0.5))
}

func quantile(v []float64, q float64) float64 {
	slices.Sort(v)
	return v[int(q*float64(len(v)-1))]
}
