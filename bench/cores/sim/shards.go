package sim

import "math/rand/v2"

// shards are deques of pointers, one a processor.
type shards struct {
	rand  *rand.Rand
	lines []line
	tasks [][]*task
}

func newShards(procs int) *shards {
	q := &shards{rand: rand.New(rand.NewPCG(1, uint64(procs))), tasks: make([][]*task, procs)}
	for p := range procs {
		q.lines = append(q.lines, ownedBy(p))
	}
	return q
}

func (q *shards) push(w *worker, first, _ *task) {
	for n := first; n != nil; n = n.next {
		w.rmw(&q.lines[w.cpu])
		q.tasks[w.cpu] = append(q.tasks[w.cpu], n)
	}
}

// perLine is how many pointers a line has.
const perLine = 8

func (q *shards) pop(w *worker, off func()) (n *task, left bool) {
	off()
	if n = q.mine(w); n != nil {
		return n, len(q.tasks[w.cpu]) > 0
	}
	return q.steal(w)
}

func (q *shards) mine(w *worker) *task {
	if len(q.tasks[w.cpu]) > 0 {
		w.rmw(&q.lines[w.cpu])
		if mine := q.tasks[w.cpu]; len(mine) > 0 {
			n := mine[0]
			q.tasks[w.cpu] = mine[1:]
			return n
		}
	}
	return nil
}

func (q *shards) steal(w *worker) (n *task, left bool) {
	for v := range q.others(w) {
		w.read(&q.lines[v])
		if len(q.tasks[v]) == 0 {
			continue
		}
		w.rmw(&q.lines[v])
		theirs := q.tasks[v]
		if len(theirs) == 0 {
			continue
		}
		k := (len(theirs) + 1) / 2
		w.t += w.s.move(v, w.cpu) * float64((k+perLine-1)/perLine)
		q.lines[v].free = max(q.lines[v].free, w.t)
		q.tasks[v] = theirs[k:]
		n, left = theirs[0], len(theirs) > 1
		q.tasks[w.cpu] = append(q.tasks[w.cpu], theirs[1:k]...)
		w.rmw(&q.lines[w.cpu])
		return n, left
	}
	return nil, false
}

// others yields the other shards, beginning anywhere.
func (q *shards) others(w *worker) func(func(int) bool) {
	start := q.rand.IntN(len(q.tasks))
	return func(yield func(int) bool) {
		for i := range q.tasks {
			if v := (start + i) % len(q.tasks); v != w.cpu && !yield(v) {
				return
			}
		}
	}
}

// handfuls are the relay's queue, from which a worker takes several nodes in
// one turn at the lock. What it has not run yet others may steal.
type handfuls struct {
	relay
	shards *shards
}

// handful is how many it takes.
const handful = 16

func (q *handfuls) pop(w *worker, off func()) (n *task, left bool) {
	if n = q.shards.mine(w); n != nil {
		off()
		return n, len(q.shards.tasks[w.cpu]) > 0
	}
	q.mu.lock(w)
	off()
	n = q.next(w)
	var rest []*task
	for n != nil && len(rest) < handful-1 && q.out != nil {
		rest = append(rest, q.next(w))
	}
	left = q.left(w, n)
	q.mu.unlock(w)
	if n == nil {
		return q.shards.steal(w)
	}
	if len(rest) > 0 {
		w.rmw(&q.shards.lines[w.cpu])
		q.shards.tasks[w.cpu] = append(q.shards.tasks[w.cpu], rest...)
	}
	return n, left || len(rest) > 0
}
