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

func (q *shards) pop(w *worker) *task {
	if n := q.mine(w); n != nil {
		return n
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

func (q *shards) steal(w *worker) *task {
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
		n := theirs[0]
		q.tasks[w.cpu] = append(q.tasks[w.cpu], theirs[1:k]...)
		w.rmw(&q.lines[w.cpu])
		return n
	}
	return nil
}

func (q *shards) empty(w *worker) bool {
	if len(q.tasks[w.cpu]) > 0 {
		return false
	}
	for v := range q.others(w) {
		w.read(&q.lines[v])
		if len(q.tasks[v]) > 0 {
			return false
		}
	}
	return true
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

func (q *handfuls) pop(w *worker) *task {
	if n := q.shards.mine(w); n != nil {
		return n
	}
	q.mu.lock(w)
	n := q.next(w)
	var rest []*task
	for n != nil && len(rest) < handful-1 && q.out != nil {
		rest = append(rest, q.next(w))
	}
	q.mu.unlock(w)
	if n == nil {
		return q.shards.steal(w)
	}
	if len(rest) > 0 {
		w.rmw(&q.shards.lines[w.cpu])
		q.shards.tasks[w.cpu] = append(q.shards.tasks[w.cpu], rest...)
	}
	return n
}

func (q *handfuls) empty(w *worker) bool { return q.relay.empty(w) && q.shards.empty(w) }
