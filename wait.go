package asap

import (
	"context"
	"sync"
	"sync/atomic"
)

// side is what a node needs only when its body waits, or is observed.
type side struct {
	// A hard wait: the one thing the body waits for.
	hard    atomic.Bool
	on      atomic.Pointer[node]
	group   atomic.Pointer[Group] // or the nested group whose Wait it is in
	hint    atomic.Pointer[hint]
	asleep  atomic.Bool // whoever makes it false wakes the body
	wg      sync.WaitGroup
	edge    edge
	ticket  ticket
	node    *node
	prev    *side // among the group's parked, under its mu
	next    *side
	inList  bool
	ctx     context.Context // of the body, if it is not the node itself
	seat    seat
	watched watched
	remote  *remoteCall
}

func (n *node) sideOf() *side {
	if s := n.side.Load(); s != nil {
		return s
	}
	s := &side{node: n}
	if !n.side.CompareAndSwap(nil, s) {
		s = n.side.Load()
	}
	return s
}

// isOwn reports whether ctx is n's own context, or ends with it alone: a wait
// with it is the body's own.
func (n *node) isOwn(ctx context.Context) bool {
	if ctx == context.Context(n) {
		return true
	}
	if s := n.side.Load(); s != nil && s.ctx != nil {
		return ctx.Done() == s.ctx.Done()
	}
	return ctx.Done() == n.Done()
}

// await returns nil when n is done, and an error when the wait is cut short.
func (n *node) await(ctx context.Context) error {
	w, ok := ctx.(*node)
	if !ok {
		w, _ = ctx.Value(nodeKey{}).(*node)
	}
	if err := n.group.refuseAwait(ctx, n, w); err != nil {
		return err
	}
	if n.group.remote != nil {
		return n.group.remote.await(ctx, n)
	}
	switch {
	case w == nil || w.done():
		return n.awaitSoft(ctx, nil)
	case !w.isOwn(ctx):
		return n.awaitSoft(ctx, w)
	case !w.sideOf().hard.CompareAndSwap(false, true):
		return n.awaitSoft(ctx, w) // another goroutine of the body waits already
	}
	s := w.side.Load()
	defer s.hard.Store(false)
	if ctx.Err() != nil || w.group.end.Load() != nil {
		return n.cutShort(ctx, w)
	}
	if err := s.publish(n); err != nil {
		return err
	}
	defer s.on.Store(nil)
	if w.group != n.group || w.kind&entrant != 0 || s.ctx != nil && s.ctx.Done() != w.Done() {
		// The edge in n's list would stay there if the wait were cut short
		// while n's group goes on, or the group's end is not the only one.
		return n.awaitAcross(ctx, w)
	}
	return n.awaitHard(w, s)
}

// awaitedLate tells observers of an await of n, which is done already.
func (n *node) awaitedLate(ctx context.Context) {
	if n.group.watch == nil {
		return
	}
	if w, _ := ctx.Value(nodeKey{}).(*node); w != nil && !w.done() && w.group.watch != nil {
		w.group.watch.passed(w, n)
	}
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

// awaitHard parks w's body until n is done or their group is canceled.
//
// It links itself into n's list and the group's, and then looks whether the
// group has ended; the canceller stores the end and then takes the list. So
// one of the two sees the other, and asleep decides who wakes it, once.
func (n *node) awaitHard(w *node, s *side) error {
	g := w.group
	g.watchParent()
	if g.watch != nil {
		g.watch.blocked(w, n, nil, g.watch.base.now())
		defer g.watch.resumedNow(w)
	}
	w.rise()
	s.ticket.wg = &s.wg
	s.wg.Add(1)
	s.asleep.Store(true)
	if !n.link(&s.edge, w) {
		w.wake()
	} else if !g.park(s) {
		w.wake()
	}
	s.wg.Wait()
	g.unpark(s)
	if n.done() {
		return nil
	}
	return n.cutShort(w, w)
}

// wake ends w's hard wait, if nobody has before. A body without a free slot
// sleeps on until it gets one.
func (w *node) wake() {
	s := w.side.Load()
	if s == nil || !s.asleep.CompareAndSwap(true, false) {
		return
	}
	if w.sit(&s.ticket) {
		s.wg.Done()
	}
}

func (g *Group) park(s *side) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.end.Load() != nil {
		return false
	}
	s.inList = true
	s.prev, s.next = nil, g.parked
	if g.parked != nil {
		g.parked.prev = s
	}
	g.parked = s
	return true
}

func (g *Group) unpark(s *side) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !s.inList {
		return
	}
	s.inList = false
	if s.prev == nil {
		g.parked = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.prev, s.next = nil, nil
}

func (g *Group) wakeParked() {
	g.mu.Lock()
	var nodes []*node
	for s := g.parked; s != nil; s = s.next {
		nodes = append(nodes, s.node)
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

// awaitAcross is a hard wait for a task of another group. A nested group whose
// Wait would close a cycle with it cuts it.
func (n *node) awaitAcross(ctx context.Context, w *node) error {
	cut := make(chan *CycleError, 1)
	w.group.root.cross(w, cut)
	defer w.group.root.uncross(w)
	if path := cycleFrom(w, n); path != nil {
		return &CycleError{path}
	}
	return n.awaitHub(ctx, w, cut)
}

func (n *node) awaitHub(ctx context.Context, w *node, cut chan *CycleError) error {
	if ctx.Err() != nil {
		return n.cutShort(ctx, nil)
	}
	h := n.group.hubOf(n)
	if h == nil {
		return nil
	}
	if w != nil && w.group.watch != nil {
		w.group.watch.blocked(w, n, nil, w.group.watch.base.now())
		defer w.group.watch.resumedNow(w)
	}
	seated := w != nil && w.limiter() != nil
	var sw *softWait
	if seated {
		sw = &softWait{w: w}
		sw.wg.Add(1)
		sw.ticket.wg = &sw.wg
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
		sw.wg.Wait()
	}
	switch {
	case n.done():
		return nil
	case cycle != nil:
		return cycle
	}
	return n.cutShort(ctx, nil)
}
