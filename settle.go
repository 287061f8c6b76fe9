package asap

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// run starts n's body, or settles n when no body may start any more, and
// returns what the worker runs next: the oldest node that it has made ready.
func (w *worker) run(n *node) (next *node) {
	g := n.group
	if n.refused() {
		return w.settleBody(n, g.skip(n, nil))
	}
	w.inBody = true
	var ctx context.Context = n
	if g.watch != nil || n.kind&entrant != 0 {
		ctx = g.prepare(n, w.instant())
	}
	err := n.body.call(ctx)
	if g.watch != nil {
		g.watch.bodyEnd(n)
	}
	if err == nil && g.plain && n.kind&(entrant|element) == 0 && g.end.Load() == nil {
		return w.succeed(n)
	}
	// Still in the body: judging calls methods of the user's error.
	f, cancel := g.judge(n, err)
	return w.settleAs(n, f, cancel)
}

// refused reports whether n's body must not start.
func (n *node) refused() bool {
	return n.group.hasEnded() || n.kind&entrant != 0 && n.body.(racer).race().over()
}

// succeed is settleAs for what happens most, the success of a body that nobody
// looks at: a fifth fewer instructions a task of a chain, a sixth under a limit.
// What is not simply a body that may start now is left to the settling.
func (w *worker) succeed(n *node) (next *node) {
	w.inBody = false
	g := w.g
	n.body.drop()
	if b := n.madeBed(); b != nil {
		b.hint.Store(nil)
	}
	e := n.list.Swap(&closed)
	if g.lim != nil {
		return w.succeedLimited(n, e)
	}
	var top, bottom *node // what is ready, the latest first, but for the oldest
	var inlines chain
	for e != nil {
		to := e.to
		e, e.next = e.next, nil // a kept edge would keep the tasks behind it alive
		switch {
		case to.kind&helper != 0:
			to.body.(*hub).fire()
		case atomic.LoadUint32(&to.pending) == 0:
			to.wake()
		case !to.arrived():
		case to.kind&inline != 0:
			inlines.pushFront(to) // the list has the latest first
		default:
			if bottom != nil {
				bottom.next = next
			} else if next != nil {
				top = next
			}
			bottom, next = next, to
		}
	}
	if top != nil {
		g.pushed(top, bottom)
	}
	if inlines.head != nil {
		var first chain
		if next != nil {
			first.push(next)
		}
		return w.succeedInline(n, first, inlines)
	}
	w.ended++
	return next
}

// succeedLimited is the rest of succeed under a limit. Who waited first comes first.
func (w *worker) succeedLimited(n *node, e *edge) (next *node) {
	var ready, inlines chain
	for e = reverse(e); e != nil; {
		to := e.to
		e, e.next = e.next, nil
		switch {
		case to.kind&helper != 0:
			to.body.(*hub).fire()
		case atomic.LoadUint32(&to.pending) == 0:
			to.wake()
		case !to.arrived():
		case to.kind&inline != 0:
			inlines.push(to)
		default:
			ready.push(to)
		}
	}
	if inlines.head != nil {
		return w.succeedInline(n, ready, inlines)
	}
	return w.passOn(n, ready, 1)
}

// succeedInline is the rest of succeed when nodes without a body have nothing
// to wait for any more.
func (w *worker) succeedInline(n *node, ready, inlines chain) (next *node) {
	s := settling{g: w.g, ended: 1, ready: ready}
	for to := inlines.pop(); to != nil; to = inlines.pop() {
		s.started(to, n)
	}
	s.publishRest()
	s.after()
	return w.goOn(n, &s)
}

// settleBody settles a node whose body was skipped, has panicked or left by Goexit.
func (w *worker) settleBody(n *node, f *failure) (next *node) {
	cancel := false
	if f.outcome != Skipped {
		cancel = n.group.recordDeath(f)
	}
	return w.settleAs(n, f, cancel)
}

// settleAs publishes n's end, gives its slot on, and finds the worker's next node.
func (w *worker) settleAs(n *node, f *failure, cancel bool) (next *node) {
	w.n, w.inBody = nil, false
	s := settling{g: n.group, cancel: cancel}
	s.settle(n, f)
	w.at = s.at
	s.after()
	return w.goOn(n, &s)
}

// goOn hands on what n's end made ready, and returns the worker's next node.
func (w *worker) goOn(n *node, s *settling) (next *node) {
	if w.g.lim != nil || s.gated || n.kind&element != 0 {
		return w.passOn(n, s.ready, s.ended)
	}
	w.ended += s.ended
	if next = s.ready.pop(); next != nil {
		w.g.push(s.ready)
	}
	return next
}

// settling publishes the end of nodes of one group: first of one, then of all
// that end with it because they are skipped or have no body.
type settling struct {
	g       *Group
	work    chain
	ready   chain // bodies that may run now, in order of declaration
	ended   int64
	cancel  bool          // the group is to be canceled afterwards
	gated   bool          // ready has bodies with a limit of their own
	races   []*node       // of which a function has failed and others have not ended
	inlined bool          // a node without a body took part: what it made ready may belong before the rest
	at      time.Duration // of all of it, for observers
}

func (s *settling) settle(n *node, f *failure) {
	n.setFailure(f)
	if s.g.watch != nil {
		s.g.watch.endWaits(n) // before the end is timed, so that no wait comes after it
		s.at = s.g.watch.now()
	}
	s.publish(n)
	s.publishRest()
}

func (s *settling) publishRest() {
	for n := s.work.pop(); n != nil; n = s.work.pop() {
		s.publish(n)
	}
	if s.inlined && s.g.lim != nil {
		s.sort()
	}
}

// publish closes n's list and tells everything in it. The value and the error
// are written before the list is closed and read after it was seen closed.
func (s *settling) publish(n *node) {
	s.ended++
	if n.kind&entrant != 0 {
		s.settleRace(n)
	}
	if s.g.watch != nil {
		s.g.watch.ended(n, s.at)
	}
	n.body.drop()
	if b := n.madeBed(); b != nil {
		b.hint.Store(nil)
	}
	e, failed := n.list.Swap(&closed), n.failure() != nil
	if s.g.lim != nil { // who waited first comes first
		e = reverse(e)
	}
	var ready chain
	for e != nil {
		to, next := e.to, e.next
		// A kept edge would keep the tasks behind it alive.
		e.to, e.next = nil, nil
		e = next
		switch {
		case to.kind&helper != 0:
			to.body.(*hub).fire()
		case atomic.LoadUint32(&to.pending) == 0:
			to.wake()
		case failed:
			if to.kill() {
				s.skipped(to, n)
			}
		case to.arrived():
			if s.g.lim != nil {
				ready.push(to)
			} else {
				ready.pushFront(to) // the list has the latest first
			}
		}
	}
	for to := ready.pop(); to != nil; to = ready.pop() {
		s.started(to, n)
	}
}

func reverse(e *edge) *edge {
	var r *edge
	for e != nil {
		next := e.next
		e.next = r
		r, e = e, next
	}
	return r
}

// skipped takes a node that was killed because of dep.
func (s *settling) skipped(n, dep *node) {
	n.setFailure(s.g.skip(n, dep))
	s.work.push(n)
}

// started takes a node whose last dependency was dep, nil if it had none left.
func (s *settling) started(n, dep *node) {
	if n.kind&mapped != 0 && n.body.(collector).collect() {
		s.work.push(n)
		return
	}
	if s.g.watch != nil {
		s.g.watch.ready(n, dep, s.at)
	}
	if n.kind&inline == 0 {
		s.ready.push(n)
		return
	}
	s.inlined = true
	if s.g.ended() != nil {
		n.setFailure(s.g.skip(n, nil))
		s.work.push(n)
		return
	}
	more, done, err := n.body.(inliner).ready()
	if err != nil {
		f, cancel := s.g.judge(n, err)
		n.setFailure(f)
		s.cancel = s.cancel || cancel
	}
	if done {
		s.work.push(n)
		return
	}
	s.gated = true
	if s.g.watch != nil {
		s.at = s.g.watch.now() // they have been declared meanwhile
		for m := more.head; m != nil; m = m.next {
			s.g.watch.ready(m, nil, s.at)
		}
	}
	s.ready.append(more)
}

// sort puts ready into the order of declaration.
func (s *settling) sort() {
	var nodes []*node
	for n := s.ready.pop(); n != nil; n = s.ready.pop() {
		nodes = append(nodes, n)
	}
	slices.SortStableFunc(nodes, func(a, b *node) int {
		switch {
		case a.before(b):
			return -1
		case b.before(a):
			return 1
		}
		return 0
	})
	for _, n := range nodes {
		s.ready.push(n)
	}
}

// collector is the body of a Map.
type collector interface {
	// collect takes the values of the elements; it reports false when there
	// are no elements yet.
	collect() bool
}

// inliner is the body of a node that has no body to run.
type inliner interface {
	// ready is called when every dependency has succeeded. It reports done
	// when the node has its value or err, and otherwise returns bodies to
	// start, for which it waits now.
	ready() (more chain, done bool, err error)
}

// resume starts or skips a node that nothing holds back any more, outside a worker.
func (g *Group) resume(n *node, start bool) {
	s := settling{g: g}
	if g.watch != nil {
		s.at = g.watch.now()
	}
	if start {
		s.started(n, nil)
	} else {
		s.skipped(n, n.culprit())
	}
	s.close()
}

// close does what settling has found to do, outside a worker.
func (s *settling) close() {
	s.publishRest()
	s.after()
	s.g.dispatch(s.ready)
	if s.ended != 0 {
		s.g.count(-s.ended * liveTask)
	}
}

// after does what waits until the ends are published.
func (s *settling) after() {
	if s.races != nil {
		s.cutRaces()
	}
	if s.cancel {
		s.g.cancel()
	}
}

// culprit returns the dependency because of which n is skipped, nil if it is
// the group's end.
func (n *node) culprit() *node {
	for i := 0; ; i++ {
		d := n.body.dep(i)
		if d == nil || d.done() && d.failure() != nil {
			return d
		}
	}
}
