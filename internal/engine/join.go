package engine

// The Wait of a nested group is a hard wait of the task in whose body the group
// was made, until the group has ended, with whatever context it was made.

// beginJoin begins that wait. It returns nil if there is no such task any more,
// or nothing to wait for.
func (g *Group) beginJoin() *wait {
	by := g.owner.Load()
	if by == nil || by.isDone() {
		return nil
	}
	bed := by.makeBed()
	w := bed.take()
	if w == nil {
		w = &wait{by: by, hard: true}
	}
	w.wake.Add(1)
	b := g.makeBook()
	g.mu.Lock()
	open := !g.isClosed()
	if open {
		w.next = b.joins
		b.joins = w
	}
	g.mu.Unlock()
	if !open {
		w.wake.Done()
		bed.giveBack(w)
		return nil
	}
	w.group.Store(g)
	bed.open(w)
	by.blocked(nil, g)
	by.giveSlots(w)
	g.cutCycles()
	return w
}

// rejoin ends those waits at the moment when the last task has ended.
func (g *Group) rejoin() {
	b := g.book.Load()
	if b == nil {
		return
	}
	g.mu.Lock()
	w := b.joins
	b.joins = nil
	g.mu.Unlock()
	for w != nil {
		next := w.next // the record may be gone when it is woken
		w.next = nil
		w.end(nil)
		w = next
	}
}

// endJoin finishes the wait: the group has ended, and the body has its slots.
func (w *wait) endJoin() {
	w.wake.Wait()
	by, bed := w.by, w.by.bed()
	bed.shut(w)
	by.resumed(nil, w.group.Swap(nil))
	bed.giveBack(w)
}
