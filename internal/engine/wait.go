package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// wait is one open wait of a goroutine, for a node or for the end of a nested
// group. There is one kind: it begins, is ended by exactly one, who takes the
// slots for the body in that moment or puts it into the queue of those that go
// on, and wakes the goroutine, which then finishes it.
//
// Who ends it: whoever settles the node or the last task of the group; the end of
// the body's group, which goes through parked; whoever finds that it is part of a
// cycle; or the goroutine itself, when its context has ended.
type wait struct {
	by     *Node                 // whose body waits, nil if it is nobody's
	on     atomic.Pointer[Node]  // what is waited for, nil when that is over, or
	group  atomic.Pointer[Group] // a nested group
	direct bool                  // in the list of on itself
	hard   bool                  // the body's own: an edge of the wait-for graph
	uphill bool                  // counted as one: see cycle.go
	ctx    context.Context       // its end cuts the wait, if done is not nil
	done   <-chan struct{}       // of ctx

	over atomic.Bool // whoever makes it true ends the wait
	how  error       // byTarget, or why it was cut; written by who ended it before it wakes
	wake sync.WaitGroup
	cut  chan struct{} // instead of wake if done is not nil

	edge       Edge                 // in the list of on, of the first wait of a waiter
	also       atomic.Pointer[wait] // the next open wait of the body: see waiter
	prev, next *wait                // at a hub or a group: under the mu of the group of what is waited for
	then       *wait                // in a list of those that got slots

	parked         bool // in the list of by's group, under its mu
	before, behind *wait
}

// isOwn reports whether ctx is n's own context, or ends with it alone: a wait
// with it is the body's own.
func (n *Node) isOwn(ctx context.Context) bool {
	own := n.ownContext()
	return ctx == own || ctx.Done() == own.Done()
}

// Await returns nil when n is done, and an error when the wait is cut short or
// can never end. ctx says who waits.
//
// What comes before the sleep and after it has left the stack while the body
// sleeps: 3.4 KB of stack a body that only waits, with those frames 4 (and 2 a
// goroutine that receives from a channel).
func Await(n *Node, ctx context.Context) error {
	w, err := n.begin(ctx)
	if w == nil {
		return err
	}
	w.sleep()
	return w.finish()
}

// begin returns the wait for n that begins, or how it ended at once.
func (n *Node) begin(ctx context.Context) (*wait, error) {
	by := nodeOf(ctx)
	if b := n.group.backend; b != nil {
		if waited, err := b.Await(ctx, n, by); waited || err != nil {
			return nil, err
		}
	}
	if n.isDone() {
		if by != nil {
			by.passed(n)
		}
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, n.cutShort(causeOf(ctx, err))
	}
	if by == nil {
		return n.beginAtHub(&wait{ctx: ctx, done: ctx.Done()})
	}
	if own := by.ownContext(); ctx != own || own != context.Context(by) {
		done := ctx.Done()
		switch {
		case ctx != own && done != own.Done():
			return n.beginAtHub(&wait{by: by, ctx: ctx, done: done})
		case done != by.Done(): // of a function of a Race, or by an observer
			return n.beginAtHub(&wait{by: by, ctx: ctx, done: done, hard: true})
		}
	}
	if e := by.group.end.Load(); e != nil { // a moment before its context
		return nil, n.cutShort(e.Cause)
	}
	if by.group == n.group {
		b := by.makeWaiter()
		if w := b.take(); w != nil {
			return n.beginDirect(b, w)
		}
	}
	return n.beginAtHub(&wait{by: by, hard: true})
}

func (n *Node) cutShort(cause error) error { return n.group.host.CutShort(n, cause) }

// A hard wait may be ended as soon as anybody can see it, before its goroutine
// has begun to sleep. So it is ready to be woken before it is in the list of its
// group, and there before it is published: who follows the waits finds those that
// lead out of a nested group in that list.

// beginDirect begins a hard wait within the group, with the first record of b.
func (n *Node) beginDirect(b *waiter, w *wait) (*wait, error) {
	by := b.node
	w.direct = true
	w.on.Store(n)
	by.group.watchParent() // asks the caller's context, so before anything is published
	w.wake.Add(1)
	parked := by.group.park(w)
	if err := w.publish(b); err != nil {
		w.wake.Done()
		b.giveBack(w)
		return nil, err
	}
	b.firm.Store(true)
	by.blocked(n, nil)
	by.giveSlots(w)
	if !parked {
		w.end(nil)
	} else if !n.link(&w.edge, by) {
		w.end(byTarget)
	}
	return w, nil
}

// beginAtHub begins any other wait, which leaves nothing behind in n's list.
func (n *Node) beginAtHub(w *wait) (*wait, error) {
	by := w.by
	w.on.Store(n)
	if w.done != nil {
		w.cut = make(chan struct{})
	} else {
		w.wake.Add(1)
	}
	parked := true
	if w.hard {
		by.group.watchParent()
		parked = by.group.park(w)
		if err := w.publish(by.makeWaiter()); err != nil {
			return nil, err
		}
	}
	if by != nil {
		by.blocked(n, nil)
		by.giveSlots(w)
	}
	if !parked {
		w.end(nil)
	} else if !n.group.joinHub(n, w) {
		w.end(byTarget)
	}
	return w, nil
}

// sleep returns when the wait has ended and its body has its slots again.
func (w *wait) sleep() {
	if w.cut == nil {
		w.wake.Wait()
		return
	}
	select {
	case <-w.cut:
		return
	case <-w.done:
	}
	w.end(causeOf(w.ctx, w.ctx.Err()))
	<-w.cut
}

// byTarget is how a wait ends with what was waited for.
var byTarget = errors.New("done")

// end ends the wait, if nobody has before: how is byTarget, nil if the body's
// group has ended, or else what has cut the wait short. Anybody may call it,
// without a lock, who knows that the record is still that of the wait meant.
func (w *wait) end(how error) {
	if w.over.CompareAndSwap(false, true) {
		w.ended(how)
	}
}

// ended is the rest of end, for who has made over true.
func (w *wait) ended(how error) {
	w.how = how
	if w.by == nil || w.by.takeSlots(w) {
		w.wakeUp()
	}
}

// wakeUp wakes the goroutine, which may finish the wait at once.
func (w *wait) wakeUp() {
	if w.cut != nil {
		close(w.cut)
	} else {
		w.wake.Done()
	}
}

// finish is the goroutine's last step of the wait, and says how it ended.
func (w *wait) finish() error {
	by, n, how := w.by, w.on.Load(), w.how
	if w.hard {
		by.group.unpark(w)
		w.withdraw(by.waiter())
	}
	if !w.direct {
		n.group.leaveHub(n, w)
	}
	if by != nil {
		by.resumed(n, nil)
	}
	if n.isDone() {
		if w.direct && how == byTarget { // else somebody is about to tell the record
			by.waiter().giveBack(w)
		}
		return nil
	}
	if c, ok := how.(cycleCut); ok {
		return c.error
	}
	if how == nil { // the group's end
		how = by.group.endCause()
	}
	return n.cutShort(how)
}

// tell tells n that what it was linked to is done: a hub, or a body that waits.
func (n *Node) tell() {
	if n.kind&helper != 0 {
		n.body.(*hub).fire()
	} else {
		n.waiter().first.end(byTarget)
	}
}

// endCause is why the group's context has ended.
func (g *Group) endCause() error {
	if e := g.end.Load(); e != nil {
		return e.Cause
	}
	return context.Canceled // it has ended by itself
}
