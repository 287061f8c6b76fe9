package engine

import (
	"context"
	"sync"
	"sync/atomic"
)

// quiet knows when nobody can go on in a group and those nested in it, so that what is
// held until everybody who could still ask has asked can begin: see held.go. Only
// groups in which something may be held have one: it is made before the first task is
// declared, and a group that is nested in one with a quiet has that too.
//
// awake counts goroutines, and not bodies, so that what a body costs does not change:
// the workers and who runs bodies in Wait, but for those in a body that sleeps, and
// the caller until it waits. So it changes where a goroutine is started or quits, and
// where a body begins or ends to wait, and never between two bodies.
//
//   - A queue needs no look: while it is not empty somebody is outside of any body
//     (6), and so awake.
//   - Nor do the slots of the groups' own limits. Who has one is awake, as a body that
//     sleeps has given its own; so when nobody is, all are free and nobody queues.
//   - A body sleeps from the moment when the first of its goroutines waits for a task
//     or a nested group until none does, as it has no slot then. One in Blocking, or
//     that is blocked on anything else, is awake.
//   - A call that an Around has left behind is nobody: neither its worker, which waits for
//     it, nor a body of which Doze says so. But one that has slots is awake, like any.
//
// It is never too low: raised before, and lowered after. Who makes somebody go on
// raises it before that one may, and is awake meanwhile, or is of no body; so when it
// falls to zero, nobody is on the way. Who lowers it to zero takes what is held; who
// holds something looks at it afterwards: one of the two sees the other. Keeps 37.
type quiet struct {
	awake atomic.Int64
	of    *Group
	up    *quiet // that of the group around, which counts the same goroutines
	mu    sync.Mutex
	held  *Held // the latest first; under mu
}

// quiet returns that of the group or of one around it, nil without.
func (g *Group) quiet() *quiet {
	if b := g.ledger.Load(); b != nil {
		return b.quiet
	}
	return nil
}

// hasOwnQuiet reports whether the group's quiet is its own: then that counts the
// caller until it waits.
func (g *Group) hasOwnQuiet() bool {
	q := g.quiet()
	return q != nil && q.of == g
}

// MakeQuiet makes it possible to hold nodes of g back. It reports false, and does
// nothing, if a task was declared already, whose goroutine nobody has counted. The
// caller is who has made the group.
func (g *Group) MakeQuiet() bool {
	switch {
	case g.hasOwnQuiet():
		return true
	case g.declared.Load() != 1 || g.waited.Load()&counted != 0:
		return false
	}
	b := g.makeLedger()
	q := &quiet{of: g, up: b.quiet}
	q.awake.Store(1) // the caller
	b.quiet = q
	return true
}

// rouse counts a goroutine as awake, before it may go on. Anybody who is awake, or of
// no body, may call it; q may be nil.
func (q *quiet) rouse() {
	for ; q != nil; q = q.up {
		q.awake.Add(1)
	}
}

// rouseJoiner counts who is about to run bodies in Wait, before the body that waits
// sleeps; awaitOver is its end. Bodies on another engine are not counted, and may ask: so
// who drives them is not either.
func (g *Group) rouseJoiner() {
	if q := g.quiet(); q != nil && !g.elsewhere {
		q.rouse()
	}
}

// lullCaller is the end of counting who has made the group, once it waits. If it runs
// bodies then, rouseJoiner has counted it.
func (g *Group) lullCaller() {
	if g.hasOwnQuiet() {
		g.quiet().lullOne()
	}
}

// lull is the end of what rouse has begun. Whoever makes it quiet begins what is held.
// The caller is alive in its group, and holds no lock.
func (q *quiet) lull() {
	for ; q != nil; q = q.up {
		q.lullOne()
	}
}

// lullOne is lull for this one alone. Apart for the frames of its callers.
//
//go:noinline
func (q *quiet) lullOne() {
	for q.awake.Add(-1) == 0 && q.beginHeld() { // who has begun something was awake meanwhile
	}
}

// beginHeld begins what is held, and reports whether there was anything: then the
// caller is counted once, as awake.
func (q *quiet) beginHeld() bool {
	q.mu.Lock()
	h := q.held
	q.held = nil
	for x := h; x != nil; x = x.next {
		x.isHeld, x.prev = false, nil
	}
	q.mu.Unlock()
	if h == nil {
		return false
	}
	q.awake.Add(1)
	var first *Held
	for h != nil { // what was held first begins first
		next := h.next
		h.next = first
		first, h = h, next
	}
	for first != nil {
		next := first.next
		first.next = nil
		first.begin(false)
		first = next
	}
	return true
}

// fallAsleep is the last step before a goroutine of n's body sleeps in a wait, which
// has given the slots: who got those is awake.
func (n *Node) fallAsleep() {
	if q := n.group.quiet(); q != nil && n.makeWaiter().claim.asleep.Add(1) == 1 {
		q.lull()
	}
}

// rouse is what the end of such a wait begins with, by whoever ends it. The two may come
// in any order. It counts n's body before it asks whether that was the last wait, as who
// asks first would have nobody awake in between.
func (n *Node) rouse() {
	q := n.group.quiet()
	if q == nil {
		return
	}
	q.rouse()
	if n.makeWaiter().claim.asleep.Add(-1) != 0 {
		q.lull()
	}
}

// wakeForGood counts the goroutine of n's body, which has ended, though other goroutines
// of it still wait that it has left behind: what those do changes nothing any more. Each
// body has a waiter from its start, as one of those may be on the way to its first wait.
func (b *waiter) wakeForGood() {
	q := b.node.group.quiet()
	if q == nil {
		return
	}
	q.rouse() // first, as in rouse
	if b.claim.asleep.Swap(neverAsleep) <= 0 {
		q.lull()
	}
}

// neverAsleep is asleep of a body that has ended: no number of waits makes it 0 or 1.
const neverAsleep = -1 << 30

// Rest calls fn, while which the body of n counts as one that sleeps: it is a call that
// goes on without anybody's asking.
func Rest(n *Node, fn func() error) error {
	n.fallAsleep()
	defer n.rouse()
	return fn()
}

// Doze counts the body of ctx as one that sleeps though it runs on, as nobody wants any
// more what comes of it, unless it has slots. The end of the body is the end of that.
// Anybody may call it.
func Doze(ctx context.Context) {
	if n := nodeOf(ctx); n != nil && n.limiter() == nil {
		n.fallAsleep()
	}
}
