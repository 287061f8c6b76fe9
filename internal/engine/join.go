package engine

// Join returns when the group has ended, for the Wait of a body or of anybody:
// its caller's goroutine runs ready bodies meanwhile. If it is the body's own
// group's around, the body waits. A Goexit of a body that it runs unwinds the
// caller, who still does not get away before the end.
func (g *Group) Join() {
	g.waited.Or(joined)
	if w := g.beginJoin(); w != nil {
		defer w.endJoin()
	}
	g.join(true)
}

// JoinStopped is Join for Stop: it runs no bodies, and is no wait of the body
// that the group was made in, for it may be anybody's.
func (g *Group) JoinStopped() { g.join(false) }

func (g *Group) join(bodies bool) {
	defer g.idle.Wait()
	if g.waited.Or(counted)&counted != 0 {
		return
	}
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
	counted = 1 << iota // the caller's count is given back
	joined              // by Join, and not only JoinStopped
)

// IsJoined reports whether Join was called.
func (g *Group) IsJoined() bool { return g.waited.Load()&joined != 0 }

// drive counts the caller off also when an engine takes the group out of memory,
// by a panic or a Goexit in the middle.
func (g *Group) drive() {
	defer g.countEnded(1)
	g.backend.Drive()
}

// The Wait of a nested group is a hard wait of the task in whose body the group
// was made, until the group has ended, with whatever context it was made.

// beginJoin begins that wait. It returns nil if there is no such task any more,
// or nothing to wait for.
func (g *Group) beginJoin() *wait {
	by := g.owner.Load()
	if by == nil || by.isDone() {
		return nil
	}
	waiter := by.makeWaiter()
	w := waiter.take()
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
		waiter.giveBack(w)
		return nil
	}
	w.group.Store(g)
	waiter.open(w)
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
		w.end(byTarget)
		w = next
	}
}

// endJoin finishes the wait: the group has ended, and the body has its slots.
func (w *wait) endJoin() {
	w.wake.Wait()
	by, waiter := w.by, w.by.waiter()
	waiter.shut(w)
	by.resumed(nil, w.group.Swap(nil))
	waiter.giveBack(w)
}
