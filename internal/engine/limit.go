package engine

import "sync/atomic"

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
	top    *Limiter // nil if it has no slots of its own, nor has any around it
	level  int      // limiters around it
	mark   uint8    // of the level: see Node.queued
	bare   bool     // has no slots of its own: it is for shared alone
	bubble bubble   // of who made it, if it has a shared one
	shared *Shared  // that of the bodies, nil if they have none

	ranks // of a top
	queue queue
}

// contended is the word of a limiter with somebody in its queue: no count is, so
// take and give fail without a look at the queue.
const contended = -1

// LimiterOf returns that of the elements of the Map of, with a limit of its own,
// or, with 0, without.
func LimiterOf(of *Node, limit int) *Limiter {
	if limit == 0 {
		return of.limiter()
	}
	l := newLimiter(limit, of.limiter(), of.group)
	l.queue.unlisted = l.shared == nil // else its queue has no bodies: see branch.go
	return l
}

// newLimiter makes one with n slots inside of up, which is nil for an outermost, for
// bodies of the group of. They have the shared one that those of up have.
func newLimiter(n int, up *Limiter, of *Group) *Limiter {
	l := new(Limiter)
	if up != nil {
		l.shared, l.bubble = up.shared, up.bubble
	}
	l.queue.group = of
	l.word.Store(int64(n))
	l.top = l
	if l.up = up.own(); l.up != nil {
		l.top, l.level = l.up.top, l.up.level+1
	}
	l.mark = uint8(l.level%maxMark + 1)
	return l
}

// newSharedLimiter makes one without slots, for bodies that have s and are inside of up.
func newSharedLimiter(s *Shared, up *Limiter) *Limiter {
	l := &Limiter{up: up.own(), bare: true, bubble: currentBubble(), shared: s}
	if l.up != nil {
		l.top = l.up.top
	}
	return l
}

// own returns the innermost from l on that has slots, nil if there is none. l may be
// nil.
func (l *Limiter) own() *Limiter {
	if l != nil && l.bare {
		return l.up
	}
	return l
}

// guard is what guards the claims and ranks of the bodies of l, with their queue.
func (l *Limiter) guard() *ranks {
	if l.shared != nil {
		return &l.shared.ranks
	}
	return &l.top.ranks
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
// free in between, so nobody overtakes who waits. It returns the pass with which the
// slot has left for a Shared, nil if it has not.
func (l *Limiter) giveLocked(granted *grants) *pass {
	if l.give() {
		return nil
	}
	n, goesOn := l.queue.pop(l.mark)
	l.calmLocked()
	switch {
	case n == nil:
		return l.giveLocked(granted) // the last in the queue has left it
	case n.kind&helper != 0: // for who waits at a Shared, which has its own order
		n.queueMark = 0
		granted.passes = &pass{to: n.body.(*branch), next: granted.passes}
		return granted.passes
	case goesOn:
		if l.up == nil || l.up.climbLocked(n, true, 0) {
			granted.addGoing(n)
		}
	default:
		class := n.queueMark & byEnd
		n.queueMark = 0
		if l.up == nil || l.up.climbLocked(n, false, class) {
			granted.nodes.Push(n)
		}
	}
	return nil
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
			l.queue.unlistIfEmpty()
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

// takeAllLocked takes a slot of each, from l outwards, or of none and returns the one
// that has none free. Nobody begins to wait for one meanwhile, so nobody is owed what
// is given back.
func (l *Limiter) takeAllLocked() (at *Limiter) {
	for at = l; at != nil && at.take(); {
		at = at.up
	}
	if at != nil {
		for x := l; x != at; x = x.up {
			x.give()
		}
	}
	return at
}

// giveAllLocked gives back the slots from l up to, but not including, end: those
// that a body in the queue of end holds, or all with nil. Where who waits at a Shared
// comes first, that one has a say in what is further out, and the rest goes with it. So
// does all where somebody waits there for a slot further out, and may come first here as
// well, where its branch has no stub, as it found slots.
func (l *Limiter) giveAllLocked(end *Limiter, granted *grants) {
	for ; l != end; l = l.up {
		if b := l.branchAround(end); b != nil {
			granted.passes = &pass{to: b, alone: true, rest: l, end: end, next: granted.passes}
			return
		}
		if p := l.giveLocked(granted); p != nil {
			p.rest, p.end = l.up, end
			return
		}
	}
}

// branchAround returns a branch that waits at a limiter between l and end, if somebody
// waits at l as well; nil if there is none.
func (l *Limiter) branchAround(end *Limiter) *branch {
	if l.word.Load() != contended {
		return nil
	}
	for x := l.up; x != end; x = x.up {
		if stub := x.queue.stub; stub != nil {
			return stub.body.(*branch)
		}
	}
	return nil
}

// isContended reports whether anybody waits for a slot of l or above. Without the
// mutex it is a hint: who comes later waits for one body more.
func (l *Limiter) isContended() bool {
	if l.shared != nil && l.shared.crowded.Load() {
		return true
	}
	for ; l != nil; l = l.up {
		if l.word.Load() == contended {
			return true
		}
	}
	return false
}

// freeLocked gives back all that a body of l holds. It wants the mutex of l's guard.
func (l *Limiter) freeLocked(granted *grants) {
	switch {
	case l.shared != nil:
		l.shared.giveLocked(l, granted)
	case l.up == nil:
		l.giveLocked(granted)
	default:
		l.giveAllLocked(nil, granted)
	}
}
