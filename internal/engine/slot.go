package engine

// claim is a running body's claim to its slots, guarded by the mutex of its limiter's
// guard: of the shared one, or else of the top. The body holds them while none of its goroutines waits, and it is
// neither queued nor bare.
//
// Begin and end of a wait may come in any order: who ends it may be faster than
// the goroutine that begins it. So waiting may be negative for a moment, and a
// body whose wait was over at once never gives its slots. Keeps 17.
type claim struct {
	waiting int      // of its goroutines, for tasks and nested groups
	queued  *wait    // the last of them is over, and there was no slot
	at      *Limiter // where it is queued, if it has no shared limit
	turn    uint32   // when it was: a place in a queue with another one was left
	bare    bool     // goes on without slots: after a cancel, or when it has ended
}

// giveSlots gives back the slots of n's body when the first of its goroutines
// begins to wait, and gives what is waited for its rank. It does nothing without
// a limit. The wait is announced already: who searches by rank finds it.
func (n *Node) giveSlots(w *wait) {
	if l := n.limiter(); l != nil {
		n.group.watchParent()
		// Before it is asked whether the body has ended, which then looks for it.
		s := &n.makeWaiter().claim
		if n.lockAndRaise(l, w) {
			n.giveUpLocked(l, s)
		}
	} else if on := w.on.Load(); on != nil && on.limiter() != nil || n.group.root.shares() {
		n.raiseFar(w)
	}
}

// lockAndRaise gives what n's body waits for with w its rank, and returns with the
// mutex of l's guard. It reports false, without the mutex, if the body has ended: a
// goroutine that it has left behind holds no slot. Apart for its frame, as what follows
// is.
//
//go:noinline
func (n *Node) lockAndRaise(l *Limiter, w *wait) bool {
	r := l.guard()
	r.mu.Lock()
	if n.isDone() {
		r.mu.Unlock()
		return false
	}
	var search raising
	search.todo = r.todo // a list to use again: most waits lead to little
	search.addAwaited(w, n.rankUnder(r))
	search.raiseTodoLocked(r)
	r.todo = search.todo
	if len(search.pinned)+len(search.far) == 0 {
		return true
	}
	// What the search holds back may be ready by now, and belongs into the queue
	// before the slot goes to the next there. Pins are released without the mutex.
	r.mu.Unlock()
	search.raiseRest()
	r.mu.Lock()
	if n.isDone() {
		r.mu.Unlock()
		return false
	}
	return true
}

// giveUpLocked begins a wait of the claim s, and unlocks the mutex. It leaves before it
// gives: a body that was queued to go on, and waits again in another goroutine, loses
// its place. What is granted is started without the mutex.
//
//go:noinline
func (n *Node) giveUpLocked(l *Limiter, s *claim) {
	var granted grants
	s.waiting++
	if s.waiting == 1 {
		switch {
		case s.queued != nil:
			s.dropLocked(n, &granted)
		case !s.bare:
			l.freeLocked(&granted)
		}
	}
	l.guard().mu.Unlock()
	if first := granted.deliver(n.group); first != nil {
		n.group.push(Chain{first, first})
	}
}

// takeSlots takes the slots again when the last of the waits of n's body ends. It
// reports false when there was none free: then w is in the queue, and is woken up
// when there is. It is called at the moment that ends the wait, by whoever ends
// it, so that a body that goes on comes before one that starts. Who calls it holds
// no mutex but cycles. Keeps 9.
func (n *Node) takeSlots(w *wait) bool {
	l := n.limiter()
	if l == nil {
		return true
	}
	mu := &l.guard().mu
	mu.Lock()
	defer mu.Unlock()
	if n.isDone() {
		return true
	}
	s := &n.makeWaiter().claim
	s.waiting--
	if s.waiting != 0 || s.bare {
		return true
	}
	if !n.group.mayQueueLocked(l) {
		s.bare = true
		return true
	}
	if l.shared != nil {
		return s.takeSharedLocked(n, l, w)
	}
	s.queued, s.turn = w, l.top.queue.nextTurn()
	if l.climbLocked(n, true, 0) {
		s.queued, s.at = nil, nil
		return true
	}
	return false
}

// takeSharedLocked is the rest of takeSlots for a body with a shared limit.
func (s *claim) takeSharedLocked(n *Node, l *Limiter, w *wait) bool {
	s.queued = w
	how := l.shared.arriveLocked(n, l, true, 0)
	if how == waiting {
		return false
	}
	s.queued = nil
	s.bare = how != admitted
	if how == foreign {
		w.how = foreignBubble{}
	}
	return true
}

// dropLocked takes the body out of the queue, whose goroutine goes on without
// slots, and gives back those that it had already.
func (s *claim) dropLocked(n *Node, granted *grants) {
	if shared := n.limiter().shared; shared != nil {
		shared.dropGoingLocked(n, granted)
		return
	}
	at := s.at
	granted.addGoing(n) // first, so that its entry is no longer valid
	at.queue.drop(n)
	n.limiter().giveAllLocked(at, granted)
	at.calmLocked()
}

// vacateLocked makes the claim that of a body that has ended, and reports whether
// it has held its slots. What its goroutines still do changes no slot: they see
// that the node is done, or bare.
func (s *claim) vacateLocked(n *Node, granted *grants) (held bool) {
	held = s.waiting <= 0 && !s.bare && s.queued == nil
	s.bare = true
	if s.queued != nil {
		s.dropLocked(n, granted)
	}
	return held
}
