package engine

import (
	"sync"
	"sync/atomic"
)

// Limiter counts the slots of a Limit. A body holds one slot of each limiter
// from its own up to the outermost, taken in that order, so that nobody who
// holds an outer slot waits for an inner one.
//
// Who waits in a queue finds no free slot. While anybody waits, the word says so,
// and slots are taken and given under the outermost's mutex; otherwise they are
// counted by compare-and-swap alone: keeps 18. That mutex guards the queues of all
// levels, the claims, and the ranks of the nodes under it: one for all levels, as a
// body that moves up changes two of them at once. The mutex of a group may be
// locked under it, and no code of a user's runs.
//
// What is called …Locked here wants that mutex. Slots that become free under it are
// not handed over at once, but collected in grants and delivered without it.
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

// contended is the word of a limiter with somebody in its queue: no count is, so
// take and give fail without a look at the queue.
const contended = -1

// newLimiter makes one with n slots inside of up, which is nil for an outermost.
func newLimiter(n int, up *Limiter, of *Group) *Limiter {
	l := &Limiter{up: up}
	l.queue.group = of
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
		return g.limiter
	}
	return newLimiter(limit, g.limiter, nil)
}

// take takes a slot if one is free, by anybody and without the mutex: with somebody
// in the queue none is.
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

// takeLocked takes a slot, or makes the word say that somebody waits: then the
// caller queues its body before it unlocks. Keeps 18.
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
// moves that one up; what has all its slots goes to granted. The slot never becomes
// free in between, so nobody overtakes who waits.
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
			granted.addGoing(n)
		}
	default:
		class := n.queueMark & byEnd
		n.queueMark = 0
		if l.up.climbLocked(n, false, class) {
			granted.nodes.Push(n)
		}
	}
}

// calmLocked lets the word count again when nobody waits any more. Who takes the
// last out of a queue calls it.
func (l *Limiter) calmLocked() {
	if l.queue.valid == 0 && l.word.Load() == contended {
		l.word.Store(0)
	}
}

// climbLocked takes a slot at l and above for n, and queues it where there is
// none: to go on, or to start. It reports whether all were free. l may be nil. The
// caller owns n; a queue does afterwards, if it was not. Keeps 16.
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

// giveAllLocked gives back the slots from l up to, but not including, end: those
// that a body in the queue of end holds, or all with nil.
func (l *Limiter) giveAllLocked(end *Limiter, granted *grants) {
	for ; l != end; l = l.up {
		l.giveLocked(granted)
	}
}

// isContended reports whether anybody waits for a slot of l or above. Without the
// mutex it is a hint: who comes later waits for one body more.
func (l *Limiter) isContended() bool {
	for ; l != nil; l = l.up {
		if l.word.Load() == contended {
			return true
		}
	}
	return false
}

// grants is who got slots under the mutex: to be started or woken without it, since
// a backend and observers may be asked.
type grants struct {
	nodes       Chain
	first, last *wait
}

// addGoing takes a body that goes on, with its slots or bare. The caller has the
// mutex and has taken it out of its queue.
func (s *grants) addGoing(n *Node) {
	claim := &n.waiter().claim
	w := claim.queued
	claim.queued, claim.at = nil, nil
	if s.first == nil {
		s.first = w
	} else {
		s.last.nextGranted = w
	}
	s.last = w
}

// deliver wakes and starts who got slots, without the mutex, and leaves the first
// node to the caller if that has the given group, nil for none.
func (s *grants) deliver(own *Group) (first *Node) {
	for w := s.first; w != nil; {
		then := w.nextGranted // w may be used again when it is woken
		w.nextGranted = nil
		w.wake()
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
// the end of another. The caller owns the nodes, and pushes what it gets back.
func (g *Group) admit(ready Chain, class uint8) (admitted Chain) {
	if g.limiter == nil && (ready.isEmpty() || ready.head.kind&Element == 0 && ready.head == ready.tail) {
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
// start any more is skipped on the spot: who has ended the group may have emptied
// the queues already. It holds the slots below l. Keeps 16.
func (g *Group) admitAt(n *Node, l *Limiter, class uint8) (admitted bool) {
	g.watchParent()
	mu := &l.top.mu
	mu.Lock()
	if g.ending.Load() == nil {
		admitted = l.climbLocked(n, false, class)
		mu.Unlock()
		return admitted
	}
	var granted grants
	n.limiter().giveAllLocked(l, &granted)
	mu.Unlock()
	granted.deliver(nil)
	g.skip(n)
	return false
}

// nextLimited is the rest of next under a limit. It ends the turn of n's body: what it made ready is
// admitted, and its slot goes to the next. The worker keeps the slot for the
// oldest that it made ready if nobody waits for it, and no rank says otherwise.
func (w *worker) nextLimited(n *Node, ready Chain, ended int64) (next *Node) {
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
		next = granted.deliver(g)
	}
	return next
}

// vacate gives back the slots of a body that has ended. One that never waited has a
// claim that nobody else can change: it needs no mutex while nobody is queued.
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
		l.giveAllLocked(nil, &granted)
	}
	return granted
}
