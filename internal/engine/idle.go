package engine

import (
	"context"
	"time"
)

// idle is how long a body with Arounds has waited for tasks that it has not made: time in
// which another call of it would have waited as well. As for slots, it is one clock for
// the body, that stands from the first of its goroutines that waits to the last. Under the
// mu of the calls.
type idle struct {
	waits  int // that are open
	since  time.Time
	before time.Duration // in waits that are over
	over   chan struct{} // closed when none is open any more, nil as long as nobody asks
}

// Idle returns how long the body of ctx has waited for tasks that it has not made, and if
// it does so now a channel that is closed when it goes on, with its slot. Of a body that no
// Around wraps it knows nothing. Anybody may call it while the body runs.
func Idle(ctx context.Context) (waited time.Duration, over <-chan struct{}) {
	n := nodeOf(ctx)
	if n == nil {
		return 0, nil
	}
	c := n.calls()
	if c == nil {
		return 0, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	x := &c.idle
	if x.waits == 0 {
		return x.before, nil
	}
	if x.over == nil {
		x.over = make(chan struct{})
	}
	return x.before + time.Since(x.since), x.over
}

// beginIdle counts the wait w for n, unless n is one that the body has made. Its own
// goroutine calls it, and endIdle when it has slots again.
func (w *wait) beginIdle(n *Node) {
	c := w.by.calls()
	if c == nil || w.by.hasMade(n.group) {
		return
	}
	w.idles = true
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle.waits++; c.idle.waits == 1 {
		c.idle.since = time.Now()
	}
}

func (w *wait) endIdle() {
	if !w.idles {
		return
	}
	w.idles = false
	c := w.by.calls()
	if c == nil {
		return // the body has ended meanwhile
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	x := &c.idle
	if x.waits--; x.waits > 0 {
		return
	}
	x.before += time.Since(x.since)
	if x.over != nil {
		close(x.over)
		x.over = nil
	}
}

// hasMade reports whether g is nested in n's body, however deeply.
func (n *Node) hasMade(g *Group) bool {
	for g != n.group {
		owner := g.owner.Load()
		if owner == nil {
			return false
		}
		if owner == n {
			return true
		}
		g = owner.group
	}
	return false
}
