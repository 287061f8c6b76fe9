package stress_test

import (
	"container/heap"
	"fmt"
	"time"
)

// oracle simulates a graph, one event after the other, as the rules R1 to R22
// have it. It shares nothing with the engine: no goroutine, no atomic, no
// queue of the engine's kind. Where the rules leave something open, because
// two things happen at one instant, it says so in ambiguous, and only what
// holds in any case is compared.
type oracle struct {
	g         *graph
	now       time.Duration
	events    eventHeap
	seq       int
	turn      int
	soon      []func() // follows from the present event, at the same instant
	tasks     []*onode // by number; nil while not declared
	nodes     []*onode
	groups    []*ogroup // by scope; nil while not open
	recs      []record  // by script
	shared    *oshared  // nil if nobody shares
	ambiguous string
	live      int // scripts that have not ended
	stats     stats
}

// stats counts what happened in graphs.
type stats struct {
	tasks, bodies, failures, panics, goexits, exits, skips, awaits, cycles, cuts, groups int
}

func (s *stats) add(t stats) {
	s.tasks += t.tasks
	s.bodies += t.bodies
	s.failures += t.failures
	s.panics += t.panics
	s.goexits += t.goexits
	s.exits += t.exits
	s.skips += t.skips
	s.awaits += t.awaits
	s.cycles += t.cycles
	s.cuts += t.cuts
	s.groups += t.groups
}

func (s stats) String() string {
	return fmt.Sprintf("%d groups, %d tasks, %d bodies, %d failures, %d panics, %d Goexits, %d exits, %d skipped, %d awaits, %d of them cut short, %d cycles",
		s.groups, s.tasks, s.bodies, s.failures, s.panics, s.goexits, s.exits, s.skips, s.awaits, s.cuts, s.cycles)
}

// record is what one script did, in the simulation or in the run.
type record struct {
	started int
	notes   []note
}

type note struct {
	at   time.Duration
	what string
	path []string            // of a CycleError
	may  map[string][]string // who waits for whom, where the path must go
}

func (r *record) add(at time.Duration, what string) {
	r.notes = append(r.notes, note{at: at, what: what})
}

type event struct {
	at  time.Duration
	seq int
	do  func()
}

type eventHeap []*event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(e any)   { *h = append(*h, e.(*event)) }
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}

// after runs do when d has passed, unless it is stopped before.
func (o *oracle) after(d time.Duration, do func()) (stop func()) {
	o.seq++
	e := &event{o.now + d, o.seq, do}
	heap.Push(&o.events, e)
	return func() { e.do = nil }
}

// sleep is after, but for no time it does not wait at all.
func (o *oracle) sleep(d time.Duration, do func()) {
	if d <= 0 {
		do()
		return
	}
	o.after(d, do)
}

func (o *oracle) unsure(why string) {
	if o.ambiguous == "" {
		o.ambiguous = why
	}
}

// simulate runs the graph to its end.
func simulate(g *graph) *oracle {
	o := &oracle{g: g, tasks: make([]*onode, len(g.tasks)), groups: make([]*ogroup, len(g.scopes)), recs: make([]record, len(g.scripts))}
	if g.shared > 0 {
		o.shared = &oshared{free: g.shared}
	}
	for _, s := range g.outside {
		o.thread(s, nil, &octx{}, func(*othread) {})
	}
	o.thread(g.scripts[0], nil, &octx{}, func(*othread) {})
	o.drain()
	for len(o.events) > 0 {
		e := heap.Pop(&o.events).(*event)
		if e.do == nil {
			continue
		}
		if e.at == o.now && o.now > 0 {
			o.unsure("two timers at one instant")
		}
		o.now = e.at
		e.do()
		o.drain()
	}
	if o.live > 0 {
		o.unsure("hangs")
	}
	return o
}

func (o *oracle) drain() {
	for len(o.soon) > 0 {
		do := o.soon[0]
		o.soon = o.soon[1:]
		do()
	}
}
