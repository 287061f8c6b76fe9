package asap

import (
	"slices"
	"sync"
	"sync/atomic"
)

// limiter counts the slots of a [Limit]. A body holds one slot of each limiter
// from its own up to the outermost, taken in that order, so that nobody who
// holds an outer slot waits for an inner one.
//
// Invariant: who waits in a queue finds no free slot. While anybody waits, the
// word says so, and slots are taken and given under the outermost's mutex;
// otherwise they are counted by compare-and-swap alone.
type limiter struct {
	word atomic.Int64 // free slots, or contended
	up   *limiter
	top  *limiter // whose mu guards the queues of all levels
	mu   sync.Mutex

	declared atomic.Uint32 // nodes, in the top limiter: the order of declaration

	woken ticketList // bodies that go on: they come first
	ready chain      // bodies that start
}

const contended = -1

func newLimiter(n int, up *limiter) *limiter {
	l := &limiter{up: up}
	l.word.Store(int64(n))
	l.top = l
	if up != nil {
		l.top = up.top
	}
	return l
}

func (l *limiter) take() bool {
	for {
		w := l.word.Load()
		if w <= 0 {
			return false
		}
		if l.word.CompareAndSwap(w, w-1) {
			return true
		}
	}
}

// give returns a slot that nobody waits for; it reports false when somebody does.
func (l *limiter) give() bool {
	for {
		w := l.word.Load()
		if w == contended {
			return false
		}
		if l.word.CompareAndSwap(w, w+1) {
			return true
		}
	}
}

// takeLocked takes a slot, or makes the word say that somebody waits.
func (l *limiter) takeLocked() bool {
	for {
		w := l.word.Load()
		switch {
		case w == contended:
			return false
		case w > 0:
			if l.word.CompareAndSwap(w, w-1) {
				return true
			}
		case l.word.CompareAndSwap(0, contended):
			return false
		}
	}
}

// giveLocked gives a slot to the next that waits for one at this level, and
// moves that one up; what reaches the top goes to granted.
func (l *limiter) giveLocked(granted *grants) {
	if l.give() {
		return
	}
	t, n := l.woken.pop(), (*node)(nil)
	if t == nil {
		n = l.ready.pop()
	}
	l.calmLocked()
	switch {
	case t != nil:
		if l.up.climbLocked(t, nil) {
			t.n.seatLocked().queued = nil
			granted.wake(t)
		}
	case n != nil:
		if l.up.climbLocked(nil, n) {
			granted.nodes.push(n)
		}
	default:
		l.giveLocked(granted) // the last in the queue has left it
	}
}

// calmLocked lets the word count again when nobody waits any more.
func (l *limiter) calmLocked() {
	if l.woken.head == nil && l.ready.head == nil && l.word.Load() == contended {
		l.word.Store(0)
	}
}

// climbLocked takes a slot at l and above, and queues t or n where there is
// none. It reports whether all were free.
func (l *limiter) climbLocked(t *ticket, n *node) bool {
	for ; l != nil; l = l.up {
		if l.takeLocked() {
			continue
		}
		if t != nil {
			t.at = l
			l.woken.push(t)
		} else {
			l.ready.push(n)
		}
		return false
	}
	return true
}

// releaseLocked gives back the slots from l up to, but not including, end.
func (l *limiter) releaseLocked(end *limiter, granted *grants) {
	for ; l != end; l = l.up {
		l.giveLocked(granted)
	}
}

// grants is who got slots: to be started or woken without the mutex.
type grants struct {
	nodes       chain
	first, last *ticket
}

func (s *grants) wake(t *ticket) {
	t.next = nil
	if s.first == nil {
		s.first = t
	} else {
		s.last.next = t
	}
	s.last = t
}

// start wakes and starts who got slots, and leaves the first node to the
// caller if that has the given group.
func (s *grants) start(own *Group) (first *node) {
	for t := s.first; t != nil; {
		next := t.next // t is the waiter's again when it is woken
		t.next = nil
		t.wg.Done()
		t = next
	}
	for n := s.nodes.pop(); n != nil; n = s.nodes.pop() {
		if first == nil && n.group == own {
			first = n
			continue
		}
		var c chain
		c.push(n)
		n.group.push(c)
	}
	return first
}

// limiter returns the limiter of n's body, nil if it has none.
func (n *node) limiter() *limiter {
	if n.kind&element != 0 {
		return n.body.(interface{ limiter() *limiter }).limiter()
	}
	return n.group.lim
}

// dispatch starts ready bodies as their limits allow, in order.
func (g *Group) dispatch(ready chain) {
	if g.remote != nil {
		g.remote.dispatch(ready)
		return
	}
	if ready.head == nil {
		return
	}
	if g.lim == nil && ready.head.kind&element == 0 && ready.head == ready.tail {
		g.push(ready)
		return
	}
	g.push(g.admit(ready))
}

// admit takes slots for ready bodies and returns those that have all of
// theirs. The others are queued.
func (g *Group) admit(ready chain) (admitted chain) {
	for n := ready.pop(); n != nil; n = ready.pop() {
		l := n.limiter()
		for l != nil && l.take() {
			l = l.up
		}
		if l == nil || g.queue(n, l) {
			admitted.push(n)
		}
	}
	return admitted
}

// queue is admit's slow path: there was no free slot at l. A node that may not
// start any more is skipped on the spot.
func (g *Group) queue(n *node, l *limiter) (admitted bool) {
	g.watchParent()
	mu := &l.top.mu
	mu.Lock()
	if g.end.Load() == nil {
		admitted = l.climbLocked(nil, n)
		mu.Unlock()
		return admitted
	}
	var granted grants
	n.limiter().releaseLocked(l, &granted)
	mu.Unlock()
	granted.start(nil)
	g.resume(n, false)
	return false
}

// passOn ends the turn of n's body in a limited group: what it made ready is
// admitted, and its slot goes to the next. The worker keeps the slot for the
// oldest that it made ready if nobody waits for it.
func (w *worker) passOn(n *node, ready chain, ended int64) (next *node) {
	g, l := w.g, n.limiter()
	if first := ready.head; first != nil && l != nil && first.limiter() == l && n.madeBed() == nil && !l.contended() {
		next = ready.pop()
	}
	if ready.head != nil {
		g.push(g.admit(ready))
	}
	if g.owner != nil { // it goes on before anything starts in the slot
		g.count(-ended * liveTask)
	} else {
		w.ended += ended
	}
	if next == nil && l != nil {
		granted := n.vacate(l)
		next = granted.start(g)
	}
	return next
}

func (l *limiter) contended() bool {
	for ; l != nil; l = l.up {
		if l.word.Load() == contended {
			return true
		}
	}
	return false
}

// vacate gives back the slots of a body that has ended.
func (n *node) vacate(l *limiter) (granted grants) {
	b := n.madeBed()
	if b == nil {
		for l != nil && l.give() {
			l = l.up
		}
		if l == nil {
			return granted
		}
	}
	mu := &l.top.mu
	mu.Lock()
	defer mu.Unlock()
	if b != nil {
		held := b.seat.waits == 0 && !b.seat.bare && b.seat.queued == nil
		b.seat.bare = true
		if t := b.seat.queued; t != nil {
			b.seat.queued = nil
			t.leaveLocked(n.limiter(), &granted)
			granted.wake(t)
		}
		if !held {
			return granted
		}
	}
	l.releaseLocked(nil, &granted)
	return granted
}

// skipQueued takes the nodes that match out of the queues and settles them as
// skipped. With goOn the bodies among them that were woken go on without a slot.
func (g *Group) skipQueued(goOn bool, match func(*node) bool) {
	var levels []*limiter
	if b := g.book.Load(); b != nil {
		g.mu.Lock()
		levels = slices.Clone(b.fans)
		g.mu.Unlock()
	}
	if g.lim != nil {
		levels = append(levels, g.lim)
	}
	for _, l := range levels {
		g.skipQueuedAt(l, goOn, match)
	}
}

func (g *Group) skipQueuedAt(first *limiter, goOn bool, match func(*node) bool) {
	var out chain
	var granted grants
	mu := &first.top.mu
	mu.Lock()
	for l := first; l != nil; l = l.up {
		var kept chain
		for n := l.ready.pop(); n != nil; n = l.ready.pop() {
			if match(n) {
				out.push(n)
				n.limiter().releaseLocked(l, &granted)
			} else {
				kept.push(n)
			}
		}
		l.ready = kept
		for t := l.woken.head; t != nil && goOn; {
			next := t.next
			if match(t.n) {
				l.woken.remove(t)
				t.n.seatLocked().bare = true
				t.n.seatLocked().queued = nil
				t.n.limiter().releaseLocked(l, &granted)
				granted.wake(t)
			}
			t = next
		}
		l.calmLocked()
	}
	mu.Unlock()
	granted.start(nil)
	for n := out.pop(); n != nil; n = out.pop() {
		n.group.resume(n, false)
	}
}
