package asap

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// relay runs ready nodes on reused goroutines, without knowing which bodies
// will block. Its invariant:
//
//	If the queue is not empty, some goroutine is outside any body and about to
//	pop: a searcher, or a worker between two bodies.
//
// A pusher that counts no searcher starts one. Whoever pops and leaves work
// behind makes sure of a searcher before it runs the body. A searcher that
// finds nothing takes itself off the count first and looks again, so that
// either it sees a push or the pusher sees no searcher. A worker between two
// bodies is not counted: a push that does not see it starts a searcher too many.
//
// Who pushes writes the first cache line, who pops the second: together in one,
// 100,000 tasks without dependencies took 1.2 to 2 times as long on two
// processors. The count of searchers, which both read for each task and seldom
// write, is in neither, but in the group.
//
// model/relay.pml states the same for spin.
type relay struct {
	in    atomic.Pointer[node] // pushed and not seen by a pop, the latest first
	start func()               // (*Group).search, made once
	_     [48]byte

	mu  sync.Mutex
	out atomic.Pointer[node] // the next to pop, in order; written under mu
}

// push queues ready nodes, the oldest first.
func (g *Group) push(c chain) {
	if c.head == nil {
		return
	}
	if g.remote != nil {
		g.remote.ready.append(c)
		return
	}
	var top *node
	for n := c.head; n != nil; {
		next := n.next
		n.next = top
		top, n = n, next
	}
	r := &g.relay
	bottom := c.head
	for {
		old := r.in.Load()
		bottom.next = old
		if r.in.CompareAndSwap(old, top) {
			break
		}
	}
	if g.searchers.Load() == 0 {
		g.startSearcher()
	}
}

// startSearcher starts a goroutine that [Group.finish] waits for by its count
// in live.
func (g *Group) startSearcher() {
	r := &g.relay
	if !g.searchers.CompareAndSwap(0, 1) {
		return
	}
	if !g.enterWorker() {
		return // another has popped what was pushed, and everything has ended
	}
	r.mu.Lock()
	if r.start == nil {
		r.start = g.search
	}
	start := r.start
	r.mu.Unlock()
	go start()
}

func (r *relay) empty() bool { return r.out.Load() == nil && r.in.Load() == nil }

func (r *relay) pop() *node {
	r.mu.Lock()
	n := r.out.Load()
	if n == nil {
		for m := r.in.Swap(nil); m != nil; {
			next := m.next
			m.next = n
			n, m = m, next
		}
		if n == nil {
			r.mu.Unlock()
			return nil
		}
	}
	r.out.Store(n.next)
	n.next = nil
	r.mu.Unlock()
	return n
}

// worker is a goroutine that runs bodies one after the other.
type worker struct {
	g         *Group
	n         *node // whose body runs
	next      *node // to run before any other: the oldest that the last body made ready
	ended     int64 // tasks ended here that are still in g.live
	searching bool  // counted in searchers
	guest     bool  // the goroutine of Wait: not counted in live
	inBody    bool
	at        time.Duration // of the end of the last body, for observers: the next one starts then
	panicking *PanicError   // what the body n has panicked with
}

func (g *Group) search() {
	(&worker{g: g, searching: true}).work()
}

func (g *Group) help() {
	(&worker{g: g, guest: true}).work()
}

// work returns when there is nothing to run. A Goexit of a body ends it early:
// only then the deferred call finds a body unfinished.
func (w *worker) work() {
	defer w.leave()
	for w.loop() {
		p := w.panicking
		w.panicking = nil
		if p == nil { // panic(nil) under GODEBUG=panicnil=1
			p = &PanicError{Task: w.n.label()}
		}
		w.ended += w.g.settleBody(w, w.n, p.failure())
	}
}

// loop runs bodies until none is ready. It reports true when a body panicked,
// which the deferred call can tell from Goexit: loop returns.
func (w *worker) loop() (panicked bool) {
	defer w.caught(&panicked)
	for {
		n := w.take()
		if n == nil {
			return false
		}
		w.ended += w.run(n)
	}
}

func (w *worker) caught(panicked *bool) {
	if !w.inBody {
		return
	}
	if g := w.g; g.watch != nil { // the body has not returned: end its region here
		g.watch.bodyEnd(w.n)
	}
	v := recover()
	*panicked = true
	if v != nil {
		w.inBody = false
		w.panicking = newPanicError(w.n, v, debug.Stack())
	}
}

// instant is when the body that take has returned starts: when the one before
// it on this worker ended, or when it became ready, if that was later.
func (w *worker) instant() time.Duration {
	at := w.at
	if at == 0 && w.g.watch != nil {
		return w.g.watch.now()
	}
	return at
}

// take returns the next node to run, nil when there is none.
func (w *worker) take() *node {
	if n := w.next; n != nil {
		w.next = nil
		return n
	}
	g, r := w.g, &w.g.relay
	for {
		n := r.pop()
		if w.searching {
			w.searching = false
			g.searchers.Add(-1)
		}
		if n != nil {
			if g.searchers.Load() == 0 && !r.empty() {
				g.startSearcher()
			}
			return n
		}
		if r.empty() || !g.searchers.CompareAndSwap(0, 1) {
			return nil
		}
		w.searching = true
	}
}

// leave is the worker's last step. After a Goexit it settles the body's node
// and hands on what the goroutine was to run.
func (w *worker) leave() {
	if w.n != nil {
		w.inBody = false
		f := w.n.goexited()
		if w.panicking != nil { // in a call that the body had deferred
			f = w.panicking.failure()
		}
		w.ended += w.g.settleBody(w, w.n, f)
		if w.next != nil {
			var c chain
			c.push(w.next)
			w.next = nil
			w.g.push(c)
		}
	}
	d := -w.ended * liveTask
	if !w.guest {
		d -= liveWorker
	}
	if d != 0 {
		w.g.count(d)
	}
}

// pushOne is push for one node.
func (g *Group) pushOne(n *node) {
	var c chain
	c.push(n)
	g.push(c)
}
