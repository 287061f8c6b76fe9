package engine

// park notes a hard wait for a task, for who ends the group, and for who searches
// for cycles through the Wait of a nested one. It reports false if the group has
// ended. Whoever ends it does so first, and then looks at the list: one of the two
// sees the other. Keeps 10.
func (g *Group) park(w *wait) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.parked = true
	first := g.parked.Load()
	if w.prevParked, w.nextParked = nil, first; first != nil {
		first.prevParked = w
	}
	g.parked.Store(w)
	if g.ending.Load() == nil && !g.isOver() {
		return true
	}
	g.unparkLocked(w)
	return false
}

// unpark is the end of what park has begun. The wait may have been taken out.
func (g *Group) unpark(w *wait) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.parked {
		g.unparkLocked(w)
	}
}

// unparkLocked is called with the group's mu.
func (g *Group) unparkLocked(w *wait) {
	w.parked = false
	if w.prevParked == nil {
		g.parked.Store(w.nextParked)
	} else {
		w.prevParked.nextParked = w.nextParked
	}
	if w.nextParked != nil {
		w.nextParked.prevParked = w.prevParked
	}
	w.prevParked, w.nextParked = nil, nil
}

// endParked ends the hard waits for tasks of the group's bodies. They stay parked
// until their goroutines withdraw them. The look without the lock is what most
// groups pay: who parks later sees the end by itself.
func (g *Group) endParked() {
	if g.parked.Load() == nil {
		return
	}
	for _, w := range g.parkedWaits() {
		w.end(nil)
	}
}

// parkedWaits copies the list, since nobody may end a wait with the mu held.
func (g *Group) parkedWaits() (waits []*wait) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for w := g.parked.Load(); w != nil; w = w.nextParked {
		waits = append(waits, w)
	}
	return waits
}
