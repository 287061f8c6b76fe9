package engine

import (
	"sync"
	"sync/atomic"
)

// Limiter counts the slots of a Limit. A body holds one slot of each limiter
// from its own up to the outermost, taken in that order, so that nobody who
// holds an outer slot waits for an inner one.
//
// Invariant: who waits in a queue finds no free slot. While anybody waits, the
// word says so, and slots are taken and given under the outermost's mutex;
// otherwise they are counted by compare-and-swap alone. That mutex guards the
// queues of all levels, the claims, and the ranks of the nodes under it. Under it
// the mutex of a group may be locked, and no code of a user's runs.
type Limiter struct {
	word   atomic.Int64 // free slots, or contended
	up     *Limiter
	top    *Limiter
	level  int         // limiters around it
	mark   uint8       // of the level: see Node.queued
	raised atomic.Bool // of the top: some rank under it is higher than its group's

	mu    sync.Mutex
	queue queue
}

const contended = -1

func newLimiter(n int, up *Limiter, of *Group) *Limiter {
	l := &Limiter{up: up}
	l.queue.of = of
	l.word.Store(int64(n))
	l.top = l
	if up != nil {
		l.top, l.level = up.top, up.level+1
	}
	l.mark = uint8(l.level%maxMark + 1)
	return l
}

// Limiter returns that of the bodies of a Map of the group with a limit of its
// own, or, with 0, without.
func (g *Group) Limiter(limit int) *Limiter {
	if limit == 0 {
		return g.lim
	}
	return newLimiter(limit, g.lim, nil)
}

// take takes a slot if one is free.
func (l *Limiter) take() bool {
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
func (l *Limiter) give() bool {
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
func (l *Limiter) takeLocked() bool {
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
// moves that one up; what has all its slots goes to granted.
func (l *Limiter) giveLocked(granted *grants) {
	if l.give() {
		return
	}
	n, goesOn := l.queue.pop(l.mark)
	l.calmLocked()
	switch {
	case n == nil:
		l.giveLocked(granted) // the last in the queue has left it
	case goesOn:
		if l.up.climbLocked(n, true, 0) {
			granted.wake(n)
		}
	default:
		class := n.queued & byEnd
		n.queued = 0
		if l.up.climbLocked(n, false, class) {
			granted.nodes.Push(n)
		}
	}
}

// calmLocked lets the word count again when nobody waits any more.
func (l *Limiter) calmLocked() {
	if l.queue.left == 0 && l.word.Load() == contended {
		l.word.Store(0)
	}
}

// climbLocked takes a slot at l and above for n, and queues it where there is
// none: to go on, or to start. It reports whether all were free.
func (l *Limiter) climbLocked(n *Node, goesOn bool, class uint8) bool {
	for ; l != nil; l = l.up {
		if l.takeLocked() {
			continue
		}
		if goesOn {
			l.queue.pushGoing(n, l)
		} else {
			l.queue.pushReady(n, l, class)
		}
		return false
	}
	return true
}

// releaseLocked gives back the slots from l up to, but not including, end.
func (l *Limiter) releaseLocked(end *Limiter, granted *grants) {
	for ; l != end; l = l.up {
		l.giveLocked(granted)
	}
}

// isContended reports whether anybody waits for a slot of l or above.
func (l *Limiter) isContended() bool {
	for ; l != nil; l = l.up {
		if l.word.Load() == contended {
			return true
		}
	}
	return false
}

// grants is who got slots: to be started or woken without the mutex.
type grants struct {
	nodes       Chain
	first, last *wait
}

// wake takes a body that goes on with its slots.
func (s *grants) wake(n *Node) {
	claim := &n.waiter().claim
	w := claim.queued
	claim.queued, claim.at = nil, nil
	if s.first == nil {
		s.first = w
	} else {
		s.last.then = w
	}
	s.last = w
}

// start wakes and starts who got slots, and leaves the first node to the
// caller if that has the given group.
func (s *grants) start(own *Group) (first *Node) {
	for w := s.first; w != nil; {
		then := w.then // the record may be used again when it is woken up
		w.then = nil
		w.wakeUp()
		w = then
	}
	for n := s.nodes.Pop(); n != nil; n = s.nodes.Pop() {
		if first == nil && n.group == own {
			first = n
			continue
		}
		n.group.push(Chain{n, n})
	}
	return first
}

// admit takes slots for bodies that have become ready and returns those that
// have all of theirs. The others are queued, with byEnd if they became ready by
// the end of another.
func (g *Group) admit(ready Chain, class uint8) (admitted Chain) {
	if g.lim == nil && (ready.isEmpty() || ready.head.kind&Element == 0 && ready.head == ready.tail) {
		return ready
	}
	for n := ready.Pop(); n != nil; n = ready.Pop() {
		l := n.limiter()
		for l != nil && l.take() {
			l = l.up
		}
		if l == nil || g.admitAt(n, l, class) {
			admitted.Push(n)
		}
	}
	return admitted
}

// admitAt is admit's slow path: there was no free slot at l. A node that may not
// start any more is skipped on the spot.
func (g *Group) admitAt(n *Node, l *Limiter, class uint8) (admitted bool) {
	g.watchParent()
	mu := &l.top.mu
	mu.Lock()
	if g.end.Load() == nil {
		admitted = l.climbLocked(n, false, class)
		mu.Unlock()
		return admitted
	}
	var granted grants
	n.limiter().releaseLocked(l, &granted)
	mu.Unlock()
	granted.start(nil)
	g.settleUnstarted(n, false)
	return false
}

// passOn ends the turn of n's body in a limited group: what it made ready is
// admitted, and its slot goes to the next. The worker keeps the slot for the
// oldest that it made ready if nobody waits for it, and no rank says otherwise.
func (w *worker) passOn(n *Node, ready Chain, ended int64) (next *Node) {
	g, l := w.g, n.limiter()
	if first := ready.head; first != nil && l != nil && first.limiter() == l && n.waiter() == nil && !l.isContended() &&
		(first == ready.tail || !l.top.raised.Load()) {
		next = ready.Pop()
	}
	if !ready.isEmpty() {
		g.push(g.admit(ready, byEnd))
	}
	if g.depth > 0 { // whose body goes on before anything starts in the slot
		g.countEnded(ended)
	} else {
		w.ended += ended
	}
	if next == nil && l != nil {
		granted := n.vacate(l)
		next = granted.start(g)
	}
	return next
}

// vacate gives back the slots of a body that has ended.
func (n *Node) vacate(l *Limiter) (granted grants) {
	b := n.waiter()
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
	if b == nil || b.claim.vacateLocked(n, &granted) {
		l.releaseLocked(nil, &granted)
	}
	return granted
}
