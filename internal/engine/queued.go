package engine

import "slices"

// What a group knows of its bodies that are in queues, so that its end costs no
// look at those of others.

// queued is a body that was queued by a limiter. It may have left.
type queued struct {
	n  *Node
	at *Limiter
}

// isIn reports whether the body still is in that queue.
func (q queued) isIn() bool { return q.starts() || q.goes() }

func (q queued) starts() bool { return q.n.queued&^byEnd == q.at.mark }

func (q queued) goes() bool {
	b := q.n.bed()
	return b != nil && b.seat.queued != nil && b.seat.at == q.at
}

// enteredQueue notes that n is in the queue of l. The top limiter's mutex is
// locked.
func (g *Group) enteredQueue(n *Node, l *Limiter) {
	b := g.makeBook()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(b.queue) >= 2*b.queues+64 {
		kept := slices.DeleteFunc(b.queue, func(q queued) bool { return !q.isIn() })
		b.queue = kept
	}
	b.queue = append(b.queue, queued{n, l})
	b.queues++
}

// leftQueue notes that one of the group's bodies has left its queue. The top
// limiter's mutex is locked.
func (g *Group) leftQueue() {
	b := g.makeBook()
	g.mu.Lock()
	defer g.mu.Unlock()
	if b.queues > 0 {
		b.queues--
	}
	if b.queues == 0 { // who has left is kept no longer than that
		clear(b.queue)
		b.queue = b.queue[:0]
	}
}

// skipAllQueued ends what the group's bodies wait for in queues, once the group
// has ended: who was to start is skipped, who goes on does so without a slot.
func (g *Group) skipAllQueued() {
	b := g.book.Load()
	if b == nil {
		return
	}
	take := func() []queued {
		g.mu.Lock()
		defer g.mu.Unlock()
		list := b.queue
		b.queue, b.queues = nil, 0
		return list
	}
	var out Chain
	var granted grants
	if g.lim == nil { // only Maps have limits, each its own
		for _, q := range take() {
			mu := &q.at.top.mu
			mu.Lock()
			q.leaveLocked(&out, &granted)
			mu.Unlock()
		}
	} else { // one mutex: nobody moves up meanwhile
		mu := &g.lim.top.mu
		mu.Lock()
		list := take()
		for i := len(list) - 1; i >= 0; i-- { // the latest place of a node first
			list[i].leaveLocked(&out, &granted)
		}
		mu.Unlock()
	}
	granted.start(nil)
	for n := out.Pop(); n != nil; n = out.Pop() {
		n.group.settleUnstarted(n, false)
	}
}

// leaveLocked takes the body out of the queue, if it still is there.
func (q queued) leaveLocked(out *Chain, granted *grants) {
	switch n := q.n; {
	case q.starts():
		q.at.queue.dropReady(n)
		n.limiter().releaseLocked(q.at, granted)
		out.pushFront(n)
	case q.goes():
		s := &n.bed().seat
		s.bare = true
		s.leaveLocked(n, granted)
		return
	default:
		return
	}
	q.at.calmLocked()
}

// skipQueued skips the body of n, which is not to start any more, if it is in a
// queue.
func (g *Group) skipQueued(n *Node) {
	l := n.limiter()
	if l == nil {
		return
	}
	var out Chain
	var granted grants
	mu := &l.top.mu
	mu.Lock()
	if n.queued != 0 {
		queued{n, n.queuedAt()}.leaveLocked(&out, &granted)
	}
	mu.Unlock()
	granted.start(nil)
	if n := out.Pop(); n != nil {
		g.settleUnstarted(n, false)
	}
}

// queuedAt returns the limiter in whose queue n is to start. The marks of levels
// come again after 126 of them: then the group's list tells.
func (n *Node) queuedAt() *Limiter {
	own := n.limiter()
	if own.level < maxMark {
		l := own
		for l.mark != n.queued&^byEnd {
			l = l.up
		}
		return l
	}
	b := n.group.makeBook()
	n.group.mu.Lock()
	defer n.group.mu.Unlock()
	for i := len(b.queue) - 1; ; i-- {
		if q := b.queue[i]; q.n == n && q.starts() {
			return q.at
		}
	}
}
