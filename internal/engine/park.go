package engine

// park notes a hard wait for a task, so that the end of the body's group ends it.
// It reports false if the group has ended. Whoever ends it does so first, and then
// looks at the list: one of the two sees the other.
func (g *Group) park(w *wait) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.parked = true
	first := g.parked.Load()
	if w.before, w.behind = nil, first; first != nil {
		first.before = w
	}
	g.parked.Store(w)
	if g.end.Load() == nil && !g.isOver() {
		return true
	}
	g.unparkLocked(w)
	return false
}

func (g *Group) unpark(w *wait) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.parked {
		g.unparkLocked(w)
	}
}

func (g *Group) unparkLocked(w *wait) {
	w.parked = false
	if w.before == nil {
		g.parked.Store(w.behind)
	} else {
		w.before.behind = w.behind
	}
	if w.behind != nil {
		w.behind.before = w.before
	}
	w.before, w.behind = nil, nil
}

// wakeParked ends the hard waits for tasks of the group's bodies.
func (g *Group) wakeParked() {
	if g.parked.Load() == nil {
		return
	}
	for _, w := range g.claimParked() {
		w.ended(nil)
	}
}

// claimParked makes over true for those that nobody else has ended. It does so
// under the mutex, where they are parked: later the record may be that of
// another wait.
func (g *Group) claimParked() (waits []*wait) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for w := g.parked.Load(); w != nil; w = w.behind {
		if w.over.CompareAndSwap(false, true) {
			waits = append(waits, w)
		}
	}
	return waits
}

func (g *Group) parkedWaits() (waits []*wait) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for w := g.parked.Load(); w != nil; w = w.behind {
		waits = append(waits, w)
	}
	return waits
}
