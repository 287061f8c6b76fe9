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

func (q queued) starts() bool { return q.n.queueMark&^byEnd == q.at.mark }

func (q queued) goes() bool {
	b := q.n.waiter()
	return b != nil && b.claim.queued != nil && b.claim.at == q.at
}

// enteredQueue notes that n is in the queue of l. The top limiter's mutex is
// locked.
func (g *Group) noteQueued(n *Node, l *Limiter) {
	b := g.makeLedger()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(b.queued) >= 2*b.queuedNow+64 {
		kept := slices.DeleteFunc(b.queued, func(q queued) bool { return !q.isIn() })
		b.queued = kept
	}
	b.queued = append(b.queued, queued{n, l})
	b.queuedNow++
}

// leftQueue notes that one of the group's bodies has left its queue. The top
// limiter's mutex is locked.
func (g *Group) noteUnqueued() {
	b := g.makeLedger()
	g.mu.Lock()
	defer g.mu.Unlock()
	if b.queuedNow > 0 {
		b.queuedNow--
	}
	if b.queuedNow == 0 { // who has left is kept no longer than that
		clear(b.queued)
		b.queued = b.queued[:0]
	}
}

// skipAllQueued ends what the group's bodies wait for in queues, once the group
// has ended: who was to start is skipped, who goes on does so without a slot.
func (g *Group) skipAllQueued() {
	var l dropping
	if g.limiter == nil { // only Maps have limits, each its own
		for _, q := range g.clearQueued() {
			mu := &q.at.top.mu
			mu.Lock()
			l.dropLocked(q)
			mu.Unlock()
		}
	} else { // one mutex: nobody moves up meanwhile
		mu := &g.limiter.top.mu
		mu.Lock()
		list := g.clearQueued()
		for _, q := range slices.Backward(list) { // the latest place of a node first
			l.dropLocked(q)
		}
		if own := g.limiter; own.queue.group == g && own.queue.valid > 0 {
			for _, n := range own.queue.bodiesOf(g) {
				l.dropLocked(queued{n, own})
			}
		}
		l.giveAllLocked()
		mu.Unlock()
	}
	l.deliver()
}

// takeQueued empties the group's list.
func (g *Group) clearQueued() []queued {
	b := g.ledger.Load()
	if b == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	list := b.queued
	b.queued, b.queuedNow = nil, 0
	return list
}

// leaving is bodies that leave queues for good. All of them leave before any gives
// back the slots that it has already, lest those are given to the next of them.
type dropping struct {
	holding []queued
	out     Chain // to be skipped
	granted grants
}

// takeLocked takes the body out of its queue, if it still is there.
func (l *dropping) dropLocked(q queued) {
	switch n := q.n; {
	case q.starts():
		q.at.queue.dropReady(n)
		l.out.pushFront(n)
	case q.goes():
		n.waiter().claim.bare = true
		q.at.queue.drop(n)
		l.granted.addGoing(n)
	default:
		return
	}
	if q.at != q.n.limiter() {
		l.holding = append(l.holding, q)
	}
	q.at.calmLocked()
}

func (l *dropping) giveAllLocked() {
	for _, q := range l.holding {
		q.n.limiter().giveAllLocked(q.at, &l.granted)
	}
}

// finish starts and wakes who got slots, and skips the rest, without the mutex.
func (l *dropping) deliver() {
	l.granted.deliver(nil)
	for n := l.out.Pop(); n != nil; n = l.out.Pop() {
		n.group.skip(n)
	}
}

// skipQueued skips the body of n, which is not to start any more, if it is in a
// queue.
func (g *Group) skipQueued(n *Node) {
	l := n.limiter()
	if l == nil {
		return
	}
	var leaves dropping
	mu := &l.top.mu
	mu.Lock()
	if n.queueMark != 0 {
		leaves.dropLocked(queued{n, n.queuedAt()})
		leaves.giveAllLocked()
	}
	mu.Unlock()
	leaves.deliver()
}

// queuedAt returns the limiter in whose queue n is to start. The marks of levels
// come again after 126 of them: then the group's list tells.
func (n *Node) queuedAt() *Limiter {
	own := n.limiter()
	if own.level < maxMark || own.queue.group == n.group && own.mark == n.queueMark&^byEnd && own.queue.has(n) {
		l := own
		for l.mark != n.queueMark&^byEnd {
			l = l.up
		}
		return l
	}
	b := n.group.makeLedger()
	n.group.mu.Lock()
	defer n.group.mu.Unlock()
	for i := len(b.queued) - 1; ; i-- {
		if q := b.queued[i]; q.n == n && q.starts() {
			return q.at
		}
	}
}
