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
// A pusher that counts no searcher starts one. A searcher takes itself off the
// count before it looks at the queue: either it sees a push, or the pusher sees
// no searcher. It does so with the lock held: were it off the count while it
// waits for the lock, everyone who pops would start another one to wait.
// Whoever pops and leaves work behind makes sure of a searcher before it runs
// the body. A worker between two bodies is not counted: a push that does not
// see it starts a searcher too many.
//
// Who pushes writes the first cache line, who pops the second: together in one,
// 100,000 tasks without dependencies took 1.2 to 2 times as long on two
// processors. The count of searchers, which both read for each task and seldom
// write, is in neither, but in the group.
//
// model/relay.pml states the same for spin.
type relay struct {
	in    atomic.Pointer[node] // pushed and not seen by a pop, the latest first
	start func()               // (*Group).search, made once, by who made searchers 1
	_     [48]byte

	mu  sync.Mutex
	out *node // the next to pop, in order; guarded by mu
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
	g.pushed(top, c.head)
}

// pushOne is push for one node, of a group whose bodies run here.
func (g *Group) pushOne(n *node) { g.pushed(n, n) }

// pushed queues nodes that are linked from top to bottom, the latest first.
func (g *Group) pushed(top, bottom *node) {
	in := &g.relay.in
	for {
		old := in.Load()
		bottom.next = old
		if in.CompareAndSwap(old, top) {
			break
		}
	}
	if g.searchers.Load() == 0 {
		g.startSearcher()
	}
}

// startSearcher starts a goroutine that [Group.finish] waits for by its count
// in live. Whoever makes searchers 1 has relay.start to itself until that
// goroutine takes itself off.
func (g *Group) startSearcher() {
	if !g.searchers.CompareAndSwap(0, 1) {
		return
	}
	if !g.enterWorker() {
		return // another has popped what was pushed, and everything has ended
	}
	if g.relay.start == nil {
		g.relay.start = g.search
	}
	go g.relay.start()
}

// pop takes the oldest node, and reports whether it leaves others behind. A
// searcher gives the count that it is to be taken off.
func (r *relay) pop(searchers *atomic.Int32) (n *node, left bool) {
	r.mu.Lock()
	if searchers != nil {
		searchers.Add(-1)
	}
	n = r.out
	if n == nil {
		for m := r.in.Swap(nil); m != nil; {
			next := m.next
			m.next = n
			n, m = m, next
		}
	}
	if n != nil {
		r.out = n.next
		n.next = nil
		left = r.out != nil || r.in.Load() != nil
	}
	r.mu.Unlock()
	return n, left
}

// worker is a goroutine that runs bodies one after the other.
type worker struct {
	g         *Group
	n         *node // whose body has panicked or left by Goexit
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
	var next *node
	for w.loop(next) {
		p := w.panicking
		w.panicking = nil
		if p == nil { // panic(nil) under GODEBUG=panicnil=1
			p = &PanicError{Task: w.n.label()}
		}
		next = w.settleBody(w.n, p.failure())
	}
}

// loop runs n and bodies until none is ready. It reports true when a body
// panicked, which the deferred call can tell from Goexit: loop returns.
//
// What runs next stays on the stack: in the worker every body would pay for
// write barriers while garbage is collected.
func (w *worker) loop(n *node) (panicked bool) {
	defer func() {
		if !w.inBody {
			return
		}
		w.n = n
		if watch := w.g.watch; watch != nil { // the body has not returned: end its region here
			watch.bodyEnd(n)
		}
		v := recover()
		panicked = true
		if v != nil {
			w.inBody = false
			w.panicking = newPanicError(n, v, debug.Stack())
		}
	}()
	for {
		if n == nil {
			if n = w.take(); n == nil {
				return false
			}
		}
		n = w.run(n)
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

// take returns a node from the queue to run, nil when there is none.
func (w *worker) take() *node {
	g := w.g
	var count *atomic.Int32
	if w.searching {
		w.searching, count = false, &g.searchers
	}
	n, left := g.relay.pop(count)
	if left && g.searchers.Load() == 0 {
		g.startSearcher()
	}
	return n
}

// leave is the worker's last step. After a Goexit it settles the body's node
// and hands on what the goroutine was to run.
func (w *worker) leave() {
	if w.n != nil {
		f := w.n.goexited()
		if w.panicking != nil { // in a call that the body had deferred
			f = w.panicking.failure()
		}
		if next := w.settleBody(w.n, f); next != nil {
			w.g.pushOne(next)
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
