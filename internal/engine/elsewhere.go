package engine

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
		granted := n.vacate(l)
		ready.Append(granted.nodes)
	}
	g.push(ready)
	if s.ended != 0 {
		g.countEnded(s.ended)
	}
}
