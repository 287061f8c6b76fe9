package sim

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
	// pop takes the oldest task, and says whether others stay behind. It calls
	// off before it looks, with the lock held if there is one.
	pop(w *worker, off func()) (n *task, left bool)
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
	Handful                // the relay, whose workers take several at once, which others may steal
)

// Designs are all of them, in the order of the tables.
var Designs = []Design{Relay, Packed, OneLock, TwoLocks, Sharded, Handful}

func (d Design) String() string {
	return [...]string{"relay", "relay in one line", "one lock", "two locks", "sharded", "handfuls"}[d]
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

func (q *relay) pop(w *worker, off func()) (n *task, left bool) {
	q.mu.lock(w)
	off()
	n = q.next(w)
	left = q.left(w, n)
	q.mu.unlock(w)
	return n, left
}

// left looks, while the lock is held, whether n was the last.
func (q *relay) left(w *worker, n *task) bool {
	if n == nil || q.out != nil {
		return n != nil
	}
	w.read(&q.inLine)
	return q.in != nil
}

// next takes a node while the lock is held.
func (q *relay) next(w *worker) *task {
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
	return n
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

func (q *list) pop(w *worker, off func()) (n *task, left bool) {
	q.headLock.lock(w)
	off()
	w.read(q.headLine)
	n = q.head
	if n != nil {
		w.walk(&n.line)
		q.head = n.next
		if q.head == nil {
			q.tail = nil
		}
		n.next = nil
		w.store(q.headLine)
	}
	left = q.head != nil
	q.headLock.unlock(w)
	return n, left
}
