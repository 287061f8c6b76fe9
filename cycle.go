package asap

// A hard wait that would close a cycle is found when it begins. The waiter
// publishes what it waits for and then follows the waits from there; with
// atomics in one total order, the last to publish sees the whole cycle.
//
// A step that was seen still holds when the next one is: a body waits until
// its target is done, and a target that is seen waiting is not done. Only a
// wait that was refused or cut short may be gone. So a walk that comes back is
// looked at once more, exactly and under a lock (see stuck.go), which also
// lets one of two waiters who close a cycle at the same time go on.

// hint shortens a walk: from the node's wait for on, every wait leads to the
// node to, as long as that is not done.
type hint struct{ on, to *node }

// publish says that the body waits for n from now on, unless that is a cycle.
func (b *bed) publish(n *node) error {
	b.on.Store(n)
	if !mayLeadTo(n, b.node) {
		return nil
	}
	root := b.node.group.root.ledger()
	root.cycles.Lock()
	s := newStuck(b.node, n)
	path := s.path()
	if path != nil {
		b.on.Store(nil)
	}
	root.cycles.Unlock()
	s.release()
	if path != nil {
		return &CycleError{path}
	}
	return nil
}

// mayLeadTo reports whether the waits from n lead to w. It is exact but for
// waits taken back while it looks, and for a Race, which it takes for a wait
// for all of its functions.
func mayLeadTo(n, w *node) bool {
	for steps := 0; ; steps++ {
		if n == w {
			return true
		}
		if n.done() {
			return false
		}
		b := n.madeBed()
		if b == nil {
			return n.waits() && reaches(n, w)
		}
		on := b.on.Load()
		if on == nil {
			return (b.group.Load() != nil || n.waits()) && reaches(n, w)
		}
		next := on
		if h := b.hint.Load(); h != nil && h.on == on && !h.to.done() {
			next = h.to
		}
		if steps >= 8 { // a long walk halves the path for the next one
			if nb := next.madeBed(); nb != nil {
				if far := nb.firm.Load(); far != nil && !far.done() {
					b.hint.Store(&hint{on, far})
				}
			}
		}
		n = next
	}
}

func reaches(n, w *node) bool {
	s := newStuck(w, n)
	defer s.release()
	return s.index[w] != 0
}

// awaits reports whether the Wait of g cannot end before n: n is a task of g, or
// of a group nested in it whose owner waits for it, and so on. An owner that is
// not in its Wait may still stop its group.
func (g *Group) awaits(n *node) bool {
	for n.group != g {
		owner := n.group.owner
		if owner == nil {
			return false
		}
		if b := owner.madeBed(); b == nil || b.group.Load() != n.group {
			return false
		}
		n = owner
	}
	return true
}

// cross notes a hard wait of w that can be cut; uncross forgets it.
func (g *Group) cross(w *node, cut chan *CycleError) {
	b := g.ledger()
	g.mu.Lock()
	defer g.mu.Unlock()
	if b.crossing == nil {
		b.crossing = make(map[*node]chan *CycleError)
	}
	b.crossing[w] = cut
}

func (g *Group) uncross(w *node) {
	g.mu.Lock()
	delete(g.ledger().crossing, w)
	g.mu.Unlock()
}

// isCrossed reports whether there are hard waits that can be cut.
func (g *Group) isCrossed() bool {
	b := g.book.Load()
	if b == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(b.crossing) > 0
}

// crossers returns the tasks that the Wait of a nested group waits for and that
// wait for one of another group.
func (g *Group) crossers(nested *Group) []*node {
	b := g.book.Load()
	if b == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var nodes []*node
	for n := range b.crossing {
		if nested.awaits(n) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// cutIfStuck ends the hard wait of n if it can never end, because of something
// that has happened since it began. It reports whether it did.
func (g *Group) cutIfStuck(n *node) bool {
	b := n.madeBed()
	if b == nil {
		return false
	}
	root := g.ledger()
	root.cycles.Lock()
	on := b.on.Load()
	if on == nil {
		root.cycles.Unlock()
		return false
	}
	s := newStuck(n, on)
	path := s.path()
	if path != nil {
		g.mu.Lock()
		cut := root.crossing[n]
		g.mu.Unlock()
		select {
		case cut <- &CycleError{path}:
			b.on.Store(nil)
		default: // its wait ends already
			path = nil
		}
	}
	root.cycles.Unlock()
	s.release()
	return path != nil
}

// cut ends the wait of n, or one inside the nested group that it waits for, if
// it can never end. It reports whether there was one.
func (n *node) cut() bool {
	b := n.madeBed()
	if b == nil {
		return false
	}
	if g := b.group.Load(); g != nil {
		return g.cutCycles()
	}
	return n.group.root.cutIfStuck(n)
}

// cutCycles ends the waits inside g that lead back into it, through its owner,
// which waits for g. It reports whether there were any.
func (g *Group) cutCycles() (cut bool) {
	for _, n := range g.root.crossers(g) {
		cut = g.root.cutIfStuck(n) || cut
	}
	return cut
}
