package engine

// claim is a running body's claim to its slots, guarded by the mutex of the top
// limiter. The body holds them while none of its goroutines waits, and it is
// neither queued nor bare.
//
// The two ends of a wait may come in any order: who ends it may be faster than
// the goroutine that begins it. So waits may be negative for a moment.
type claim struct {
	waits  int      // of its goroutines, for tasks and nested groups
	queued *wait    // the last of them is over, and there was no slot
	at     *Limiter // where it is queued
	turn   uint32   // of its places in queues, to tell the last one from those that it has left
	bare   bool     // goes on without slots: after a cancel, or when it has ended
}

// giveSlots gives back the slots of n's body when the first of its goroutines
// begins to wait, and gives what is waited for its rank. It does nothing without
// a limit.
func (n *Node) giveSlots(w *wait) {
	l := n.limiter()
	if l == nil {
		n.raiseFar(w)
		return
	}
	n.group.watchParent()
	var granted grants
	var search raising
	mu := &l.top.mu
	mu.Lock()
	if n.isDone() { // a goroutine that the body has left behind holds no slot
		mu.Unlock()
		return
	}
	search.raiseLocked(l.top, n, w)
	s := &n.makeWaiter().claim
	s.waits++
	if s.waits == 1 {
		switch {
		case s.queued != nil:
			s.leaveLocked(n, &granted)
		case !s.bare:
			l.releaseLocked(nil, &granted)
		}
	}
	mu.Unlock()
	if first := granted.start(n.group); first != nil {
		n.group.push(Chain{first, first})
	}
	search.finish()
}

// takeSlots takes the slots again when the last of the waits of n's body ends. It
// reports false when there was none free: then w is in the queue, and is woken up
// when there is. It is called at the moment that ends the wait, by whoever ends
// it, so that a body that goes on comes before one that starts.
func (n *Node) takeSlots(w *wait) bool {
	l := n.limiter()
	if l == nil {
		return true
	}
	mu := &l.top.mu
	mu.Lock()
	defer mu.Unlock()
	if n.isDone() {
		return true
	}
	s := &n.makeWaiter().claim
	s.waits--
	if s.waits != 0 || s.bare {
		return true
	}
	if n.group.end.Load() != nil {
		s.bare = true
		return true
	}
	s.queued = w
	if l.climbLocked(n, true, 0) {
		s.queued, s.at = nil, nil
		return true
	}
	return false
}

// leaveLocked takes the body out of the queue, whose goroutine goes on without
// slots, and gives back those that it had already.
func (s *claim) leaveLocked(n *Node, granted *grants) {
	at := s.at
	at.queue.dropGoing(n)
	granted.wake(n)
	n.limiter().releaseLocked(at, granted)
	at.calmLocked()
}

// vacateLocked makes the claim that of a body that has ended, and reports whether
// it has held its slots.
func (s *claim) vacateLocked(n *Node, granted *grants) (held bool) {
	held = s.waits <= 0 && !s.bare && s.queued == nil
	s.bare = true
	if s.queued != nil {
		s.leaveLocked(n, granted)
	}
	return held
}
