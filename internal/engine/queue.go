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
	ready [][2]fifo // by rank; ready when declared, and byEnd
	ranks uint32    // of ready, those that have entries
	left  int       // valid entries
	stale int       // entries left behind
}

// A node in the queue of a limiter has its mark, and byEnd if it became ready by
// the end of another.
const (
	maxMark = 126
	byEnd   = 1 << 7
)

// entry is a place in a queue. It is valid as long as its node is in that queue,
// and, if the node is to go on, in this turn, or else with the rank of its list.
type entry struct {
	n    *Node
	turn uint32
}

// pushReady queues a body that is to start.
func (q *queue) pushReady(n *Node, l *Limiter, class uint8) {
	n.queued = l.mark | class
	n.rank = max(n.rank, n.group.rank)
	q.add(n, class)
	q.left++
}

// add appends an entry of n in the list of its rank.
func (q *queue) add(n *Node, class uint8) {
	for len(q.ready) <= int(n.rank) {
		q.ready = append(q.ready, [2]fifo{})
	}
	q.ranks |= 1 << n.rank
	q.ready[n.rank][class>>7].push(entry{n: n})
}

// pushGoing queues a body that goes on.
func (q *queue) pushGoing(n *Node, l *Limiter) {
	s := &n.bed().seat
	s.at = l
	s.turn++
	q.going.push(entry{n, s.turn})
	q.left++
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
	n.group.leftQueue()
	if q.left--; q.left == 0 && q.stale > 0 {
		q.tidy()
	}
}

// raise moves n, which is in this queue, to the list of the rank that it has now.
func (q *queue) raise(n *Node) {
	q.add(n, n.queued&byEnd)
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
			list := &q.ready[rank][class>>7]
			for e, ok := list.pop(); ok; e, ok = list.pop() {
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
	return e.n.queued == queued && int(e.n.rank) == rank
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
				return e.n.queued != 0 && int(e.n.rank) == rank
			})
		}
	}
	q.stale = 0
}

// fifo is a queue of entries.
type fifo struct {
	entries []entry
	first   int
}

func (f *fifo) push(e entry) {
	if f.first > 32 && f.first > len(f.entries)/2 {
		f.keep(func(entry) bool { return true })
	}
	f.entries = append(f.entries, e)
}

func (f *fifo) pop() (e entry, ok bool) {
	if f.first == len(f.entries) {
		f.entries, f.first = f.entries[:0], 0
		return e, false
	}
	e = f.entries[f.first]
	f.entries[f.first] = entry{}
	f.first++
	return e, true
}

// keep throws out what is not to be kept.
func (f *fifo) keep(valid func(entry) bool) {
	kept := f.entries[:0]
	for _, e := range f.entries[f.first:] {
		if valid(e) {
			kept = append(kept, e)
		}
	}
	clear(f.entries[len(kept):])
	f.entries, f.first = kept, 0
}
