package sim

import (
	"fmt"

	"github.com/asap-go/asap/bench/graph"
)

// Config is what is simulated.
type Config struct {
	Costs
	Design   Design
	Procs    int
	Body     float64 // nanoseconds of each body besides Private
	Declared bool    // everything is declared before the time begins
	Early    bool    // a searcher is taken off the count before it waits for the lock: a mistake
	Fold     bool    // in the end the first processor reads the results of those that nobody waits for
}

// Result is what came out.
type Result struct {
	Nanos    float64 // from the first task's declaration, or start, to the last one's end
	Tasks    int
	Starts   int // of searchers
	Most     int // workers at once
	Declared float64
}

// PerTask is nanoseconds a task.
func (r Result) PerTask() float64 { return r.Nanos / float64(r.Tasks) }

// engine is relay.go, declare.go and settle.go, less what nobody shares.
type engine struct {
	*Sim
	c         Config
	q         queue
	tasks     []task
	deps      [][]int32
	searchers int
	workers   int
	search    *line // of searchers
	live      *line
	left      int
	result    Result
}

// Run simulates a graph. It panics if a design loses a task.
func Run(c Config, g *graph.Graph) Result {
	e := &engine{Sim: newSim(c.Costs, c.Procs), c: c, tasks: make([]task, g.Len()), deps: g.Deps, left: g.Len()}
	e.result.Tasks = g.Len()
	search, live := ownedBy(0), ownedBy(0)
	e.search, e.live = &search, &live
	switch c.Design {
	case Relay:
		l := ownedBy(0)
		e.q = &relay{inLine: ownedBy(0), line: &l, mu: mutex{line: &l}}
	case Packed:
		q := &relay{inLine: ownedBy(0)}
		q.line = &q.inLine
		q.mu.line, e.search, e.live = q.line, q.line, q.line
		e.q = q
	case OneLock:
		e.q = newList(0, 1)
	case TwoLocks:
		e.q = newList(0, 2)
	case Handful:
		l := ownedBy(0)
		e.q = &handfuls{relay{inLine: ownedBy(0), line: &l, mu: mutex{line: &l}}, newShards(c.Procs)}
	case Sharded:
		e.q = newShards(c.Procs)
	}
	for i := range e.tasks {
		e.tasks[i].line = ownedBy(0)
		e.tasks[i].hasDeps = len(g.Deps[i]) > 0
		if c.Declared {
			e.link(i)
		}
	}
	e.begin(e.main)
	e.run()
	if e.left != 0 {
		panic(fmt.Sprintf("sim: %v on %d processors lost %d of %d tasks", c.Design, c.Procs, e.left, g.Len()))
	}
	if c.Fold {
		e.fold(g)
	}
	return e.result
}

func (e *engine) fold(g *graph.Graph) {
	for _, i := range g.Sinks {
		if by := e.tasks[i].line.owner; by != 0 {
			e.result.Nanos += e.Walk * e.move(by, 0)
		}
	}
}

// link puts task i into the lists of its dependencies.
func (e *engine) link(i int) {
	n := &e.tasks[i]
	for _, d := range e.deps[i] {
		if dep := &e.tasks[d]; !dep.done {
			dep.linked = append(dep.linked, n)
			n.pending++
		}
	}
}

// main is the goroutine that declares and then helps.
func (e *engine) main(w *worker) {
	for i := range e.tasks {
		n := &e.tasks[i]
		if e.c.Declared {
			if !n.hasDeps {
				e.push(w, n, n)
			}
			continue
		}
		w.private(e.Declare)
		w.rmw(e.live)
		for _, d := range e.deps[i] {
			w.rmw(&e.tasks[d].line)
		}
		e.link(i)
		if n.pending == 0 {
			e.push(w, n, n)
		}
	}
	e.result.Declared = w.t
	e.work(w, false)
}

func (e *engine) push(w *worker, first, last *task) {
	e.q.push(w, first, last)
	w.read(e.search)
	if e.searchers == 0 {
		e.startSearcher(w)
	}
}

func (e *engine) startSearcher(w *worker) {
	w.rmw(e.search)
	if e.searchers != 0 {
		return
	}
	e.searchers = 1
	w.rmw(e.live)
	w.t += e.Ready
	e.result.Starts++
	e.start(w.t, func(w *worker) { e.work(w, true) })
}

// work is worker.work and worker.take.
func (e *engine) work(w *worker, searching bool) {
	e.workers++
	e.result.Most = max(e.result.Most, e.workers)
	defer func() { e.workers-- }()
	off := func() {
		if searching && !e.c.Early {
			w.rmw(e.search)
			e.searchers--
		}
		searching = false
	}
	if searching && e.c.Early {
		w.rmw(e.search)
		e.searchers--
	}
	var next *task
	for {
		n := next
		if n == nil {
			var left bool
			if n, left = e.q.pop(w, off); n == nil {
				w.rmw(e.live) // its last step
				return
			}
			if left {
				if w.read(e.search); e.searchers == 0 {
					e.startSearcher(w)
				}
			}
		}
		next = e.finish(w, n)
	}
}

// finish runs n and returns the one that the worker runs next.
func (e *engine) finish(w *worker, n *task) *task {
	if w.cpu != 0 { // the first processor has declared it
		w.t += e.Lines * e.Walk * e.move(0, w.cpu)
	}
	w.walk(&n.line)
	w.private(e.Private)
	w.t += e.c.Body
	w.rmw(&n.line)
	n.done = true
	e.left--
	var first, last *task
	for _, d := range n.linked {
		w.rmw(&d.line)
		if d.pending--; d.pending > 0 {
			continue
		}
		if first == nil {
			first = d
		} else {
			last.next = d
		}
		last = d
	}
	n.linked = nil
	e.result.Nanos = max(e.result.Nanos, w.t)
	if first == nil {
		return nil
	}
	if rest := first.next; rest != nil {
		first.next = nil
		e.push(w, rest, last)
	}
	return first
}
