package engine

import "slices"

// What a group knows of its bodies that are in queues of other limits than its
// own, so that its end costs no look at those of others.

// queued is a body that was queued by a limiter. It may have left.
type queued struct {
	n  *Node
	at *Limiter
}

// isIn reports whether the body still is in that queue.
func (q queued) isIn() bool { return q.starts() || q.goes() }

func (q queued) starts() bool { return q.n.queued&^byEnd == q.at.mark }

func (q queued) goes() bool {
	b := q.n.waiter()
	return b != nil && b.claim.queued != nil && b.claim.at == q.at
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
	var l leaving
	if g.lim == nil { // only Maps have limits, each its own
		for _, q := range g.takeQueued() {
			mu := &q.at.top.mu
			mu.Lock()
			l.takeLocked(q)
			mu.Unlock()
		}
	} else { // one mutex: nobody moves up meanwhile
		mu := &g.lim.top.mu
		mu.Lock()
		list := g.takeQueued()
		for i := len(list) - 1; i >= 0; i-- { // the latest place of a node first
			l.takeLocked(list[i])
		}
		if own := g.lim; own.queue.of == g && own.queue.left > 0 {
			for _, n := range own.queue.bodiesOf(g) {
				l.takeLocked(queued{n, own})
			}
		}
		l.releaseLocked()
		mu.Unlock()
	}
	l.finish()
}

// takeQueued empties the group's list.
func (g *Group) takeQueued() []queued {
	b := g.book.Load()
	if b == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	list := b.queue
	b.queue, b.queues = nil, 0
	return list
}

// leaving is bodies that leave queues for good. All of them leave before any gives
// back the slots that it has already, lest those are given to the next of them.
type leaving struct {
	left    []queued
	out     Chain // to be skipped
	granted grants
}

// takeLocked takes the body out of its queue, if it still is there.
func (l *leaving) takeLocked(q queued) {
	switch n := q.n; {
	case q.starts():
		q.at.queue.dropReady(n)
		l.out.pushFront(n)
	case q.goes():
		n.waiter().claim.bare = true
		q.at.queue.dropGoing(n)
		l.granted.wake(n)
	default:
		return
	}
	if q.at != q.n.limiter() {
		l.left = append(l.left, q)
	}
	q.at.calmLocked()
}

func (l *leaving) releaseLocked() {
	for _, q := range l.left {
		q.n.limiter().releaseLocked(q.at, &l.granted)
	}
}

// finish starts and wakes who got slots, and skips the rest, without the mutex.
func (l *leaving) finish() {
	l.granted.start(nil)
	for n := l.out.Pop(); n != nil; n = l.out.Pop() {
		n.group.settleUnstarted(n, false)
	}
}

// skipQueued skips the body of n, which is not to start any more, if it is in a
// queue.
func (g *Group) skipQueued(n *Node) {
	l := n.limiter()
	if l == nil {
		return
	}
	var leaves leaving
	mu := &l.top.mu
	mu.Lock()
	if n.queued != 0 {
		leaves.takeLocked(queued{n, n.queuedAt()})
		leaves.releaseLocked()
	}
	mu.Unlock()
	leaves.finish()
}

// queuedAt returns the limiter in whose queue n is to start. The marks of levels
// come again after 126 of them: then the group's list tells.
func (n *Node) queuedAt() *Limiter {
	own := n.limiter()
	if own.level < maxMark || own.queue.of == n.group && own.mark == n.queued&^byEnd && own.queue.has(n) {
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
