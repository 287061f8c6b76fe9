package engine

// Join returns when the group has ended, for the Wait of a body or of anybody:
// its caller's goroutine runs ready bodies meanwhile. If it is the body's own
// group's around, the body waits. A Goexit of a body that it runs unwinds the
// caller, who still does not get away before the end.
func (g *Group) Join() {
	g.waited.Or(joined)
	g.rouseJoiner()
	if w := g.beginJoin(); w != nil {
		defer w.concludeJoin()
	}
	g.join(true)
}

// JoinStopped is Join for Stop: it runs no bodies, and is no wait of the body
// that the group was made in, for it may be anybody's.
func (g *Group) JoinStopped() { g.join(false) }

// IsJoined reports whether Join was called.
func (g *Group) IsJoined() bool { return g.waited.Load()&joined != 0 }

// join counts the caller off, runs bodies if it may, and returns when the group is
// over. The wait is deferred, for a body that it runs may leave by Goexit. Bodies
// run here until the queue is empty: without that a group of one task would need
// a goroutine. Not with pprof labels, as the caller's own could not be restored.
func (g *Group) join(bodies bool) {
	first := g.waited.Or(counted)&counted == 0
	defer g.awaitOver(bodies, first)
	if !first {
		return
	}
	g.lullCaller()
	if g.elsewhere {
		g.drive()
	} else {
		g.countEnded(1)
	}
	if bodies && (g.watch == nil || !g.watch.Labels()) {
		g.help()
	}
}

const (
	counted  = 1 << iota // the caller's count is given back
	joined               // by Join, and not only JoinStopped
	canceled             // its outcome, once it is over
	lasts                // its context outlives it: see Config
	shares               // in this group or one inside of it somebody has a shared limit: see sharing.go
)

// awaitOver is the end of join: the caller runs no bodies any more. The first to join
// tells the observers.
func (g *Group) awaitOver(ran, first bool) {
	if q := g.quiet(); q != nil && ran && !g.elsewhere {
		q.lull()
	}
	if first && g.watch != nil {
		g.tellEnd()
	}
	g.idle.Wait()
}

// drive counts the caller off also when an engine takes the group out of memory,
// by a panic or a Goexit in the middle: then nothing is undone. Nobody else is alive in
// the group, so that seals it, and it is over unless there is something to undo.
func (g *Group) drive() {
	returned := false
	defer func() {
		g.countEnded(1)
		if g.over.Load() == finishing {
			g.undoElsewhere(returned)
		}
	}()
	g.backend.Drive()
	returned = true
}

// The Wait of a nested group is a hard wait of the task in whose body the group
// was made, until the group has ended, with whatever context it was made.

// beginJoin begins that wait. It returns nil if there is no such task any more,
// or nothing to wait for. It notes itself under the group's mu if that is not
// sealed, or may have something to undo, and who seals it, or has called the undos,
// looks there afterwards: keeps 10. It is not parked, as the end of its own group does
// not cut it: the Wait has to see its tasks out.
func (g *Group) beginJoin() *wait {
	by := g.owner.Load()
	if by == nil || by.isDone() {
		return nil
	}
	waiter := by.makeWaiter()
	w := waiter.useFirst()
	if w == nil {
		w = &wait{by: by, hard: true}
	}
	w.byEnd = by.group.ending.Load() != nil || by.group.base.parent.Err() != nil
	w.woken.Add(1)
	b := g.makeLedger()
	open := b.lockForJoin(g)
	if open {
		w.next = b.joins
		b.joins = w
	}
	g.mu.Unlock()
	if !open {
		w.woken.Done()
		waiter.freeFirst(w)
		return nil
	}
	w.group.Store(g)
	waiter.open(w)
	if w.nextOpen.Load() != nil {
		waiter.countSeveral(w)
	}
	by.reportBlocked(nil, g, nil)
	g.cutCycles() // before ranks go round in them
	by.giveSlots(w)
	by.fallAsleep()
	return w
}

// lockForJoin locks the group's mu, and reports whether who waits for the group is told
// of its end: unless it is sealed and has nothing to undo any more. An undo that is
// refused leaves an empty undoing behind, which says nothing: so the plan is asked.
func (b *ledger) lockForJoin(g *Group) (open bool) {
	sealed := g.isSealed()
	undoes := sealed && len(g.planUndos()) > 0
	g.mu.Lock()
	if g.isSealed() != sealed {
		g.mu.Unlock()
		return b.lockForJoin(g)
	}
	return !sealed || undoes && !b.undoing.Load().joinsEnded
}

// endJoins ends those waits at the moment when the last task has ended, or the last
// undo. The seal comes before it: keeps 10. The bodies have slots again before anything starts in
// those that were the last task's.
func (g *Group) endJoins() {
	b := g.ledger.Load()
	if b == nil {
		return
	}
	g.mu.Lock()
	w := b.joins
	b.joins = nil
	if d := b.undoing.Load(); d != nil {
		d.joinsEnded = true
	}
	g.mu.Unlock()
	for w != nil {
		next := w.next // w may be used again when it is woken
		w.next = nil
		w.end(nil)
		w = next
	}
}

// concludeJoin is the end of what beginJoin has begun: the group is over, and once
// the wait is woken the body has its slots.
func (w *wait) concludeJoin() {
	w.woken.Wait()
	by, waiter := w.by, w.by.waiter()
	how := w.how
	w.withdraw(waiter)
	g := w.group.Swap(nil)
	if g.waited.Load()&canceled != 0 && !w.byEnd && by.group.hasEnded() {
		waiter.cut.Or(CutGroup)
	}
	w.byEnd = false
	by.reportResumed(nil, g)
	waiter.freeFirst(w)
	if f, ok := how.(foreignBubble); ok {
		f.raise(by)
	}
}

// cutCycles ends the waits inside g that lead back into it, through its owner,
// which waits for g: the Wait cannot return before its tasks. It is called after
// that wait is open; who begins a wait inside later sees it there. Keeps 15.
func (g *Group) cutCycles() {
	if g.root.uphill.Load() == 0 {
		return
	}
	for _, n := range g.crossers() {
		n.cutIfStuck()
	}
}

// crossers returns the tasks that the Wait of g waits for and that wait for one
// of another group. Only those can lead out of g: the search takes them in and not
// every task, of which there may be a million.
func (g *Group) crossers() (nodes []*Node) {
	for _, w := range g.parkedWaits() {
		if on := w.on.Load(); on != nil && on.group != g && !w.ended.Load() {
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
	for w := b.waits.Load(); w != nil; w = w.nextOpen.Load() {
		if w.group.Load() == g {
			return true
		}
	}
	return false
}
