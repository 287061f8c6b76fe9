package engine

import "time"

// What a backend does whose bodies run elsewhere. It calls from the one goroutine
// that is inside the group's methods: there are no workers, and its slots are given
// on by that goroutine.

// SettleElsewhere settles n, whose body has run elsewhere and returned err, and
// dispatches what it makes ready.
func (g *Group) SettleElsewhere(n *Node, err error) {
	v := Verdict{}
	if err != nil || g.ending.Load() != nil {
		v = g.host.Returned(n, err)
	}
	g.settleElsewhere(n, v)
}

// MayNotStart settles n as skipped if its body must not start any more, and
// reports whether it did.
func (g *Group) MayNotStart(n *Node) bool {
	if !n.mustSkip() {
		return false
	}
	g.settleElsewhere(n, Verdict{Fail: g.host.Skipped(n, nil)})
	return true
}

// ExpireElsewhere settles n as one whose body has returned err, if that has not begun:
// n waits for its dependencies, or for a slot. Otherwise it does nothing: one that has
// its slots is the backend's already, and a Map that has its elements waits for those.
// Nobody else holds n: no body waits for a task of a group whose bodies run elsewhere,
// so no search comes by.
func (g *Group) ExpireElsewhere(n *Node, err error) {
	o := n.options()
	switch {
	case n.isDone() || o != nil && o.expanded && n.kind&Mapped != 0:
		return
	case n.isPending():
		n.kill()
	case !n.leaveQueue():
		return
	}
	s := settling{g: g, at: g.now(), class: byEnd}
	if g.ending.Load() != nil {
		s.addSkipped(n, nil)
	} else {
		v := g.host.Returned(n, err)
		n.setFailure(v.Fail)
		s.cancel, s.told = v.Cancel, v.Told
		s.work.Push(n)
	}
	s.complete()
}

// leaveQueue takes n, which the caller settles, out of the queue that it is in to
// start. It reports false if it is in none.
func (n *Node) leaveQueue() (left bool) {
	l := n.limiter()
	if l == nil {
		return false
	}
	var drops dropping
	mu := &l.top.mu
	mu.Lock()
	if left = n.queueMark != 0; left {
		drops.dropLocked(queued{n, n.queuedAt()})
		drops.giveAllLocked()
	}
	mu.Unlock()
	drops.out = Chain{}
	drops.deliver()
	return left
}

// Kill settles n as skipped if it is pending.
func (g *Group) Kill(n *Node) {
	if !n.isDone() && n.kill() {
		s := settling{g: g, at: g.now()}
		s.addSkipped(n, nil)
		s.complete()
	}
}

// settleElsewhere is settleAs without a worker: what is ready is dispatched.
func (g *Group) settleElsewhere(n *Node, v Verdict) {
	s := settling{g: g, cancel: v.Cancel, told: v.Told}
	s.settle(n, v.Fail)
	s.cutAndCancel()
	ready := g.admit(s.ready, byEnd)
	if l := n.limiter(); l != nil {
		var granted grants
		n.vacate(l, &granted)
		ready.Append(granted.nodes)
	}
	g.push(ready)
	if s.ended != 0 {
		g.countEnded(s.ended)
	}
}

// NeedsOf returns the tasks whose values n's body may read by its options, or those
// of the Map that it is an element of, in order. n has not ended, nor has the Map.
func NeedsOf(n *Node) (needs []*Node) {
	o := n.options()
	if o == nil {
		return nil
	}
	for i := range o.links {
		if l := &o.links[i]; l.named {
			needs = append(needs, l.On)
		}
	}
	return needs
}

// ArgumentsOf returns the tasks whose values are the arguments of n's function, in
// order: none for an element, whose argument is a part of one. n has not ended.
func ArgumentsOf(n *Node) (on []*Node) {
	dep := n.body.Dep
	switch {
	case n.kind&(Element|Mapped) != 0:
		return nil
	case n.kind&Entrant != 0:
		dep = n.whole().body.(Expander).Input
	}
	for i := 0; ; i++ {
		d := dep(i)
		if d == nil {
			return on
		}
		on = append(on, d)
	}
}

// LimitsOf returns n's limits of time, 0 for none. n has not ended, nor has the Map
// that it may be an element of.
func LimitsOf(n *Node) (timeout, within time.Duration) {
	if o := n.options(); o != nil {
		return o.timeout, o.within
	}
	return 0, 0
}
