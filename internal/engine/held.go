package engine

import (
	"context"
	"time"
)

// Held is a node that is declared, and holds back until it is quiet, or it is begun for
// another reason: a call that goes out when nobody else can still ask for it. It is a
// task in all else. It is begun, or skipped at the group's end, once, by who takes it
// out of the list of its quiet.
type Held struct {
	n          *Node
	of         *quiet
	isHeld     bool  // in the list; under the mu of the quiet, as the links are
	prev, next *Held // next belongs to who has taken it out
	timer      *time.Timer
}

// Hold declares n, and begins it when nobody is awake in the group and those nested in
// it, or when longest has passed, if that is not 0. It reports false if nothing can be
// declared any more. The caller owns n and h until then, and knows that the group has
// a quiet of its own. The group may have ended: then n is skipped.
//
// It is listed, and then the caller looks at awake and at the group's end: who makes
// the one zero, or ends the other, looks at the list afterwards. Keeps 10 and 37.
func (g *Group) Hold(n *Node, h *Held, longest time.Duration) bool {
	n.pending = hold
	n.makeSide().makeRare().limiter = nil // so that it can be begun whoever has the slots
	n.kind |= Bounded
	if !n.tryOrder() {
		return false
	}
	if (!g.plain || g.looksEnded()) && !g.declareOther(n) {
		return true // skipped
	}
	q := g.quiet()
	h.n, h.of, h.isHeld = n, q, true
	if longest > 0 {
		g.alive.Add(1) // until the timer is stopped, or its call has made its last step
	}
	q.mu.Lock()
	if h.next = q.held; h.next != nil {
		h.next.prev = h
	}
	q.held = h
	if longest > 0 {
		h.timer = time.AfterFunc(longest, h.fire)
	}
	q.mu.Unlock()
	switch {
	case g.ending.Load() != nil:
		h.take(true)
	case q.awake.Load() == 0:
		h.take(false)
	}
	return true
}

// tryOrder is takeOrder that reports false in a sealed group.
func (n *Node) tryOrder() bool {
	d := &n.group.declared
	for {
		order := d.Load()
		if order < 0 {
			return false
		}
		if d.CompareAndSwap(order, order+1) {
			n.order = uint32(order + 1)
			return true
		}
	}
}

// Begin begins the node, unless it was begun or skipped. Anybody may call it once Hold
// has returned true.
func (h *Held) Begin() {
	if h.of != nil { // else it was skipped at once
		h.take(false)
	}
}

// take takes it out of the list, if it still is there, and begins or skips it.
func (h *Held) take(skip bool) {
	q := h.of
	q.mu.Lock()
	if !h.isHeld {
		q.mu.Unlock()
		return
	}
	h.isHeld = false
	if h.prev == nil {
		q.held = h.next
	} else {
		h.prev.next = h.next
	}
	if h.next != nil {
		h.next.prev = h.prev
	}
	h.prev, h.next = nil, nil
	q.mu.Unlock()
	h.begin(skip)
}

// begin makes the node ready, or skips it. The caller has taken it out of the list, and
// holds no lock. The group is not sealed before that, as the node has not ended.
func (h *Held) begin(skip bool) {
	if h.timer != nil && h.timer.Stop() {
		h.n.group.alive.Add(-1)
	}
	if skip {
		h.n.kill()
	}
	h.n.release(byEnd)
}

// fire is the timer's call, on a goroutine of its own.
func (h *Held) fire() {
	g := h.n.group
	h.take(false)
	g.leave()
}

// skipHeld skips what is held of a group that has ended: keeps 10.
func (g *Group) skipHeld() {
	if !g.hasOwnQuiet() {
		return
	}
	for q := g.quiet(); ; {
		q.mu.Lock()
		h := q.held
		q.mu.Unlock()
		if h == nil {
			return
		}
		h.take(true)
	}
}

// IsCounted reports whether ctx is that of a body in g, or in a group nested in it: it
// is quiet only once that sleeps.
func (g *Group) IsCounted(ctx context.Context) bool {
	n := nodeOf(ctx)
	if n == nil {
		return false
	}
	own := g.quiet()
	for q := n.group.quiet(); q != nil; q = q.up {
		if q == own {
			return true
		}
	}
	return false
}
