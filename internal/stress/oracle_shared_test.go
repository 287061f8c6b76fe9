package stress_test

import "slices"

// oshared is a SharedLimit. Its bodies wait here and nowhere else, without any
// slot, until all that they need are free: looked for one by one.
type oshared struct {
	free    int
	waiting []*oplace
}

// oplace is a body that waits: to go on, if it has a ticket.
type oplace struct {
	n *onode
	t *oticket
}

// before is the order of R21 between two who wait, of whom b may wait for an own
// limit alone.
func (a *oplace) before(b *oplace) bool {
	switch {
	case a.t != nil || b.t != nil:
		return a.t != nil && (b.t == nil || a.t.turn < b.t.turn)
	case a.n.rank() != b.n.rank():
		return a.n.rank() > b.n.rank()
	case a.n.byEnd != b.n.byEnd:
		return a.n.byEnd
	}
	return a.n.turn < b.n.turn
}

// own is the innermost limiter from l on that has slots.
func (l *olimiter) own() *olimiter {
	if l != nil && l.bare {
		return l.up
	}
	return l
}

// fits reports whether the limiters of p that are inside of end have slots.
func (p *oplace) fits(end *olimiter) bool {
	for l := p.n.limiter().own(); l != end; l = l.up {
		if l.free == 0 && !l.inHand {
			return false
		}
	}
	return true
}

// first is the first of those who wait under l, as far as what is inside of it goes.
func (s *oshared) first(l *olimiter) (first *oplace) {
	for _, p := range s.waiting {
		under := l == nil
		for x := p.n.limiter().own(); x != nil; x = x.up {
			under = under || x == l
		}
		if under && p.fits(l) && (first == nil || p.before(first)) {
			first = p
		}
	}
	return first
}

// arrive takes all slots for n, or queues it.
func (s *oshared) arrive(t *oticket, n *onode) bool {
	p := &oplace{n, t}
	if s.free > 0 && p.fits(nil) {
		s.take(p)
		return true
	}
	s.waiting = append(s.waiting, p)
	return false
}

func (s *oshared) take(p *oplace) {
	s.free--
	for l := p.n.limiter().own(); l != nil; l = l.up {
		if l.inHand {
			l.inHand = false
		} else {
			l.free--
		}
	}
}

// serve grants what is free.
func (s *oshared) serve() {
	for s.free > 0 {
		p := s.first(nil)
		if p == nil {
			return
		}
		s.take(p)
		s.leave(p.n)
		if p.t != nil {
			p.t.grant()
		} else {
			p.n.begin()
		}
	}
}

func (s *oshared) leave(n *onode) {
	s.waiting = slices.DeleteFunc(s.waiting, func(p *oplace) bool { return p.n == n })
}

// give gives back all slots of a body of l. Those of its own limits are kept for who
// waits here while that comes before who waits there.
func (s *oshared) give(l *olimiter) {
	s.free++ // who waits for an own limit may count on it
	s.giveUp(l.own(), nil)
}

// giveUp gives back the slots from l up to, but not including, end.
func (s *oshared) giveUp(l, end *olimiter) {
	for x := l; x != end; x = x.up {
		if p := s.first(x); p != nil && !x.comesBefore(p) {
			x.inHand = true
		} else {
			x.giveOne()
		}
	}
	s.serve()
	for x := l; x != end; x = x.up {
		if x.inHand {
			x.inHand = false
			x.giveOne()
		}
	}
}

// comesBefore reports whether who comes first in l's own queue comes before p.
func (l *olimiter) comesBefore(p *oplace) bool {
	for _, t := range l.woken {
		if (&oplace{t.n, t}).before(p) {
			return true
		}
	}
	for _, n := range l.ready {
		if (&oplace{n, nil}).before(p) {
			return true
		}
	}
	return false
}

// giveOne gives a slot of l to who comes first there, or makes it free.
func (l *olimiter) giveOne() {
	switch {
	case len(l.woken) > 0:
		t := slices.MinFunc(l.woken, func(a, b *oticket) int { return a.turn - b.turn }) // also of those from an inner limit
		l.woken = slices.DeleteFunc(l.woken, func(u *oticket) bool { return u == t })
		if l.up.climb(t, nil) {
			t.grant()
		}
	case len(l.ready) > 0:
		n := l.next()
		if l.up.climb(nil, n) {
			n.begin()
		}
	default:
		l.free++
	}
}

// limited returns the limiter of what is inside of up and was given options.
func (o *oracle) limited(g *ogroup, up *olimiter, shared bool, limit int) *olimiter {
	if shared {
		up = &olimiter{up: up.own(), bare: true, shared: o.shared}
		o.share(g)
	}
	if limit > 0 {
		l := newOLimiter(limit, up.own())
		if up != nil {
			l.shared = up.shared
		}
		return l
	}
	return up
}

// share notes that somebody under g's outermost group has a shared limit: from
// then on ranks are followed through what has no limit.
func (o *oracle) share(g *ogroup) {
	root := g.root()
	if root.waitedBefore {
		o.unsure("a wait began before anybody had a shared limit")
	}
	root.shares = true
}

// isAwaitedWithSlots reports whether a body of another group, which will want its slots
// again, waits for a task of g, where slots of both may be the same.
func (g *ogroup) isAwaitedWithSlots() bool {
	return g.o.shared != nil && slices.ContainsFunc(g.nodes, func(n *onode) bool {
		return slices.ContainsFunc(n.waits, func(w *owait) bool { return w.seated && w.th.node.group != g })
	})
}

func (g *ogroup) root() *ogroup {
	for g.owner != nil {
		g = g.owner.group
	}
	return g
}
