package asap

// A nested group's Wait is a wait of the task that it was made in: an edge for
// the search of cycles, and the task's slots are given back meanwhile.

// blockOwner begins that wait. It reports false when there is no such task any more.
func (g *Group) blockOwner() bool {
	n := g.owner
	if n.done() {
		return false
	}
	if n.group.watch != nil {
		n.group.watch.blocked(n, nil, g, n.group.watch.now())
	}
	if n.limiter() != nil {
		g.ledger().ownerSeat = newSoftWait(n)
		n.rise()
	}
	if g.ownerWaits && n.bedOf().hard.CompareAndSwap(false, true) {
		n.madeBed().group.Store(g)
		g.ledger().ownerHard = true
		g.cutCycles()
	}
	return true
}

// rejoinOwner takes the owner's slots again at the moment when the last task
// of the group has ended.
func (g *Group) rejoinOwner() {
	if b := g.book.Load(); b != nil && b.ownerSeat != nil {
		b.ownerSeat.sit()
	}
}

// resumeOwner ends the wait, once the group has ended and there is a slot.
func (g *Group) resumeOwner() {
	n := g.owner
	if b := g.book.Load(); b != nil {
		if b.ownerHard {
			n.madeBed().group.Store(nil)
			n.madeBed().hard.Store(false)
		}
		if b.ownerSeat != nil {
			b.ownerSeat.done.Wait()
		}
	}
	if n.group.watch != nil {
		n.group.watch.resumed(n, nil, g, n.group.watch.now())
	}
}
