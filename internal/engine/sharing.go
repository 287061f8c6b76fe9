package engine

// sharing is what a group knows of the shared limits of its bodies.
type sharing struct {
	places *place // of its bodies that wait at one; under the group's mu
	ranks  ranks  // of a root: of the nodes without a limiter
}

// bound gives n, which nobody else knows yet, a shared limit of its own.
func (g *Group) bound(n *Node, s *Shared) {
	g.refuseShared(n.name)
	n.makeSide().makeRare().limiter = newSharedLimiter(s, g.limiter)
	n.kind |= Bounded
	g.root.share()
}

// refuseShared panics if another engine runs the group's bodies: the slots of this
// process are not its.
func (g *Group) refuseShared(task string) {
	if g.backend != nil {
		g.backend.RefuseShared(task)
	}
}

// share notes in a root that somebody under it has a shared limit: from then on
// ranks are followed also through what has no limit.
func (g *Group) share() {
	if g.shares() {
		return
	}
	g.mu.Lock()
	g.makeSharingLocked()
	g.mu.Unlock()
	g.waited.Or(shares)
}

// shares reports whether share was called, of a root: then its sharing is there.
func (g *Group) shares() bool { return g.waited.Load()&shares != 0 }

// makeSharingLocked wants the group's mu.
func (g *Group) makeSharingLocked() *sharing {
	b := g.makeLedger()
	if b.sharing == nil {
		b.sharing = new(sharing)
	}
	return b.sharing
}

// notePlace notes that a body of g waits at a Shared, and reports false if g has
// ended: who ends it does so first, and then looks at the list. Or if the body is
// late: who finds that does so first, and then locks the mutex of the Shared, which
// the caller has. Keeps 10.
func (g *Group) notePlace(p *place) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ending.Load() != nil || p.n.isLate() {
		return false
	}
	s := g.makeSharingLocked()
	if p.next = s.places; p.next != nil {
		p.next.prev = p
	}
	s.places, p.inGroup = p, true
	return true
}

// unnotePlace is the end of what notePlace has begun. It may have been taken out.
func (g *Group) unnotePlace(p *place) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !p.inGroup {
		return
	}
	p.inGroup = false
	if p.prev == nil {
		g.ledger.Load().sharing.places = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	}
	p.prev, p.next = nil, nil
}

// clearPlaces takes all out and returns the latest, which leads to the others by next.
func (g *Group) clearPlaces() *place {
	b := g.ledger.Load()
	if b == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if b.sharing == nil {
		return nil
	}
	first := b.sharing.places
	b.sharing.places = nil
	for p := first; p != nil; p = p.next {
		p.inGroup, p.prev = false, nil
	}
	return first
}
