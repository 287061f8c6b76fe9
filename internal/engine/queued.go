package engine

import "slices"

// What a group knows of its bodies that are in queues of other limits than its
// own, so that its end costs no look at those of others: a request that is canceled
// among 10,000 that queue at one limit takes out its own. Of the limits of its Maps it
// knows those that have a queue.

// queued is a body that was queued by a limiter. It may have left.
type queued struct {
	n  *Node
	at *Limiter
}

// isIn reports whether the body still is in that queue.
func (q queued) isIn() bool { return q.starts() || q.goes() }

// starts reports whether the body is in that queue to start, goes to go on. Both
// want the top limiter's mutex.
func (q queued) starts() bool { return q.n.queueMark&^byEnd == q.at.mark }

func (q queued) goes() bool {
	b := q.n.waiter()
	return b != nil && b.claim.queued != nil && b.claim.at == q.at
}

// noteQueued notes that n is in the queue of l. The top limiter's mutex is
// locked. A body that moves up is noted again; when half of them have left, those
// are thrown out.
func (g *Group) noteQueued(n *Node, l *Limiter) {
	b := g.ledger.Load()
	if b == nil {
		b = g.makeLedger()
	}
	g.mu.Lock()
	if len(b.queued) >= 2*b.queuedNow+64 {
		b.tidyQueued()
	}
	b.queued = append(b.queued, queued{n, l})
	b.queuedNow++
	g.mu.Unlock()
}

// tidyQueued throws out those that have left. Both mutexes are locked.
func (b *ledger) tidyQueued() {
	b.queued = slices.DeleteFunc(b.queued, func(q queued) bool { return !q.isIn() })
}

// noteUnqueued notes that one of the group's bodies has left its queue. The top
// limiter's mutex is locked.
func (g *Group) noteUnqueued() {
	b := g.ledger.Load() // that noteQueued has made
	g.mu.Lock()
	if b.queuedNow > 0 {
		b.queuedNow--
	}
	if b.queuedNow == 0 { // who has left is kept no longer than that
		clear(b.queued)
		b.queued = b.queued[:0]
	}
	g.mu.Unlock()
}

// mayQueueLocked reports whether g has not ended, for who may queue a body of g at l
// then. The limit of a Map is listed before that is asked, and who ends g stores that
// before it reads the list: so one of the two sees the other. Keeps 10.
func (g *Group) mayQueueLocked(l *Limiter) bool {
	if l.queue.unlisted {
		g.list(l)
	}
	return g.ending.Load() == nil
}

// list notes that bodies of g may be in the queue of l, if that is a limit of a Map of
// g. The top limiter's mutex is locked.
func (g *Group) list(l *Limiter) {
	if l.queue.group != g {
		return
	}
	l.queue.listed, l.queue.unlisted = true, false
	b := g.makeLedger()
	g.mu.Lock()
	if b.limited != nil {
		b.limited.queue.before = l
	}
	l.queue.behind, b.limited = b.limited, l
	g.mu.Unlock()
}

// unlistIfEmpty is what taking a slot and leaving the queue of a Map's limit end with,
// so that a group which goes on keeps no more of them than have a queue.
func (q *queue) unlistIfEmpty() {
	if q.listed && q.valid == 0 {
		q.group.unlist(q)
	}
}

// unlist notes that nobody is in the queue q of a Map's limit any more. The top
// limiter's mutex is locked.
func (g *Group) unlist(q *queue) {
	q.listed, q.unlisted = false, true
	b := g.ledger.Load() // that list has made
	g.mu.Lock()
	if q.before == nil {
		b.limited = q.behind
	} else {
		q.before.queue.behind = q.behind
	}
	if q.behind != nil {
		q.behind.queue.before = q.before
	}
	q.before, q.behind = nil, nil
	g.mu.Unlock()
}

// allLimited returns the limits of g's Maps that have somebody in their queues.
func (g *Group) allLimited() (all []*Limiter) {
	b := g.ledger.Load()
	if b == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for l := b.limited; l != nil; l = l.queue.behind {
		all = append(all, l)
	}
	return all
}

// skipAllQueued ends what the group's bodies wait for in queues, once the group
// has ended: who was to start is skipped, who goes on does so without a slot. Who
// queues later sees the end under the mutex: keeps 10 for queues, and 19.
func (g *Group) skipAllQueued() {
	var l dropping
	if own := g.limiter.own(); own == nil { // only Maps have limits, each its own
		for _, at := range g.allLimited() {
			mu := &at.top.mu
			mu.Lock()
			l.dropAllLocked(g, at)
			mu.Unlock()
		}
	} else { // one mutex: nobody moves up meanwhile
		mu := &own.top.mu
		mu.Lock()
		list := g.clearQueued()
		for _, q := range slices.Backward(list) { // the latest place of a node first
			l.dropLocked(q)
		}
		for _, at := range g.allLimited() {
			l.dropAllLocked(g, at)
		}
		if own.queue.group == g {
			l.dropAllLocked(g, own)
		}
		l.giveAllLocked()
		mu.Unlock()
	}
	g.skipShared(&l)
	l.deliver()
}

// clearQueued empties the group's list and returns what was in it.
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

// dropping is bodies that leave queues for good. All of them leave before any gives
// back the slots that it has already: keeps 19. It is one goroutine's, on its stack.
type dropping struct {
	holding []queued // those that may hold slots further in
	out     Chain    // to be skipped
	granted grants
}

// dropAllLocked takes all bodies of g out of the queue of at.
func (l *dropping) dropAllLocked(g *Group, at *Limiter) {
	if at.queue.valid == 0 {
		return
	}
	for _, n := range at.queue.bodiesOf(g) {
		l.dropLocked(queued{n, at})
	}
}

// dropLocked takes the body out of its queue, if it still is there.
func (l *dropping) dropLocked(q queued) {
	switch n := q.n; {
	case q.starts():
		q.at.queue.dropReady(n)
		l.out.pushFront(n)
	case q.goes():
		n.waiter().claim.bare = true
		l.granted.addGoing(n) // first, so that its entry is no longer valid
		q.at.queue.drop(n)
	default:
		return
	}
	if q.at != q.n.limiter() {
		l.holding = append(l.holding, q)
	}
	q.at.calmLocked()
}

// giveAllLocked gives back what those hold that have left.
func (l *dropping) giveAllLocked() {
	for _, q := range l.holding {
		q.n.limiter().giveAllLocked(q.at, &l.granted)
	}
}

// deliver starts and wakes who got slots, and skips the rest, without the mutex.
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
	var drops dropping
	mu := &l.guard().mu
	mu.Lock()
	switch {
	case n.queueMark == sharedMark:
		l.shared.leaveLocked(l.shared.places[n])
		drops.out.Push(n)
	case n.queueMark != 0:
		drops.dropLocked(queued{n, n.queuedAt()})
		drops.giveAllLocked()
	}
	mu.Unlock()
	drops.deliver()
}

// queuedAt returns the limiter in whose queue n is to start, as it is under the top
// limiter's mutex: a pointer would cost every task 8 bytes, a mark costs one. The marks of levels
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
