package engine

import (
	"context"
	"sync"
	"sync/atomic"
)

// wait is one open wait of a goroutine, for a node or for the end of a nested
// group. There is one kind: it begins, is ended by exactly one, who takes the
// slots for the body in that moment or puts it into the queue of those that go
// on, and wakes the goroutine, which then concludes it. Keeps 9.
//
// Who ends it: whoever settles the node or the last task of the group; the end of
// the body's group, which goes through parked; whoever finds that it is part of a
// cycle; or the goroutine itself, when its context has ended.
type wait struct {
	by      *Node                 // whose body waits, nil if it is nobody's
	on      atomic.Pointer[Node]  // what is waited for, nil when that is over, or
	group   atomic.Pointer[Group] // a nested group
	direct  bool                  // in the list of on itself
	hard    bool                  // the body's own: an edge of the wait-for graph
	uphill  bool                  // counted as one: see cycle.go
	several bool                  // counted as one: see cycle.go
	told    bool                  // as one of the group of on, if it is nobody's
	idles   bool                  // counted in by's idle: see idle.go
	byEnd   bool                  // of its goroutine: the end of by's group has cut it, or for a nested group it began after that
	firm    atomic.Pointer[Node]  // on, of a direct wait that was not refused: see hint
	ctx     context.Context       // its end cuts the wait, if done is not nil
	done    <-chan struct{}       // of ctx

	ended     atomic.Bool // whoever makes it true ends the wait
	how       error       // why it was cut, written by who ended it before it is woken
	woken     sync.WaitGroup
	wokenChan chan struct{} // instead of wake if done is not nil

	edge        Edge                 // in the list of on, of the first wait of a waiter
	nextOpen    atomic.Pointer[wait] // the next open wait of the body: see waiter
	prevOpen    *wait                // the one before, under the waiter's mu
	prev, next  *wait                // at a hub or a group: under the mu of the group of what is waited for
	nextGranted *wait                // in a list of those that got slots

	parked                 bool // in the list of by's group, under its mu
	prevParked, nextParked *wait
}

// Await returns nil when n is done, and an error when the wait is cut short or
// can never end. ctx says who waits.
//
// What comes before the sleep and after it has left the stack while the body
// sleeps, so nothing of begin and conclude may be inlined here: 3.4 KB of stack a body that only waits, with those frames 4 (and 2 a
// goroutine that receives from a channel). The slots are given here and not by begin
// so that the search by rank fits into the stack that a goroutine starts with.
func Await(n *Node, ctx context.Context) error {
	if g := n.group; n.isDone() && g.watch == nil && g.backend == nil {
		return nil
	}
	w, err := n.begin(ctx)
	if w == nil {
		return err
	}
	if w.by != nil {
		w.by.giveSlots(w)
		w.by.fallAsleep()
	}
	if w.wokenChan == nil {
		w.woken.Wait()
	} else {
		w.sleep()
	}
	return w.conclude()
}

// begin returns the wait for n that begins, or how it ended at once; the caller gives
// the slots of the body that waits. The order of
// its questions is the contract's: a done task before a dead context, and that
// before a cycle. No lock is held, as it asks ctx.
func (n *Node) begin(ctx context.Context) (*wait, error) {
	by := nodeOf(ctx)
	if b := n.group.backend; b != nil {
		if waited, err := b.Await(ctx, n, by); waited || err != nil {
			return nil, err
		}
	}
	if n.isDone() {
		if by != nil {
			by.reportPassed(n)
		} else if n.reportOutside() {
			n.reportResumedOutside()
		}
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, n.cutShort(causeOf(ctx, err))
	}
	if by == nil || ctx != context.Context(by) {
		if w := n.apart(ctx, by); w != nil {
			return n.beginAtHub(w)
		}
	}
	if e := by.group.ending.Load(); e != nil { // a moment before its context
		return nil, n.cutShort(e.Cause)
	}
	if by.group == n.group {
		b := by.makeWaiter()
		if w := b.useFirst(); w != nil {
			return n.beginDirect(b, w)
		}
	}
	return n.beginAtHub(&wait{by: by, hard: true})
}

// apart returns a new wait if it is nobody's, or not with the body's own context,
// or that has an end of its own, and else nil. Apart from begin for its frame.
//
//go:noinline
func (n *Node) apart(ctx context.Context, by *Node) *wait {
	if by != nil {
		if c := by.bodyContext(); c != nil && ctx == context.Context(c) {
			if e, ok := c.Context.(ender); ok {
				return &wait{by: by, ctx: ctx, done: e.ownEnd(), hard: true}
			}
		}
	}
	done := ctx.Done()
	switch {
	case by == nil:
		return &wait{ctx: ctx, done: done}
	case !by.isOwn(ctx, done):
		return &wait{by: by, ctx: ctx, done: done}
	case done != by.Done(): // of a function of a Race, or by an observer
		return &wait{by: by, ctx: ctx, done: done, hard: true}
	}
	return nil
}

// cutShort is the error of a wait for n that cause has cut.
func (n *Node) cutShort(cause error) error { return n.group.host.CutShort(n, cause) }

// beginDirect begins a hard wait within the group, with the first wait of b, whose
// edge is linked into n's list itself: keeps 11.
//
// Whoever ends n or the group finds it in a list, or has ended before it came
// there, which it sees itself: keeps 10. Either may end it before giveSlots.
func (n *Node) beginDirect(b *waiter, w *wait) (*wait, error) {
	by := b.node
	w.direct = true
	w.on.Store(n)
	by.group.watchParent() // asks the caller's context, so before the wait is announced
	w.woken.Add(1)
	w.announce(b)
	if !n.link(&w.edge, by) {
		w.end(nil)
	}
	if err := w.refused(b, n); err != nil { // its edge stays in n's list
		w.woken.Done()
		return nil, err
	}
	w.firm.Store(n)
	by.reportBlocked(n, nil)
	w.beginIdle(n)
	return w, nil
}

// beginAtHub begins any other wait, which leaves nothing behind in n's list: a
// soft one or nobody's, one for a node of another group, or a hard one while
// another goroutine of the body has the first. Keeps 10.
func (n *Node) beginAtHub(w *wait) (*wait, error) {
	by := w.by
	w.on.Store(n)
	if w.done != nil {
		w.wokenChan = make(chan struct{})
	} else {
		w.woken.Add(1)
	}
	if w.hard {
		by.group.watchParent()
		w.announce(by.makeWaiter())
	}
	if !n.group.addToHub(n, w) {
		w.end(nil)
	}
	if w.hard {
		if err := w.refused(by.waiter(), n); err != nil {
			n.group.removeFromHub(n, w)
			return nil, err
		}
	}
	if by != nil {
		by.reportBlocked(n, nil)
		w.beginIdle(n)
	} else {
		w.told = n.reportOutside()
	}
	return w, nil
}

// sleep returns when the wait has ended, or its context, and its body has its slots
// again: who ended it closes wokenChan only then.
//
//go:noinline
func (w *wait) sleep() {
	select {
	case <-w.wokenChan:
		return
	case <-w.done:
	}
	w.byEnd = w.by != nil && w.by.group.hasEnded()
	w.end(causeOf(w.ctx, w.ctx.Err()))
	<-w.wokenChan
}

// end ends the wait, if nobody has before: how is nil if what was waited for has
// ended, or what has cut the wait short. Anybody may call it, with no mutex held
// but cycles; w may be used again when it returns. Keeps 9.
func (w *wait) end(how error) {
	if w.ended.CompareAndSwap(false, true) {
		w.how = how
		if w.by != nil {
			w.by.rouse()
		}
		w.goOn()
	}
}

// goOn takes the slots for the body of a wait that the caller has ended, or queues it,
// and has it woken.
func (w *wait) goOn() {
	if w.by == nil || w.by.takeSlots(w) {
		w.wake()
	}
}

// wake wakes the goroutine, which may conclude the wait at once: only who has ended
// it calls this, or who grants the slots that it queued for.
func (w *wait) wake() {
	if w.wokenChan != nil {
		close(w.wokenChan)
	} else {
		w.woken.Done()
	}
}

// conclude is the goroutine's last step of the wait, and says how it ended. A done
// node wins over what has cut the wait. The first wait is freed only if nobody else
// can still come to end it: keeps 11.
func (w *wait) conclude() error {
	by, n, how := w.by, w.on.Load(), w.how
	w.endIdle()
	if w.hard {
		w.withdraw(by.waiter())
	}
	if !w.direct {
		n.group.removeFromHub(n, w)
	}
	if by != nil {
		by.reportResumed(n, nil)
	} else if w.told {
		n.reportResumedOutside()
	}
	if f, ok := how.(foreignBubble); ok {
		f.raise(by)
	}
	if n.isDone() {
		if f := n.failure(); by != nil && f != nil && (how == nil || w.byEnd) && (f.Outcome == Canceled || f.Outcome == Skipped) && by.group.endsWithOuter() {
			by.makeWaiter().cut.Or(CutTask) // what was waited for has ended with the group, maybe a moment before the wait
		}
		if w.direct && by.group.ending.Load() == nil && !by.group.isOver() {
			by.waiter().freeFirst(w) // else there may be two who want to end it, of whom one comes late
		}
		return nil
	}
	if c, ok := how.(cycleCut); ok {
		return c.error
	}
	if how == nil || w.byEnd {
		by.makeWaiter().cut.Or(CutTask)
	}
	if how == nil { // the group's end
		how = by.group.endCause()
	}
	return n.cutShort(how)
}

// tell tells n that what it was linked to is done: a hub, or a body that waits. The
// caller has closed that list and cleared the edge: keeps 2.
func (n *Node) tell() {
	if n.kind&helper != 0 {
		n.body.(*hub).fire()
	} else {
		n.waiter().first.end(nil)
	}
}

// endCause is why the group's context has ended.
func (g *Group) endCause() error {
	if e := g.ending.Load(); e != nil {
		return e.Cause
	}
	return context.Canceled // it has ended by itself
}
