package engine

import "math/bits"

// queue is who waits for a slot of one limiter: first the bodies that go on, in
// the order in which their waits ended; then ready ones, by rank, the highest
// first, and among equals those that became ready by the end of another before
// those that were ready when they were declared; each by turns.
//
// Who leaves it from the middle leaves its entry behind, which is no longer
// valid: so leaving costs a constant, and when half of the entries are left
// behind they are thrown out (keeps 20). Links in the node would let it leave in
// place, but cost every task a pointer. All of it is guarded by the top limiter's
// mutex.
type queue struct {
	going lane      // bodies that go on
	ready [][2]lane // by rank; ready when declared, and byEnd
	ranks uint32    // of ready, those that have entries
	valid int       // valid entries
	group *Group    // that the limit is of, or a Map of it
	stale int       // entries left behind
	stub  *Node     // of a branch, the latest that came and has not left
	turn  uint32    // of a top limiter's: the last one given

	// Of a Map's, which its group has in a list from before one of the group's bodies
	// is in it until nobody is.
	listed, unlisted bool
	before, behind   *Limiter // in that list, guarded by the group's mu
}

// A node in the queue of a limiter has its mark, and byEnd if it became ready by
// the end of another.
const (
	maxMark    = 126
	sharedMark = 127 // in that of a Shared
	byEnd      = 1 << 7

	goingRank = maxRank + 1 // of the stub of a branch whose first goes on
)

// entry is a place in a queue. It is valid as long as its node is in that queue
// in this turn, and, if it is to start, has the rank of its lane.
type entry struct {
	n    *Node
	turn uint32
}

// pushReady queues a body that is to start in the queue of l. Its turn is that of
// when it became ready, also after it has waited at an inner limit.
func (q *queue) pushReady(n *Node, l *Limiter, class uint8) {
	n.queueMark = l.mark | class
	n.rank = n.rankUnder(&l.top.ranks)
	if n.turn == 0 {
		n.turn = l.top.queue.nextTurn()
	}
	q.lane(n).push(entry{n, n.turn})
	q.countIn(n, l)
}

// pushGoing queues a body that goes on, whose turn is that of when its wait ended.
func (q *queue) pushGoing(n *Node, l *Limiter) {
	s := &n.waiter().claim
	s.at = l
	q.going.push(entry{n, s.turn})
	q.countIn(n, l)
}

// countIn is what all entering ends with: n's group has to know of it, unless it is
// the limit's own, which finds its bodies in the queue. That of a Map knows the queue:
// see mayQueueLocked.
func (q *queue) countIn(n *Node, l *Limiter) {
	q.valid++
	if q.group != n.group {
		n.group.noteQueued(n, l)
	}
}

// pushStub queues the stub of a branch at l, with the right that p has.
func (q *queue) pushStub(n *Node, l *Limiter, p *place) {
	n.turn, n.rank, n.queueMark = p.ownTurn, p.stubRank(), l.mark|p.class
	if p.goesOn {
		q.going.push(entry{n, n.turn})
	} else {
		q.lane(n).push(entry{n, n.turn})
	}
	q.valid++
	q.stub = n
}

// stubRank is the rank of the stub of a branch in which p is the first.
func (p *place) stubRank() uint8 {
	if p.goesOn {
		return goingRank
	}
	return p.n.rank
}

// standsFor reports whether n, a stub in a queue, has the right of p there.
func (n *Node) standsFor(p *place) bool {
	return n.turn == p.ownTurn && n.rank == p.stubRank() && n.queueMark&byEnd == p.class
}

// nextTurn returns a turn after all others, of the top limiter's queue; it is
// never 0.
func (q *queue) nextTurn() uint32 {
	if q.turn++; q.turn == 0 {
		q.turn++
	}
	return q.turn
}

// lane returns that of n's rank and class.
func (q *queue) lane(n *Node) *lane {
	if len(q.ready) <= int(n.rank) {
		q.grow(n.rank)
	}
	q.ranks |= 1 << n.rank
	return &q.ready[n.rank][n.queueMark>>7]
}

// grow makes the lanes up to that of the rank, apart as fifo.grow is.
//
//go:noinline
func (q *queue) grow(rank uint8) {
	for len(q.ready) <= int(rank) {
		q.ready = append(q.ready, [2]lane{})
	}
}

// dropReady takes a body that is to start out of the queue.
func (q *queue) dropReady(n *Node) {
	n.queueMark = 0
	q.drop(n)
}

// drop takes a body out of the queue from the middle. The caller has made its entry
// invalid, or does before it unlocks.
func (q *queue) drop(n *Node) {
	q.stale++
	q.countOut(n)
	q.tidyIfMany()
}

// countOut is what all leaving begins with. When nobody is left, nor are the entries
// of those who have left the queue from the middle.
func (q *queue) countOut(n *Node) {
	switch {
	case n.kind&helper != 0:
		if q.stub == n {
			q.stub = nil
		}
	case q.group != n.group:
		n.group.noteUnqueued()
	}
	if q.valid--; q.valid > 0 {
		return
	}
	q.unlistIfEmpty()
	if q.stale > 0 {
		q.tidy()
	}
}

// raise moves n, which is in this queue, to the lane of the rank that it has now,
// where it keeps its turn. The entry in the old lane is left behind.
func (q *queue) raise(n *Node) {
	q.lane(n).push(entry{n, n.turn})
	q.stale++
	q.tidyIfMany()
}

// pop takes the next, and reports whether it goes on or is to start. The caller
// clears the mark or the claim of a body before it unlocks.
func (q *queue) pop(mark uint8) (n *Node, goesOn bool) {
	if !q.going.isEmpty() {
		if n = q.popGoing(); n != nil {
			return n, true
		}
	}
	for q.ranks != 0 {
		rank := bits.Len32(q.ranks) - 1
		lanes := &q.ready[rank]
		lane, queued := &lanes[1], mark|byEnd
		if lane.isEmpty() {
			lane, queued = &lanes[0], mark
			if lane.isEmpty() {
				q.ranks &^= 1 << rank
				continue
			}
		}
		if e := lane.pop(); e.starts(queued, rank) {
			q.countOut(e.n)
			return e.n, false
		}
		q.stale--
	}
	return nil, false
}

// popGoing is pop for who goes on.
func (q *queue) popGoing() *Node {
	for !q.going.isEmpty() {
		e := q.going.pop()
		if e.goes() {
			q.countOut(e.n)
			return e.n
		}
		q.stale--
	}
	return nil
}

// goes reports whether the entry is that of a body that still is to go on.
func (e entry) goes() bool {
	if e.n.kind&helper != 0 {
		return e.starts(e.n.queueMark, goingRank) && e.n.queueMark != 0
	}
	s := &e.n.waiter().claim
	return s.queued != nil && s.turn == e.turn
}

// starts reports whether the entry is that of a body that still is to start.
func (e entry) starts(queued uint8, rank int) bool {
	return e.n.queueMark == queued && e.n.turn == e.turn && int(e.n.rank) == rank
}

// bodiesOf returns those of g in the queue.
func (q *queue) bodiesOf(g *Group) (nodes []*Node) {
	q.each(func(e entry) {
		if e.n.group == g {
			nodes = append(nodes, e.n)
		}
	})
	return nodes
}

// has reports whether n is in the queue, to start.
func (q *queue) has(n *Node) (has bool) {
	q.each(func(e entry) { has = has || e.n == n && e.turn == n.turn })
	return has
}

// each calls do with every entry, valid or not. It is for the end of a group and for
// deep nesting, since it goes through all.
func (q *queue) each(do func(entry)) {
	all := func(e entry) bool { do(e); return true }
	q.going.keep(all)
	for rank := range q.ready {
		for i := range q.ready[rank] {
			q.ready[rank][i].keep(all)
		}
	}
}

// tidyIfMany throws the entries out that were left behind, when they are many.
func (q *queue) tidyIfMany() {
	if q.stale >= q.valid+64 {
		q.tidy()
	}
}

// tidy throws out the entries that were left behind.
func (q *queue) tidy() {
	q.going.keep(entry.goes)
	for rank := range q.ready {
		for i := range q.ready[rank] {
			q.ready[rank][i].keep(func(e entry) bool {
				return e.starts(e.n.queueMark, rank) && e.n.queueMark != 0
			})
		}
	}
	q.stale = 0
}
