package engine

import "slices"

// A hard wait that would close a cycle is found when it begins. The waiter
// announces what it waits for and then follows the waits from there; with
// atomics in one total order, the last to announce sees the whole cycle: 13.
//
// Most waits need no walk. Tasks have an order: in a group that of declaration,
// a task of a nested group before the one whose body made it and after what that
// one comes after, the parts of a Race or Map before it. Declared dependencies, a
// Race's wait for its functions and a Wait for a nested group lead downhill in
// it, and so does an Await of what was declared before. So every cycle has a wait
// that leads uphill. Those are counted in the root, before they are announced,
// and as long as there are none nobody walks. Nor does a body that nobody waits
// for.
//
// A step that was seen still holds when the next one is: a body waits until
// its target is done, and a target that is seen waiting is not done. Only a
// wait that was refused or cut short may be gone. So a walk that comes back is
// looked at once more, exactly and under a lock (see stuck.go), which also
// lets one of two waiters who close a cycle at the same time go on.

// hint shortens a walk: from the node's wait for on, every wait leads to the
// node to, as long as that is not done. Only a wait that is cut short by nothing
// but the end of its group gives one, and nobody follows one after that.
type hint struct{ on, to *Node }

// cycleCut is what cuts a wait that can never end.
type cycleCut struct{ error }

// announce says that the body of b waits from now on. The goroutine that waits calls
// it, with no lock held. Counted, open, parked; the caller links it where it waits,
// and only then looks whether it is refused: keeps 10, 12 and 13.
func (w *wait) announce(b *waiter) {
	by, n := b.node, w.on.Load()
	w.uphill = !n.isBelow(by)
	if w.uphill {
		w.countUphill(n, 1)
	}
	b.open(w)
	if !by.group.park(w) {
		w.end(nil)
	}
	if w.nextOpen.Load() != nil {
		b.countSeveral(w)
	}
}

// refused returns the error of a wait for n, announced and linked, that closes a
// cycle, and withdraws it.
func (w *wait) refused(b *waiter, n *Node) error {
	by := b.node
	if !w.uphill && by.group.root.uphill.Load() == 0 || !by.isAwaited() || !mayLeadTo(n, by) {
		return nil
	}
	return w.refuseIfStuck(b, n)
}

// isAwaited reports whether anybody waits for n, or for a body around its group, or
// has declared that. Without, n is part of no cycle: who would close one links
// itself first, and so is seen here or sees the wait of n itself.
func (n *Node) isAwaited() bool {
	for range 16 { // deeper, to walk costs no more than to look
		if n == nil {
			return false
		}
		of := n.whole()
		e := n.list.Load()
		if of != nil && n.kind&Element != 0 && e != nil && e.to == of {
			e = nil // the Map's own edge, which came first, so there is no other
		}
		if e != nil {
			return true
		}
		if of == nil {
			of = n.group.owner.Load()
		}
		n = of
	}
	return true
}

// refuseIfStuck takes the wait back that closes a cycle, and is apart from refused
// for its frame: most bodies that wait should not grow their stack.
//
//go:noinline
func (w *wait) refuseIfStuck(b *waiter, n *Node) (err error) {
	w.ifStuck(n, func(path []string) {
		if w.ended.CompareAndSwap(false, true) { // else another has found the same
			w.withdraw(b)
			err = b.node.group.host.Cycle(path)
		}
	})
	return err
}

// withdraw is the end of what announce has begun. The goroutine that waits calls it,
// once: with cycles held when the wait is refused, else with no lock.
func (w *wait) withdraw(b *waiter) {
	b.node.group.unpark(w)
	b.shut(w)
	if w.several {
		w.several = false
		b.node.group.root.makeLedger().several.Add(-1)
	}
	if n := w.on.Swap(nil); w.uphill && n != nil {
		w.uphill = false
		w.countUphill(n, -1)
	}
}

// countSeveral counts a wait of a body that has another one, once it is open
// and before it is looked where it leads to.
func (b *waiter) countSeveral(w *wait) {
	w.several = true
	b.node.group.root.makeLedger().several.Add(1)
}

// hasSeveral reports whether some body waits for several things. Then hints do not
// tell: they lead past bodies of which nobody knows that they wait for more.
func (g *Group) hasSeveral() bool {
	b := g.root.ledger.Load()
	return b != nil && b.several.Load() != 0
}

// countUphill counts a wait for n that leads uphill, or between two roots.
func (w *wait) countUphill(n *Node, d int32) {
	a, b := w.by.group.root, n.group.root
	a.uphill.Add(d)
	if b != a {
		b.uphill.Add(d)
	}
}

// isBelow reports whether n comes before by in the order in which waits lead
// downhill. It goes outwards from the deeper of the two until both are of one group.
// When in doubt it says no: a wait that is counted for nothing only costs a walk.
func (n *Node) isBelow(by *Node) bool {
	if n.group.root != by.group.root {
		return false
	}
	a, b := by, n
	for a != nil && b != nil && a.group != b.group {
		if a.group.depth >= b.group.depth {
			a = a.group.owner.Load()
		} else {
			b = b.group.owner.Load()
		}
	}
	switch {
	case a == nil || b == nil:
		return false // a group that has ended
	case a == b:
		return a == by && b != n // n is in a group nested in by's body
	}
	return a.group.declared.Load() < 1<<31 && b.before(a) // of more the order does not tell
}

// mayLeadTo reports whether the waits from n lead to by. It is exact but for
// waits taken back while it looks, and for a Race, which it takes for a wait
// for all of its functions. It follows one wait a step without allocating, and goes
// over to a search where a body has several, or a node dependencies.
func mayLeadTo(n, by *Node) bool {
	for steps := 0; ; steps++ {
		if n == by {
			return true
		}
		if n.isDone() {
			return false
		}
		b := n.waiter()
		if b == nil {
			return n.isPending() && reaches(n, by)
		}
		open := b.waits.Load()
		if open == nil {
			return n.isPending() && reaches(n, by)
		}
		on := open.on.Load()
		if on == nil || open.nextOpen.Load() != nil {
			return reaches(n, by)
		}
		next := on
		if h := b.hint.Load(); h != nil && h.on == on && !h.to.isDone() && on.group.ending.Load() == nil && !on.group.hasSeveral() {
			next = h.to
		}
		if steps >= 8 { // a long walk halves the path for the next one
			if far := next.firmly(); far != nil {
				b.hint.Store(&hint{on, far})
				if n.isDone() { // else it would keep them
					b.hint.Store(nil)
				}
			}
		}
		n = next
	}
}

// firmly returns what the body of n waits for, if it waits for one node of its
// group and nothing but the group's end can cut that short.
func (n *Node) firmly() *Node {
	b := n.waiter()
	if b == nil || b.waits.Load() != &b.first || b.first.nextOpen.Load() != nil || b.first.ended.Load() {
		return nil
	}
	if on := b.first.on.Load(); on != nil && !on.isDone() && b.first.firm.Load() == on {
		return on
	}
	return nil
}

// reaches is mayLeadTo by a search that takes in everything that n waits for.
func reaches(n, by *Node) bool {
	s := newStuck(by, n)
	defer s.release()
	return s.index[by] != 0
}

// ifStuck decides whether the wait w, for n, can never end, and calls do with the
// names of the cycle if so, while nobody else decides. It looks three times: by a
// search without the lock, for waits on the way that their contexts have ended
// (which ends those, and begins again), and exactly, under the root's cycles:
// keeps 14. The caller holds no lock.
func (w *wait) ifStuck(n *Node, do func(path []string)) {
	root := w.by.group.root.makeLedger()
	for {
		s := newStuck(w.by, n)
		asked := s.nodesOf(s.way())
		s.release()
		if asked == nil || w.isDead() {
			return
		}
		if cutDead(asked) {
			continue
		}
		root.cycles.Lock()
		s = newStuck(w.by, n)
		way := s.nodesOf(s.way())
		sure := way == nil || slices.Equal(way, asked) // else those of another way were not asked
		if way != nil && sure && !w.isDead() {
			do(s.names(way))
		}
		root.cycles.Unlock()
		s.release()
		if sure {
			return
		}
	}
}

// isDead reports whether w is over or about to be, as its body's group has ended.
func (w *wait) isDead() bool { return w.ended.Load() || w.by.group.ending.Load() != nil }

// cutDead ends the waits on the way whose own context has ended, though
// nobody has noticed, and reports whether there were any. It asks the callers'
// contexts, so no lock may be held.
func cutDead(way []*Node) (any bool) {
	for _, n := range way {
		b := n.waiter()
		if b == nil {
			continue
		}
		noticed := n.group.ending.Load() != nil
		if !noticed && n.group.noticeEnd() {
			any = true
		}
		for w := b.waits.Load(); w != nil; w = w.nextOpen.Load() {
			if w.done == nil || w.ended.Load() {
				continue
			}
			if err := w.ctx.Err(); err != nil {
				w.end(causeOf(w.ctx, err))
				any = true
			}
		}
	}
	return any
}

// cutIfStuck ends the waits of n that can never end, or those inside the nested
// group that it waits for, because of something that has happened since they began:
// keeps 15. Anybody may call it, without a lock.
func (n *Node) cutIfStuck() {
	b := n.waiter()
	if b == nil {
		return
	}
	for w := b.waits.Load(); w != nil; w = w.nextOpen.Load() {
		if g := w.group.Load(); g != nil {
			g.cutCycles()
			continue
		}
		on := w.on.Load()
		if on == nil || w.ended.Load() || w == &b.first {
			// A wait in its own group does not lead out of it, and its first
			// may be that of another wait by now.
			continue
		}
		w.ifStuck(on, func(path []string) { w.end(cycleCut{n.group.host.Cycle(path)}) })
	}
}
