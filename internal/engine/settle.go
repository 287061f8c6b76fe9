package engine

import (
	"slices"
	"time"
)

// settling publishes the end of nodes of one group: first of one, then of all
// that end with it because they are skipped or have no body. It is one
// goroutine's, and lives on its stack. A list of work and no recursion: a chain of
// a million that is skipped would need the stack for it.
//
// Its owner publishes, then cuts and cancels (keeps 23), hands on what is ready,
// and counts off what has ended, in this order: once that is done the group may
// be over.
type settling struct {
	g        *Group
	work     Chain // to be published
	ready    Chain // bodies that may run now, in order of declaration
	ended    int64
	cancel   bool          // the group is to be canceled afterwards
	gated    bool          // ready has bodies with a limit of their own
	inlined  bool          // a node whose body does not run took part: what it made ready may belong before the rest
	told     *Failure      // of the first that is published: see Verdict
	outlived *calls        // of the body that has ended: some still run
	races    []*Node       // of which a function has failed and others have not ended
	class    uint8         // byEnd, or 0 if what is ready was so when it was declared
	at       time.Duration // of all of it, for observers
}

// settle publishes the end of n, and all that follows from it. The caller owns n:
// it has run the body, or made the change of pending that decided. Why the group
// ends by it, if it does, is recorded already.
func (s *settling) settle(n *Node, f *Failure) {
	n.setFailure(f)
	if w := s.g.watch; w != nil {
		w.EndWaits(n.entry()) // before the end is timed, so that no wait comes after it
		s.at = w.Now()
	}
	s.publish(n)
	s.publishRest()
}

// publishRest publishes what is in work, and what comes into it by that. What is
// ready is in order afterwards, if several of it may queue in one place: without a limit
// of the group these are bodies that share one. Else each Map has its own, and its
// elements in order.
func (s *settling) publishRest() {
	for n := s.work.Pop(); n != nil; n = s.work.Pop() {
		s.publish(n)
	}
	if s.inlined && (s.g.limiter != nil || s.gated && s.g.root.shares()) {
		s.sort()
	}
}

// publish closes n's list and tells or counts off everything in it: keeps 1, 2
// and 4. What becomes ready by it is added in order at the end.
func (s *settling) publish(n *Node) {
	s.ended++
	if n.kind&Entrant != 0 {
		s.settleRace(n)
	}
	f := n.failure()
	if w := s.g.watch; w != nil {
		told := f
		switch {
		case s.told != nil:
			told, s.told = s.told, nil
		case f == nil && n.isLate():
			told = n.due().verdict.Told
		}
		w.Ended(n.entry(), n.outcome(told), errorOf(told), s.at)
	}
	if n.kind&Wrapped == 0 {
		n.body.Drop(f != nil)
		n.forget()
	} else if c := n.openCalls(); c != nil {
		s.outlived = c
		n.placeUndos(false)
	} else {
		n.drop(f)
	}
	e := n.list.Swap(&closed)
	if s.g.limiter != nil { // who waited first comes first
		e = reverse(e)
	}
	var ready Chain
	for e != nil {
		var to *Node
		to, e = e.detach()
		switch {
		case to.isTold():
			to.tell()
		case f != nil: // what else it waits for does not matter
			s.missed(to, n)
		case !to.arrived():
		case s.g.limiter != nil:
			ready.Push(to)
		default:
			ready.pushFront(to) // the list has the latest first
		}
	}
	for to := ready.Pop(); to != nil; to = ready.Pop() {
		s.addReady(to, n)
	}
}

// drop lets go of what n does not keep once it is done: keeps 5. Who settles it calls
// this before it is published, or later if calls of its body still run.
func (n *Node) drop(f *Failure) {
	n.body.Drop(f != nil)
	n.forget()
}

// outcome is how n has ended, with f or, if that is nil, well.
func (n *Node) outcome(f *Failure) uint8 {
	switch {
	case f != nil:
		return uint8(f.Outcome)
	case n.kind&WithoutBody != 0:
		return uint8(LeftOut)
	}
	return uint8(Succeeded)
}

func errorOf(f *Failure) error {
	if f == nil {
		return nil
	}
	return f.Err
}

// addSkipped takes a node that was killed because of dep, nil for the group's end, or
// since it is late. The caller made the change that decided it.
func (s *settling) addSkipped(n, dep *Node) {
	s.inlined = true
	switch {
	case n.skipDue():
		n.setFailure(s.g.host.Skipped(n, dep))
	case n.leaveToJudge():
		return
	default:
		v := n.lateVerdict()
		n.setFailure(v.Fail)
		s.cancel = s.cancel || v.Cancel
	}
	s.work.Push(n)
}

// addReady takes a node whose last dependency was dep, nil if it had none left
// when it was declared. A body goes to ready; what has none is done here, by the
// goroutine that made it ready, and goes to work, or its parts go to ready.
func (s *settling) addReady(n, dep *Node) {
	if n.kind&Mapped != 0 && n.body.(Collector).Collect() {
		s.work.Push(n)
		return
	}
	if n.hasArrived() {
		s.concludeArrival(n)
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
		s.gated = s.gated || n.kind&Bounded != 0
		s.ready.Push(n)
		return
	}
	s.inlined = true
	if g.noticeEnd() || n.kind&WithoutBody == 0 && !n.beginDue() {
		s.addSkipped(n, nil)
		return
	}
	if n.kind&WithoutBody != 0 {
		s.work.Push(n)
		return
	}
	if n.kind&Arriving != 0 {
		s.beginArrival(n)
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

// sort puts ready into the order of declaration. Only nodes without a body bring
// it out of that: what they made ready stands where they stood.
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

// skip settles a node as skipped that is dead without holds, outside a worker.
func (g *Group) skip(n *Node) { g.readyOrSkip(n, false, byEnd) }

// readyOrSkip takes a node that nothing holds back any more: as ready, of the
// given class, or as one to be skipped. The caller made the change of pending
// that decided it, and is no worker between two bodies.
func (g *Group) readyOrSkip(n *Node, ready bool, class uint8) {
	g.readyOrSkipAt(n, ready, class, g.now())
}

// readyOrSkipAt is readyOrSkip at an instant, for observers.
func (g *Group) readyOrSkipAt(n *Node, ready bool, class uint8, at time.Duration) {
	s := settling{g: g, at: at, class: class}
	if ready {
		s.addReady(n, nil)
	} else {
		s.addSkipped(n, n.culprit())
	}
	s.complete()
}

// complete does what settling has found to do, outside a worker: for whoever
// declares, releases, skips or gives. No lock is held.
func (s *settling) complete() {
	s.publishRest()
	s.cutAndCancel()
	if !s.ready.isEmpty() {
		s.g.push(s.g.admit(s.ready, s.class))
	}
	if s.ended != 0 {
		s.g.countEnded(s.ended)
	}
}

// cutAndCancel does what waits until the ends are published: keeps 23.
func (s *settling) cutAndCancel() {
	if s.races != nil {
		s.cutRaces()
	}
	if s.cancel {
		s.g.cancel()
	}
}

// culprit returns the dependency because of which n is skipped, nil if it is
// the group's end. The caller settles n, so its dependencies are there.
func (n *Node) culprit() *Node {
	for i := 0; ; i++ {
		d := n.dep(i)
		if d == nil || d.isDone() && d.failure() != nil && n.needs(d) {
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
