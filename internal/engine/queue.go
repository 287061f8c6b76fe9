package engine

import "math/bits"

// queue is who waits for a slot of one limiter: first the bodies that go on, in
// the order in which their waits ended; then ready ones, by rank, the highest
// first, and among equals those that became ready by the end of another before
// those that were ready when they were declared; each in order.
//
// Who leaves it from the middle leaves its entry behind, which is no longer
// valid: so leaving costs a constant, and when half of the entries are left
// behind they are thrown out. All of it is guarded by the top limiter's mutex.
type queue struct {
	going fifo
	ready [][2]lane // by rank; ready when declared, and byEnd
	ranks uint32    // of ready, those that have entries
	left  int       // valid entries
	of    *Group    // that the limit is of, nil if it is a Map's
	stale int       // entries left behind
	turn  uint32    // of the last who came to start
}

// A node in the queue of a limiter has its mark, and byEnd if it became ready by
// the end of another.
const (
	maxMark = 126
	byEnd   = 1 << 7
)

// entry is a place in a queue. It is valid as long as its node is in that queue
// in this turn, and, if it is to start, has the rank of its lane.
type entry struct {
	n    *Node
	turn uint32
}

// pushReady queues a body that is to start.
func (q *queue) pushReady(n *Node, l *Limiter, class uint8) {
	n.queued = l.mark | class
	n.rank = n.rankNow()
	q.turn++
	n.turn = q.turn
	q.lane(n).queue.push(entry{n, n.turn})
	q.left++
	if q.of != n.group {
		n.group.enteredQueue(n, l)
	}
}

// lane returns that of n's rank and class.
func (q *queue) lane(n *Node) *lane {
	for len(q.ready) <= int(n.rank) {
		q.ready = append(q.ready, [2]lane{})
	}
	q.ranks |= 1 << n.rank
	return &q.ready[n.rank][n.queued>>7]
}

// pushGoing queues a body that goes on.
func (q *queue) pushGoing(n *Node, l *Limiter) {
	s := &n.bed().seat
	s.at = l
	s.turn++
	q.going.push(entry{n, s.turn})
	q.left++
	if q.of != n.group {
		n.group.enteredQueue(n, l)
	}
}

// dropGoing takes a body that goes on out of the queue.
func (q *queue) dropGoing(n *Node) {
	n.bed().seat.turn++
	q.drop(n)
}

// dropReady takes a body that is to start out of the queue.
func (q *queue) dropReady(n *Node) {
	n.queued = 0
	q.drop(n)
}

func (q *queue) drop(n *Node) {
	q.stale++
	q.leave(n)
	q.tidyIfMany()
}

// leave is what all leaving begins with. When nobody is left, nor are the entries
// of those who have left the queue from the middle.
func (q *queue) leave(n *Node) {
	if q.of != n.group {
		n.group.leftQueue()
	}
	if q.left--; q.left == 0 && q.stale > 0 {
		q.tidy()
	}
}

// raise moves n, which is in this queue, to the lane of the rank that it has now,
// where it keeps its turn.
func (q *queue) raise(n *Node) {
	q.lane(n).raised.push(entry{n, n.turn})
	q.stale++
	q.tidyIfMany()
}

// pop takes the next, and reports whether it goes on or is to start.
func (q *queue) pop(mark uint8) (n *Node, goesOn bool) {
	for e, ok := q.going.pop(); ok; e, ok = q.going.pop() {
		if e.goes() {
			q.leave(e.n)
			return e.n, true
		}
		q.stale--
	}
	for q.ranks != 0 {
		rank := bits.Len32(q.ranks) - 1
		for _, class := range [2]uint8{byEnd, 0} {
			lane := &q.ready[rank][class>>7]
			for e, ok := lane.pop(); ok; e, ok = lane.pop() {
				if e.starts(mark|class, rank) {
					q.leave(e.n)
					return e.n, false
				}
				q.stale--
			}
		}
		q.ranks &^= 1 << rank
	}
	return nil, false
}

// goes reports whether the entry is that of a body that still is to go on.
func (e entry) goes() bool {
	s := &e.n.bed().seat
	return s.queued != nil && s.turn == e.turn
}

// starts reports whether the entry is that of a body that still is to start.
func (e entry) starts(queued uint8, rank int) bool {
	return e.n.queued == queued && e.n.turn == e.turn && int(e.n.rank) == rank
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

// each calls do with every entry, valid or not.
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
	if q.stale >= q.left+64 {
		q.tidy()
	}
}

// tidy throws out the entries that were left behind.
func (q *queue) tidy() {
	q.going.keep(entry.goes)
	for rank := range q.ready {
		for i := range q.ready[rank] {
			q.ready[rank][i].keep(func(e entry) bool {
				return e.starts(e.n.queued, rank) && e.n.queued != 0
			})
		}
	}
	q.stale = 0
}

// lane is who is to start of one rank and class, by turns: in a queue, and in a
// heap those that were raised to this rank while they waited.
type lane struct {
	queue  fifo
	raised turns
}

// pop takes the entry with the first turn.
func (l *lane) pop() (e entry, ok bool) {
	if len(l.raised) == 0 {
		return l.queue.pop()
	}
	if e, ok := l.queue.peek(); ok && int32(e.turn-l.raised[0].turn) < 0 {
		return l.queue.pop()
	}
	return l.raised.pop(), true
}

func (l *lane) keep(valid func(entry) bool) {
	l.queue.keep(valid)
	old := l.raised
	l.raised = nil
	for _, e := range old {
		if valid(e) {
			l.raised.push(e)
		}
	}
}

// turns is a heap of entries, that with the first turn on top.
type turns []entry

func (t *turns) push(e entry) {
	h := append(*t, e)
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if int32(h[i].turn-h[up].turn) >= 0 {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
	*t = h
}

func (t *turns) pop() entry {
	h := *t
	e, last := h[0], len(h)-1
	h[0], h[last] = h[last], entry{}
	h = h[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			break
		}
		if down+1 < last && int32(h[down+1].turn-h[down].turn) < 0 {
			down++
		}
		if int32(h[down].turn-h[i].turn) >= 0 {
			break
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
	*t = h
	return e
}

// fifo is a queue of entries, in chunks.
type fifo struct {
	first, last *chunk
	from, to    int // in first and in last
}

type chunk struct {
	entries [63]entry
	next    *chunk
}

func (f *fifo) push(e entry) {
	if f.last == nil || f.to == len(f.last.entries) {
		c := new(chunk)
		if f.last == nil {
			f.first, f.from = c, 0
		} else {
			f.last.next = c
		}
		f.last, f.to = c, 0
	}
	f.last.entries[f.to] = e
	f.to++
}

func (f *fifo) pop() (e entry, ok bool) {
	e, ok = f.peek()
	if !ok {
		return e, false
	}
	f.first.entries[f.from] = entry{}
	f.from++
	switch {
	case f.first == f.last && f.from == f.to:
		f.from, f.to = 0, 0 // the one chunk stays
	case f.from == len(f.first.entries):
		f.first, f.from = f.first.next, 0
	}
	return e, true
}

func (f *fifo) peek() (e entry, ok bool) {
	if f.first == nil || f.first == f.last && f.from == f.to {
		return e, false
	}
	return f.first.entries[f.from], true
}

// keep throws out what is not to be kept.
func (f *fifo) keep(valid func(entry) bool) {
	old := *f
	*f = fifo{}
	for e, ok := old.pop(); ok; e, ok = old.pop() {
		if valid(e) {
			f.push(e)
		}
	}
}
