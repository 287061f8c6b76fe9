package sim

import "math/rand/v2"

// task is a node: one line that its declarer, its dependencies, the queue and
// its worker touch one after the other.
type task struct {
	line    line
	pending int
	next    *task
	linked  []*task // what waits for it
	done    bool
	hasDeps bool
}

// queue is a design. What it does to lines and locks is what it costs.
type queue interface {
	push(w *worker, first, last *task)
	pop(w *worker) *task
	empty(w *worker) bool
}

// Design is a way to build the queue.
type Design int

// The designs.
const (
	Relay    Design = iota // a stack by compare-and-swap in, a list under a mutex out
	Packed                 // the same with all its words and the count of tasks in one line
	OneLock                // a list under one mutex
	TwoLocks               // Michael and Scott's: a lock at each end
	Sharded                // a deque a worker, and stealing half of another's
)

// Designs are all of them, in the order of the tables.
var Designs = []Design{Relay, Packed, OneLock, TwoLocks, Sharded}

func (d Design) String() string {
	return [...]string{"relay", "relay in one line", "one lock", "two locks", "sharded"}[d]
}

// relay is relay.go.
type relay struct {
	inLine line
	in     *task
	mu     mutex
	line   *line // of mu and out
	out    *task
}

func (q *relay) push(w *worker, first, last *task) {
	for n := first; n != nil; n = n.next { // turned round
		w.walk(&n.line)
	}
	for {
		w.read(&q.inLine)
		old := q.in
		w.rmw(&q.inLine)
		if q.in == old {
			break
		}
	}
	// The simulated stack has the latest first, like the real one.
	var top *task
	for n := first; n != nil; {
		next := n.next
		n.next = top
		top, n = n, next
	}
	first.next = q.in
	q.in = top
}

func (q *relay) pop(w *worker) *task {
	q.mu.lock(w)
	w.read(q.line)
	if q.out == nil {
		w.rmw(&q.inLine)
		m := q.in
		q.in = nil
		var n *task
		for m != nil {
			w.walk(&m.line)
			next := m.next
			m.next = n
			n, m = m, next
		}
		q.out = n
	}
	n := q.out
	if n != nil {
		w.walk(&n.line)
		q.out, n.next = n.next, nil
		w.store(q.line)
	}
	q.mu.unlock(w)
	return n
}

func (q *relay) empty(w *worker) bool {
	w.read(q.line)
	if q.out != nil {
		return false
	}
	w.read(&q.inLine)
	return q.in == nil
}

// list is a queue whose ends have a lock each, or one together.
type list struct {
	head, tail         *task
	headLock, tailLock *mutex
	headLine, tailLine *line
}

func newList(owner, locks int) *list {
	q := &list{}
	a := ownedBy(owner)
	q.headLine, q.tailLine = &a, &a
	q.headLock = &mutex{line: &a}
	q.tailLock = q.headLock
	if locks == 2 {
		b := ownedBy(owner)
		q.tailLine, q.tailLock = &b, &mutex{line: &b}
	}
	return q
}

func (q *list) push(w *worker, first, last *task) {
	for n := first; n != last; n = n.next {
		w.walk(&n.line)
	}
	w.store(&last.line)
	q.tailLock.lock(w)
	if t := q.tail; t != nil {
		w.store(&t.line)
		if q.tail == t { // with two locks it may have been popped meanwhile
			t.next = first
		}
	}
	q.tail = last
	if q.head == nil { // a dummy node keeps the ends apart; its line is cold
		q.head = first
	}
	w.store(q.tailLine)
	q.tailLock.unlock(w)
}

func (q *list) pop(w *worker) *task {
	q.headLock.lock(w)
	w.read(q.headLine)
	n := q.head
	if n != nil {
		w.walk(&n.line)
		q.head = n.next
		if q.head == nil {
			q.tail = nil
		}
		n.next = nil
		w.store(q.headLine)
	}
	q.headLock.unlock(w)
	return n
}

func (q *list) empty(w *worker) bool {
	w.read(q.headLine)
	return q.head == nil
}

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
	if len(q.tasks[w.cpu]) > 0 {
		w.rmw(&q.lines[w.cpu])
		if mine := q.tasks[w.cpu]; len(mine) > 0 {
			n := mine[0]
			q.tasks[w.cpu] = mine[1:]
			return n
		}
	}
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
