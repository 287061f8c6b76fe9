package engine

import "slices"

// A hard wait that would close a cycle is found when it begins. The waiter
// publishes what it waits for and then follows the waits from there; with
// atomics in one total order, the last to publish sees the whole cycle.
//
// Most waits need no walk. Tasks have an order: in a group that of declaration,
// a task of a nested group before the one whose body made it and after what that
// one comes after, the parts of a Race or Map before it. Declared dependencies, a
// Race's wait for its functions and a Wait for a nested group lead downhill in
// it, and so does an Await of what was declared before. So every cycle has a wait
// that leads uphill. Those are counted in the root, before they are published,
// and as long as there are none nobody walks.
//
// A step that was seen still holds when the next one is: a body waits until
// its target is done, and a target that is seen waiting is not done. Only a
// wait that was refused or cut short may be gone. So a walk that comes back is
// looked at once more, exactly and under a lock (see stuck.go), which also
// lets one of two waiters who close a cycle at the same time go on.

// hint shortens a walk: from the node's wait for on, every wait leads to the
// node to, as long as that is not done and no body between them has begun another
// wait beside its first: see detours. All between them are of one group.
type hint struct {
	on, to  *Node
	detours uint32
}

// cycleCut is what cuts a wait that can never end.
type cycleCut struct{ error }

// publish says that the body of b waits from now on, unless that is a cycle.
func (w *wait) publish(b *waiter) error {
	by, n := b.node, w.on.Load()
	w.uphill = !n.isBelow(by)
	if w.uphill {
		w.countUphill(n, 1)
	}
	b.open(w)
	if !w.uphill && by.group.root.uphill.Load() == 0 || !mayLeadTo(n, by) {
		return nil
	}
	var err error
	w.ifStuck(n, func(path []string) {
		if w.over.CompareAndSwap(false, true) { // else another has found the same
			by.group.unpark(w)
			w.withdraw(b)
			err = by.group.host.Cycle(path)
		}
	})
	return err
}

// withdraw is the end of what publish has begun.
func (w *wait) withdraw(b *waiter) {
	b.shut(w)
	if n := w.on.Swap(nil); w.uphill && n != nil {
		w.uphill = false
		w.countUphill(n, -1)
	}
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
// downhill.
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

// mayLeadTo reports whether the waits from n lead to w. It is exact but for
// waits taken back while it looks, and for a Race, which it takes for a wait
// for all of its functions.
func mayLeadTo(n, w *Node) bool {
	for steps := 0; ; steps++ {
		if n == w {
			return true
		}
		if n.isDone() {
			return false
		}
		b := n.waiter()
		if b == nil {
			return n.isPending() && reaches(n, w)
		}
		open := b.waits.Load()
		if open == nil {
			return n.isPending() && reaches(n, w)
		}
		on := open.on.Load()
		if on == nil || open.also.Load() != nil {
			return reaches(n, w)
		}
		h := b.hint.Load()
		if h == nil && steps < 8 {
			n = on
			continue
		}
		next, detours := on, on.group.detours()
		if h != nil && h.on == on && h.detours == detours && !h.to.isDone() {
			next = h.to
		}
		if steps >= 8 { // a long walk halves the path for the next one
			if far := next.firmly(); far != nil {
				b.hint.Store(&hint{on, far, detours})
			}
		}
		n = next
	}
}

// detours counts the waits of bodies that hints may pass over, but for those in
// their first records, which come after what hints knew of has ended.
func (g *Group) detours() uint32 {
	if b := g.book.Load(); b != nil {
		return b.detours.Load()
	}
	return 0
}

// firmly returns what the body of n waits for, if it waits for one node of its
// group and nothing else, and that closes no cycle. A wait of which that is not
// sure may be refused, or lead past the one that looks.
//
// It says first that a hint may pass over n: a body that waits for more opens that
// wait and then looks, so one of the two sees the other. And it reads firm last,
// which is false before on is that of the next wait.
func (n *Node) firmly() *Node {
	b := n.waiter()
	if b == nil {
		return nil
	}
	if !b.passed.Load() {
		b.passed.Store(true)
	}
	if b.waits.Load() != &b.first || b.first.also.Load() != nil || b.first.over.Load() {
		return nil
	}
	if on := b.first.on.Load(); on != nil && !on.isDone() && b.firm.Load() {
		return on
	}
	return nil
}

func reaches(n, w *Node) bool {
	s := newStuck(w, n)
	defer s.release()
	return s.index[w] != 0
}

// ifStuck decides whether the wait w, for n, can never end, and calls do with the
// names of the cycle if so, while nobody else decides. Of everybody on the way it
// has asked the context before.
func (w *wait) ifStuck(n *Node, do func(path []string)) {
	root := w.by.group.root.makeBook()
	for {
		s := newStuck(w.by, n)
		asked := s.nodesOf(s.way())
		s.release()
		if asked == nil {
			return
		}
		if endedMeanwhile(asked) {
			continue
		}
		root.cycles.Lock()
		s = newStuck(w.by, n)
		way := s.nodesOf(s.way())
		sure := way == nil || slices.Equal(way, asked)
		if way != nil && sure {
			do(s.names(way))
		}
		root.cycles.Unlock()
		s.release()
		if sure {
			return
		}
	}
}

// endedMeanwhile ends the waits on the way whose own context has ended, though
// nobody has noticed, and reports whether there were any. It asks the callers'
// contexts, so no lock may be held.
func endedMeanwhile(way []*Node) (any bool) {
	for _, n := range way {
		b := n.waiter()
		if b == nil {
			continue
		}
		noticed := n.group.end.Load() != nil
		if !noticed && n.group.hasEnded() {
			any = true
		}
		for w := b.waits.Load(); w != nil; w = w.also.Load() {
			if w.done == nil || w.over.Load() {
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
// group that it waits for, because of something that has happened since they began.
func (n *Node) cutIfStuck() {
	b := n.waiter()
	if b == nil {
		return
	}
	for w := b.waits.Load(); w != nil; w = w.also.Load() {
		if g := w.group.Load(); g != nil {
			g.cutCycles()
			continue
		}
		on := w.on.Load()
		if on == nil || w.over.Load() || w == &b.first {
			// A wait in its own group does not lead out of it, and its record
			// may be that of another wait by now.
			continue
		}
		w.ifStuck(on, func(path []string) { w.end(cycleCut{n.group.host.Cycle(path)}) })
	}
}

// cutCycles ends the waits inside g that lead back into it, through its owner,
// which waits for g: the Wait cannot return before its tasks.
func (g *Group) cutCycles() {
	if g.root.uphill.Load() == 0 {
		return
	}
	for _, n := range g.crossers() {
		n.cutIfStuck()
	}
}

// crossers returns the tasks that the Wait of g waits for and that wait for one
// of another group.
func (g *Group) crossers() (nodes []*Node) {
	for _, w := range g.parkedWaits() {
		if on := w.on.Load(); on != nil && on.group != g && !w.over.Load() {
			nodes = append(nodes, w.by)
		}
	}
	for _, n := range g.inside() {
		if owner := n.owner.Load(); owner != nil && owner.joins(n) {
			nodes = append(nodes, n.crossers()...)
		}
	}
	return nodes
}

// awaits reports whether the Wait of g cannot end before n: n is a task of g, or
// of a group nested in it whose owner waits for it, and so on. An owner that is
// not in its Wait may still stop its group.
func (g *Group) awaits(n *Node) bool {
	for n.group != g {
		owner := n.group.owner.Load()
		if owner == nil || !owner.joins(n.group) {
			return false
		}
		n = owner
	}
	return true
}

// joins reports whether n's body waits for the nested group g.
func (n *Node) joins(g *Group) bool {
	b := n.waiter()
	if b == nil {
		return false
	}
	for w := b.waits.Load(); w != nil; w = w.also.Load() {
		if w.group.Load() == g {
			return true
		}
	}
	return false
}
