package asap

import (
	"context"
)

// isOwn reports whether ctx is n's own context, or ends with it alone: a wait
// with it is the body's own.
func (n *node) isOwn(ctx context.Context) bool {
	if ctx == context.Context(n) {
		return true
	}
	if s := n.more(); s != nil && s.ctx != nil {
		return ctx.Done() == s.ctx.Done()
	}
	return ctx.Done() == n.Done()
}

// await returns nil when n is done, and an error when the wait is cut short.
//
// What comes before the sleep and after it has left the stack while the body
// sleeps: 3.4 KB of stack a body that only waits, with those frames 4 (and 2 a
// goroutine that receives from a channel).
func (n *node) await(ctx context.Context) error {
	b, err := n.lieDown(ctx)
	if b == nil {
		return err
	}
	b.wg.Wait()
	return n.getUp(b)
}

// lieDown returns the bed of the body whose hard wait for n begins, or waits in
// any other way and returns how that ended.
func (n *node) lieDown(ctx context.Context) (*bed, error) {
	w, ok := ctx.(*node)
	if !ok {
		w, _ = ctx.Value(nodeKey{}).(*node)
	}
	if g := n.group; g.plan != nil || g.remote != nil { // apart: its frame is of 400 bytes
		if err := g.refuseAwait(ctx, n, w); err != nil {
			return nil, err
		}
		if g.remote != nil {
			return nil, g.remote.await(ctx, n)
		}
	}
	switch {
	case w == nil || w.done():
		return nil, n.awaitSoft(ctx, nil)
	case !w.isOwn(ctx):
		return nil, n.awaitSoft(ctx, w)
	case !w.bedOf().hard.CompareAndSwap(false, true):
		return nil, n.awaitSoft(ctx, w) // another goroutine of the body waits already
	}
	b := w.madeBed()
	if ctx.Err() != nil || w.group.end.Load() != nil {
		b.hard.Store(false)
		return nil, n.cutShort(ctx, w)
	}
	if c := w.more().ctx; w.group != n.group || w.kind&entrant != 0 || c != nil && c.Done() != w.Done() {
		// The edge in n's list would stay there if the wait were cut short
		// while n's group goes on, or the group's end is not the only one.
		return nil, n.awaitAcross(ctx, w, b)
	}
	w.group.watchParent() // asks the caller's context, so before anything is published
	if err := b.publish(n); err != nil {
		b.hard.Store(false)
		return nil, err
	}
	n.awaitHard(w, b)
	return b, nil
}

// awaitedLate is an await of n when it is done: observers are told, and what a
// flow refuses it refuses now too.
func (n *node) awaitedLate(ctx context.Context) error {
	g := n.group
	if g.watch == nil && g.plan == nil && g.remote == nil {
		return nil
	}
	w, _ := ctx.Value(nodeKey{}).(*node)
	if err := g.refuseAwait(ctx, n, w); err != nil {
		return err
	}
	if w != nil && !w.done() && w.group.watch != nil {
		w.group.watch.passed(w, n)
	}
	return nil
}

// cutShort is the error of w's wait for n that ended before n. The group's end
// is known a moment before its context is canceled.
func (n *node) cutShort(ctx context.Context, w *node) error {
	cause := context.Cause(ctx)
	if cause == nil && w != nil {
		cause = w.group.end.Load().cause
	}
	return &awaitError{n.label(), cause}
}

// awaitHard makes the end of n, or of the group of both, wake w's body.
//
// It links itself into n's list and the group's, and then looks whether the
// group has ended; the canceller stores the end and then takes the list. So
// one of the two sees the other, and asleep decides who wakes it, once.
func (n *node) awaitHard(w *node, b *bed) {
	g := w.group
	if g.watch != nil {
		g.watch.blocked(w, n, nil, g.watch.now())
	}
	w.rise()
	b.ticket.n, b.ticket.wg = w, &b.wg
	b.firm.Store(n)
	b.wg.Add(1)
	b.asleep.Store(true)
	if !n.link(&b.edge, w) || !g.park(b) {
		w.wake()
	}
}

// getUp ends the hard wait for n that has woken the body of b.
func (n *node) getUp(b *bed) error {
	w := b.node
	g := w.group
	g.unpark(b)
	b.firm.Store(nil)
	if g.watch != nil {
		g.watch.resumed(w, n, nil, g.watch.now())
	}
	b.on.Store(nil)
	var err error
	if !n.done() {
		err = n.cutShort(w, w)
	}
	b.hard.Store(false)
	return err
}

// wake ends w's hard wait, if nobody has before. A body without a free slot
// sleeps on until it gets one.
func (w *node) wake() {
	b := w.madeBed()
	if b == nil || !b.asleep.CompareAndSwap(true, false) {
		return
	}
	b.ticket.sit()
}

func (g *Group) park(b *bed) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.end.Load() != nil {
		return false
	}
	b.parked = true
	b.prev, b.next = nil, g.parked
	if g.parked != nil {
		g.parked.prev = b
	}
	g.parked = b
	return true
}

func (g *Group) unpark(b *bed) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !b.parked {
		return
	}
	b.parked = false
	if b.prev == nil {
		g.parked = b.next
	} else {
		b.prev.next = b.next
	}
	if b.next != nil {
		b.next.prev = b.prev
	}
	b.prev, b.next = nil, nil
}

func (g *Group) wakeParked() {
	g.mu.Lock()
	var nodes []*node
	for b := g.parked; b != nil; b = b.next {
		nodes = append(nodes, b.node)
	}
	g.mu.Unlock()
	for _, n := range nodes {
		n.wake()
	}
}

// awaitSoft waits for n or ctx, whichever ends first. The waiter w is nil when
// it is no task's.
func (n *node) awaitSoft(ctx context.Context, w *node) error {
	return n.awaitHub(ctx, w, nil)
}

// awaitAcross is a hard wait for a task of another group, or of a function of
// a Race. It is cut when a cycle is closed later, by the Wait of a nested group
// or by the end of another function.
func (n *node) awaitAcross(ctx context.Context, w *node, b *bed) error {
	defer b.hard.Store(false)
	cut := make(chan *CycleError, 1)
	w.group.root.cross(w, cut)
	defer w.group.root.uncross(w)
	if err := b.publish(n); err != nil {
		return err
	}
	defer b.on.Store(nil)
	return n.awaitHub(ctx, w, cut)
}

func (n *node) awaitHub(ctx context.Context, w *node, cut chan *CycleError) error {
	if ctx.Err() != nil {
		return n.cutShort(ctx, nil)
	}
	h := n.group.hubOf(n)
	if h == nil { // it has ended meanwhile
		if w != nil && w.group.watch != nil {
			w.group.watch.passed(w, n)
		}
		return nil
	}
	if w != nil && w.group.watch != nil {
		w.group.watch.blocked(w, n, nil, w.group.watch.now())
		defer func() { w.group.watch.resumed(w, n, nil, w.group.watch.now()) }()
	}
	seated := w != nil && w.limiter() != nil
	var sw *softWait
	if seated {
		sw = newSoftWait(w)
		w.rise()
		h.join(sw)
	}
	var cycle error
	select {
	case <-h.fired:
	case <-ctx.Done():
	case c := <-cut:
		cycle = c
	}
	if seated {
		if h.leave(sw) {
			sw.sit()
		}
		sw.done.Wait()
	}
	switch {
	case n.done():
		return nil
	case cycle != nil:
		return cycle
	}
	return n.cutShort(ctx, nil)
}
