package engine

import (
	"slices"
	"time"
)

// succeed is settleAs for what happens most, the success of a body that nobody
// looks at: 6 to 18 % of the time of a task, by BenchmarkShapes. What is not
// simply a body that may start now is left to the settling.
func (w *worker) succeed(n *Node) (next *Node) {
	w.inBody = false
	g := w.g
	n.body.Drop(false)
	n.forget()
	e := n.list.Swap(&closed)
	if g.lim != nil {
		return w.succeedLimited(n, e)
	}
	var top, bottom *Node // what is ready, the latest first, but for the oldest
	var inlines Chain
	for e != nil {
		var to *Node
		to, e = e.take()
		switch {
		case to.isTold():
			to.tell()
		case !to.arrived():
		case to.kind&Inline != 0:
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
	if !inlines.isEmpty() {
		var first Chain
		if next != nil {
			first.Push(next)
		}
		return w.succeedInline(n, first, inlines)
	}
	w.ended++
	return next
}

// succeedLimited is the rest of succeed under a limit. Who waited first comes first.
func (w *worker) succeedLimited(n *Node, e *Edge) (next *Node) {
	var ready, inlines Chain
	for e = reverse(e); e != nil; {
		var to *Node
		to, e = e.take()
		switch {
		case to.isTold():
			to.tell()
		case !to.arrived():
		case to.kind&Inline != 0:
			inlines.Push(to)
		default:
			ready.Push(to)
		}
	}
	if !inlines.isEmpty() {
		return w.succeedInline(n, ready, inlines)
	}
	return w.passOn(n, ready, 1)
}

// succeedInline is the rest of succeed when nodes without a body have nothing
// to wait for any more.
func (w *worker) succeedInline(n *Node, ready, inlines Chain) (next *Node) {
	s := settling{g: w.g, ended: 1, ready: ready}
	for to := inlines.Pop(); to != nil; to = inlines.Pop() {
		s.started(to, n)
	}
	s.publishRest()
	s.after()
	return w.goOn(n, &s)
}

// settling publishes the end of nodes of one group: first of one, then of all
// that end with it because they are skipped or have no body. It is one
// goroutine's.
type settling struct {
	g       *Group
	work    Chain // to be published
	ready   Chain // bodies that may run now, in order of declaration
	ended   int64
	cancel  bool          // the group is to be canceled afterwards
	gated   bool          // ready has bodies with a limit of their own
	inlined bool          // a node without a body took part: what it made ready may belong before the rest
	races   []*Node       // of which a function has failed and others have not ended
	class   uint8         // byEnd, or 0 if what is ready was so when it was declared
	at      time.Duration // of all of it, for observers
}

// settle publishes the end of n, and all that follows from it.
func (s *settling) settle(n *Node, f *Failure) {
	n.setFailure(f)
	if w := s.g.watch; w != nil {
		w.EndWaits(n.entry()) // before the end is timed, so that no wait comes after it
		s.at = w.Now()
	}
	s.publish(n)
	s.publishRest()
}

func (s *settling) publishRest() {
	for n := s.work.Pop(); n != nil; n = s.work.Pop() {
		s.publish(n)
	}
	if s.inlined && s.g.lim != nil {
		s.sort()
	}
}

// publish closes n's list and tells everything in it. The value and the error
// are written before the list is closed and read after it was seen closed.
func (s *settling) publish(n *Node) {
	s.ended++
	if n.kind&Entrant != 0 {
		s.settleRace(n)
	}
	f := n.failure()
	if w := s.g.watch; w != nil {
		w.Ended(n.entry(), outcomeOf(f), errorOf(f), s.at)
	}
	n.body.Drop(f != nil)
	n.forget()
	e := n.list.Swap(&closed)
	if s.g.lim != nil { // who waited first comes first
		e = reverse(e)
	}
	var ready Chain
	for e != nil {
		var to *Node
		to, e = e.take()
		switch {
		case to.isTold():
			to.tell()
		case f != nil:
			if to.kill() {
				s.skipped(to, n)
			}
		case !to.arrived():
		case s.g.lim != nil:
			ready.Push(to)
		default:
			ready.pushFront(to) // the list has the latest first
		}
	}
	for to := ready.Pop(); to != nil; to = ready.Pop() {
		s.started(to, n)
	}
}

func outcomeOf(f *Failure) uint8 {
	if f == nil {
		return uint8(Succeeded)
	}
	return uint8(f.Outcome)
}

func errorOf(f *Failure) error {
	if f == nil {
		return nil
	}
	return f.Err
}

// skipped takes a node that was killed because of dep.
func (s *settling) skipped(n, dep *Node) {
	n.setFailure(s.g.host.Skipped(n, dep))
	s.work.Push(n)
}

// started takes a node whose last dependency was dep, nil if it had none left
// when it was declared.
func (s *settling) started(n, dep *Node) {
	if n.kind&Mapped != 0 && n.body.(Collector).Collect() {
		s.work.Push(n)
		return
	}
	g := s.g
	if g.watch != nil {
		on := uint32(0)
		if dep != nil {
			on = dep.number()
		}
		g.watch.Ready(n.entry(), on, s.at)
	}
	if n.kind&Inline == 0 {
		s.ready.Push(n)
		return
	}
	s.inlined = true
	if g.hasEnded() {
		n.setFailure(g.host.Skipped(n, nil))
		s.work.Push(n)
		return
	}
	parts, done, err := n.body.(Inliner).Inline()
	if err != nil {
		v := g.host.Returned(n, err)
		n.setFailure(v.Fail)
		s.cancel = s.cancel || v.Cancel
	}
	if done {
		s.work.Push(n)
		return
	}
	s.gated = true
	if g.watch != nil {
		s.at = g.watch.Now() // they have been declared meanwhile
	}
	for p := parts.head; p != nil; p = p.next {
		g.watch.Ready(p.entry(), 0, s.at)
	}
	s.ready.Append(parts)
}

// sort puts ready into the order of declaration.
func (s *settling) sort() {
	var nodes []*Node
	for n := s.ready.Pop(); n != nil; n = s.ready.Pop() {
		nodes = append(nodes, n)
	}
	slices.SortStableFunc(nodes, func(a, b *Node) int {
		switch {
		case a.before(b):
			return -1
		case b.before(a):
			return 1
		}
		return 0
	})
	for _, n := range nodes {
		s.ready.Push(n)
	}
}

// settleUnstarted starts a node that nothing holds back any more, or settles it
// as skipped, outside a worker.
func (g *Group) settleUnstarted(n *Node, start bool) {
	g.settleHeld(n, start, 0)
}

// settleHeld is settleUnstarted for a node of the given class.
func (g *Group) settleHeld(n *Node, start bool, class uint8) {
	s := settling{g: g, at: g.now(), class: class}
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
	if !s.ready.isEmpty() {
		s.g.push(s.g.admit(s.ready, s.class))
	}
	if s.ended != 0 {
		s.g.countEnded(s.ended)
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
func (n *Node) culprit() *Node {
	for i := 0; ; i++ {
		d := n.body.Dep(i)
		if d == nil || d.isDone() && d.failure() != nil {
			return d
		}
	}
}

// now is the time for observers, 0 without any.
func (g *Group) now() time.Duration {
	if g.watch == nil {
		return 0
	}
	return g.watch.Now()
}
