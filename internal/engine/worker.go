package engine

import (
	"context"
	"runtime/debug"
	"time"
)

// worker is a goroutine that runs bodies one after the other: take, run, settle,
// and leave when there is nothing to run.
type worker struct {
	g         *Group
	n         *Node // whose body has panicked or left by Goexit
	ended     int64 // tasks that have ended here, not in g.ended yet
	searching bool  // counted in searchers
	guest     bool  // the goroutine of Wait: not counted in alive
	inBody    bool
	at        time.Duration // of the end of the last body, for observers: the next one starts then
	panicking *panicking
}

// panicking is what a body has panicked with.
type panicking struct {
	value any
	stack []byte
}

func (g *Group) search() { (&worker{g: g, searching: true}).work() }
func (g *Group) help()   { (&worker{g: g, guest: true}).work() }

// work returns when there is nothing to run. A Goexit of a body ends it early:
// only then the deferred call finds a body unfinished.
func (w *worker) work() {
	defer w.leave()
	var next *Node
	for w.loop(next) {
		next = w.settlePanicked()
	}
}

//go:noinline
func (w *worker) settlePanicked() (next *Node) {
	p := w.panicking
	w.panicking = nil
	if p == nil { // panic(nil) under GODEBUG=panicnil=1
		p = &panicking{stack: debug.Stack()}
	}
	return w.settleAs(w.n, w.n.group.host.Panicked(w.n, p.value, p.stack))
}

// loop runs n and bodies until none is ready. It reports true when a body
// panicked, which the deferred call can tell from Goexit: loop returns.
//
// What runs next stays on the stack: in the worker every body would pay for
// write barriers while garbage is collected.
func (w *worker) loop(n *Node) (panicked bool) {
	defer func() {
		if !w.inBody {
			return
		}
		w.n = n
		if watch := w.g.watch; watch != nil { // the body has not returned: end its region here
			watch.BodyEnd(n.takeRegion())
		}
		v := recover()
		panicked = true
		if v != nil {
			w.inBody = false
			w.panicking = &panicking{value: v}
			if !w.g.host.IsRaised(v) { // else a stack would be as deep as the nesting, at each level
				w.panicking.stack = debug.Stack()
			}
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

// take returns a node from the queue to run, nil when there is none.
func (w *worker) take() *Node {
	g := w.g
	n, left := g.popped(w.searching)
	w.searching = false
	if left && g.searchers.Load() == 0 {
		g.startSearcher()
	}
	return n
}

// run starts n's body, or settles n when no body may start any more, and
// returns what the worker runs next: the oldest node that it has made ready.
func (w *worker) run(n *Node) (next *Node) {
	g := n.group
	if n.mayNotStart() {
		return w.settleAs(n, Verdict{Fail: g.host.Skipped(n, nil)})
	}
	w.inBody = true
	var ctx context.Context = n
	if g.watch != nil || n.kind&Entrant != 0 {
		ctx = g.prepare(n, w.instant())
	}
	err := n.body.Call(ctx)
	if g.watch != nil {
		g.watch.BodyEnd(n.takeRegion())
	}
	if err == nil && g.end.Load() == nil {
		if g.plain && n.kind&part == 0 {
			return w.succeed(n)
		}
		return w.settleAs(n, Verdict{})
	}
	// Still in the body: judging calls methods of the user's error.
	return w.settleAs(n, g.host.Returned(n, err))
}

// mayNotStart reports whether n's body must not start.
func (n *Node) mayNotStart() bool {
	return n.group.hasEnded() || n.kind&Entrant != 0 && n.race().isDecided()
}

// instant is when the body that take has returned starts: when the one before
// it on this worker ended, or when it became ready, if that was later.
func (w *worker) instant() time.Duration {
	if w.at == 0 {
		return w.g.now()
	}
	return w.at
}

// settleAs publishes n's end, gives its slot on, and finds the worker's next node.
func (w *worker) settleAs(n *Node, v Verdict) (next *Node) {
	w.n, w.inBody = nil, false
	s := settling{g: n.group, cancel: v.Cancel}
	s.settle(n, v.Fail)
	w.at = s.at
	s.after()
	return w.goOn(n, &s)
}

// goOn hands on what n's end made ready, and returns the worker's next node.
func (w *worker) goOn(n *Node, s *settling) (next *Node) {
	if w.g.lim != nil || s.gated || n.kind&Element != 0 {
		return w.passOn(n, s.ready, s.ended)
	}
	w.ended += s.ended
	if next = s.ready.Pop(); next != nil {
		w.g.push(s.ready)
	}
	return next
}

// leave is the worker's last step. After a Goexit it settles the body's node
// and hands on what the goroutine was to run.
func (w *worker) leave() {
	if n := w.n; n != nil {
		var v Verdict
		if p := w.panicking; p != nil { // in a call that the body had deferred
			v = n.group.host.Panicked(n, p.value, p.stack)
		} else {
			v = n.group.host.Goexited(n)
		}
		if next := w.settleAs(n, v); next != nil {
			w.g.pushed(next, next)
		}
	}
	g := w.g
	if w.ended != 0 {
		g.countEnded(w.ended)
	}
	if !w.guest {
		g.leave()
	}
}
