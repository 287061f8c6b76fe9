// Package sim simulates what the engine does on more processors than the
// machine has: workers that declare, push, pop and finish tasks, and the cache
// lines and locks that they share. Private work is a constant a task; every
// access to a shared line takes its place in the order of time, and costs what
// it takes to bring the line over.
//
// A worker is written as ordinary code, and runs as a coroutine that the
// simulation resumes whenever it is the earliest.
package sim

import (
	"container/heap"
	"iter"
	"slices"
)

// Costs are what things take, in nanoseconds. Package cores measures what this
// machine can tell, and names the sources of the others.
type Costs struct {
	Private float64 // of one task's body and what the engine does around it alone
	Declare float64 // of declaring a task, alone

	Crowd float64 // by which both are slower while another processor is busy, on shared cores and memory; 0 is 1

	RMW    float64 // an atomic change of a line that the processor owns
	Read   float64 // a read of a line that it has a copy of
	Near   float64 // bringing a line from a processor of the same die
	Far    float64 // of another die
	Socket float64 // of another socket
	Lines  float64 // that a task has beside its node's
	Walk   float64 // share of a line's price when records that lie one behind the other are walked, and fetched ahead

	Die, Package int // processors that share a die, and a socket

	Spin         float64 // one of the rounds that a sync.Mutex spins before it parks
	Spins        int
	Ready        float64 // making a goroutine ready, for who does it
	WakeSpinning float64 // until it runs on a processor that looks for work
	WakeIdle     float64 // and on one whose thread sleeps
	LooksFor     float64 // how long a processor looks for work before its thread sleeps
	Switch       float64 // from one goroutine to another that it makes way for
}

// Sim is one simulation.
type Sim struct {
	Costs
	now    float64
	seq    int
	events events
	idle   []int     // processors, the last that became idle first
	since  []float64 // when each became idle
	queued []*worker // goroutines ready without a processor
}

// worker is a goroutine. Its time runs ahead of the simulation's while it does
// private work.
type worker struct {
	s      *Sim
	cpu    int
	t      float64
	seq    int
	yield  func(struct{}) bool
	resume func() (struct{}, bool)
}

func newSim(c Costs, procs int) *Sim {
	s := &Sim{Costs: c, since: make([]float64, procs)}
	for p := procs - 1; p >= 0; p-- {
		s.idle = append(s.idle, p)
		s.since[p] = -c.LooksFor
	}
	return s
}

// start makes a goroutine that runs fn, ready at t.
func (s *Sim) start(t float64, fn func(*worker)) { s.ready(s.goroutine(fn), t) }

// begin makes the first goroutine, which has the first processor.
func (s *Sim) begin(fn func(*worker)) {
	s.idle = s.idle[:len(s.idle)-1]
	s.schedule(s.goroutine(fn))
}

func (s *Sim) goroutine(fn func(*worker)) *worker {
	w := &worker{s: s}
	w.resume, _ = iter.Pull(func(yield func(struct{}) bool) {
		w.yield = yield
		fn(w)
	})
	return w
}

// ready gives w a processor, at t at the earliest.
func (s *Sim) ready(w *worker, t float64) {
	if len(s.idle) == 0 {
		w.t = t
		s.queued = append(s.queued, w)
		return
	}
	w.cpu = s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	latency := s.WakeSpinning
	if t-s.since[w.cpu] > s.LooksFor {
		latency = s.WakeIdle
	}
	w.t = t + latency
	s.schedule(w)
}

// release gives a processor to a goroutine that is ready, or makes it idle.
func (s *Sim) release(cpu int, t float64) {
	if len(s.queued) == 0 {
		s.idle = append(s.idle, cpu)
		s.since[cpu] = t
		return
	}
	w := s.queued[0]
	s.queued = slices.Delete(s.queued, 0, 1)
	w.cpu, w.t = cpu, max(t, w.t)+s.WakeSpinning // it has to be found in another's queue
	s.schedule(w)
}

func (s *Sim) schedule(w *worker) {
	s.seq++
	w.seq = s.seq
	heap.Push(&s.events, w)
}

// run ends when nothing is scheduled any more, and returns the time.
func (s *Sim) run() float64 {
	for len(s.events) > 0 {
		w := heap.Pop(&s.events).(*worker)
		s.now = w.t
		if _, more := w.resume(); !more {
			s.now = max(s.now, w.t)
			s.release(w.cpu, w.t)
		}
	}
	return s.now
}

// sync returns when w is the earliest: what it does next to anything shared
// comes after whatever others did before.
func (w *worker) sync() {
	if e := w.s.events; len(e) == 0 || w.t <= e[0].t {
		w.s.now = w.t
		return
	}
	w.s.schedule(w)
	w.yield(struct{}{})
}

// private does work that touches nothing shared.
func (w *worker) private(d float64) {
	if c := w.s.Crowd; c > 0 && len(w.s.since)-len(w.s.idle) > 1 {
		d *= c
	}
	w.t += d
}

// park gives the processor up until somebody makes w ready.
func (w *worker) park() {
	w.s.release(w.cpu, w.t)
	w.yield(struct{}{})
}

// handOver gives w's processor to another goroutine, and queues w.
func (w *worker) handOver(to *worker) {
	to.cpu, to.t = w.cpu, w.t+w.s.Switch
	w.s.schedule(to)
	w.s.ready(w, w.t)
	w.yield(struct{}{})
}

// line is a cache line. One processor owns it, others may have copies.
type line struct {
	owner  int
	copies [2]uint64
	free   float64 // when it has arrived where it is going
}

func ownedBy(cpu int) line {
	l := line{owner: cpu}
	l.copies[cpu>>6] = 1 << (cpu & 63)
	return l
}

// move is what it takes to bring a line from one processor to another.
func (s *Sim) move(from, to int) float64 {
	switch {
	case from == to: // the owner wants its line back from those who have copies
		return s.Near
	case from/s.Package != to/s.Package:
		return s.Socket
	case from/s.Die != to/s.Die:
		return s.Far
	}
	return s.Near
}

// write gets l for w alone, for a share of what a single line takes, and takes
// what the instruction takes besides.
func (w *worker) write(l *line, instruction, share float64) {
	w.sync()
	mine := ownedBy(w.cpu)
	if l.copies == mine.copies {
		w.t = max(w.t, l.free) + instruction
		return
	}
	w.t = max(w.t, l.free) + share*w.s.move(l.owner, w.cpu) + instruction
	mine.free = w.t
	*l = mine
}

// rmw is an atomic change of a word in l.
func (w *worker) rmw(l *line) { w.write(l, w.s.RMW, 1) }

// store is a plain one.
func (w *worker) store(l *line) { w.write(l, w.s.Read, 1) }

// walk is a plain one of the next of many.
func (w *worker) walk(l *line) { w.write(l, w.s.Read, w.s.Walk) }

// read gets a copy of l.
func (w *worker) read(l *line) {
	w.sync()
	bit := uint64(1) << (w.cpu & 63)
	if l.copies[w.cpu>>6]&bit != 0 {
		w.t += w.s.Read
		return
	}
	w.t = max(w.t, l.free) + w.s.move(l.owner, w.cpu) + w.s.Read
	l.free = w.t
	l.copies[w.cpu>>6] |= bit
}

// events are workers, the earliest first.
type events []*worker

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].t < e[j].t || e[i].t == e[j].t && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(*worker)) }
func (e *events) Pop() any {
	old := *e
	w := old[len(old)-1]
	*e = old[:len(old)-1]
	return w
}
