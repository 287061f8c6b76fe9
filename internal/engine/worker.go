package engine

import (
	"runtime/debug"
	"time"
)

// worker is a goroutine that runs bodies one after the other: pop, run, settle,
// and quit when there is nothing to run. It belongs to one goroutine and lives on
// its stack or beside it.
type worker struct {
	g         *Group
	died      *Node // whose body has panicked or left by Goexit
	ended     int64 // tasks that have ended here, not in g.ended yet: see 7
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

// search is the life of a searcher, which startSearcher has counted in; help that
// of the goroutine in Wait, which is not counted: it waits for the end itself.
func (g *Group) search() { (&worker{g: g, searching: true}).work() }
func (g *Group) help()   { (&worker{g: g, guest: true}).work() }

// work returns when there is nothing to run. A Goexit of a body ends it early:
// only then the deferred call finds a body unfinished.
func (w *worker) work() {
	defer w.quit()
	var next *Node
	for w.loop(next) {
		next = w.settlePanicked()
	}
}

// settlePanicked settles the node whose body has panicked, outside the deferred call
// that has recovered: what the host does may panic in its turn.
//
//go:noinline
func (w *worker) settlePanicked() (next *Node) {
	p := w.panicking
	w.panicking = nil
	if p == nil { // panic(nil) under GODEBUG=panicnil=1
		p = &panicking{stack: debug.Stack()}
	}
	return w.settleAs(w.died, w.died.group.host.Panicked(w.died, p.value, p.stack))
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
		w.died = n
		if watch := w.g.watch; watch != nil { // the body has not returned: end its region here
			watch.BodyEnd(n.clearRegion())
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
			if n = w.pop(); n == nil {
				return false
			}
		}
		n = w.run(n)
	}
}

// pop returns a node from the queue to run, nil when there is none. It makes sure
// of a searcher for what it leaves there before its node runs: keeps 6.
func (w *worker) pop() *Node {
	g := w.g
	n, left := g.pop(w.searching)
	w.searching = false
	if left && g.searchers.Load() == 0 {
		g.startSearcher()
	}
	return n
}

// run starts n's body, or settles n when no body may start any more, and
// returns what the worker runs next: the oldest node that it has made ready. The
// worker owns n, which has its slots. No lock is held: keeps 27.
func (w *worker) run(n *Node) (next *Node) {
	g := n.group
	if g.looksEnded() || n.kind&(Entrant|Opted) != 0 {
		if v, refused := n.refused(); refused {
			return w.settleAs(n, v)
		}
	}
	w.inBody = true
	if g.quiet() != nil {
		n.makeWaiter()
	}
	var err error
	if g.watch == nil && n.kind&(Entrant|Wrapped) == 0 {
		err = n.body.Call(n)
	} else {
		var dead *Failure
		if dead, err = w.call(n); dead != nil {
			return w.settleAs(n, Verdict{Fail: dead})
		}
	}
	if err == nil && g.ending.Load() == nil {
		if n.kind&(part|Wrapped|Bounded) == 0 && (g.plain || n.kind&Opted == 0) {
			return w.succeed(n)
		}
		return w.settleAs(n, Verdict{})
	}
	// Still in the body: judging calls methods of the user's error.
	return w.settleAs(n, g.host.Returned(n, err))
}

// call calls a body that somebody looks at, or whose context is not the node. It
// returns dead if a call of it has died that is not this goroutine's.
func (w *worker) call(n *Node) (dead *Failure, err error) {
	g := n.group
	if n.kind&(Entrant|Wrapped) == 0 && !g.watch.Calls() { // somebody reads what is noted
		g.watch.Report(n.entry(), n, w.instant())
		return nil, n.body.Call(n)
	}
	ctx := g.prepare(n, w.instant())
	if n.kind&Wrapped == 0 {
		err = n.body.Call(ctx)
	} else {
		dead, err = g.callBody(n, ctx)
		err = n.endTime(err, dead != nil)
	}
	if g.watch != nil {
		g.watch.BodyEnd(n.clearRegion())
	}
	return dead, err
}

// refused reports whether n's body must not start, and how n ends then.
func (n *Node) refused() (v Verdict, refused bool) {
	switch skip := n.mustSkip(); {
	case n.kind&Opted != 0 && !(skip && n.skipDue() || !skip && n.beginDue()):
		return n.lateVerdict(), true
	case skip:
		return Verdict{Fail: n.group.host.Skipped(n, nil)}, true
	}
	return v, false
}

// mustSkip reports whether n's body must not start. It takes over the end of the
// parent, which nobody else may have seen: keeps 26.
func (n *Node) mustSkip() bool {
	return n.group.noticeEnd() || n.kind&Entrant != 0 && n.race().isDecided()
}

// instant is when the body that pop has returned starts: when the one before
// it on this worker ended, or when it became ready, if that was later.
func (w *worker) instant() time.Duration {
	if w.at == 0 {
		return w.g.now()
	}
	return w.at
}

// settleAs publishes n's end, cancels the group if v says so, gives the slot on, and
// finds the worker's next node. What v says is recorded already: keeps 23.
func (w *worker) settleAs(n *Node, v Verdict) (next *Node) {
	w.died, w.inBody = nil, false
	if n.kind&Wrapped != 0 {
		n.endTime(nil, true) // of a body that has died
	}
	s := settling{g: n.group, cancel: v.Cancel, told: v.Told}
	s.settle(n, v.Fail)
	w.at = s.at
	s.cutAndCancel()
	if s.outlived != nil {
		w.outwait(n, &s)
	}
	return w.next(n, &s)
}

// next hands on what n's end made ready, and returns the worker's next node: the
// oldest, without the queue, so a chain costs neither a lock nor a wake-up.
func (w *worker) next(n *Node, s *settling) (next *Node) {
	if w.g.limiter != nil || s.gated || n.kind&(Element|Bounded) != 0 {
		return w.nextLimited(n, s.ready, s.ended)
	}
	w.ended += s.ended
	if next = s.ready.Pop(); next != nil {
		w.g.push(s.ready)
	}
	return next
}

// quit is the worker's last step. After a Goexit it settles the body's node
// and hands on what the goroutine was to run. After countEnded of a guest, or
// leave, the group may be over, and is not touched: keeps 8.
func (w *worker) quit() {
	if n := w.died; n != nil {
		var v Verdict
		if p := w.panicking; p != nil { // in a call that the body had deferred
			v = n.group.host.Panicked(n, p.value, p.stack)
		} else {
			v = n.group.host.Goexited(n)
		}
		if next := w.settleAs(n, v); next != nil {
			w.g.pushStack(next, next)
		}
	}
	g := w.g
	if w.ended != 0 {
		g.countEnded(w.ended)
	}
	if !w.guest {
		g.quiet().lull()
		g.leave()
	}
}
