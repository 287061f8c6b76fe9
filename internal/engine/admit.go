package engine

// grants is who got slots under the mutex: to be started or woken without it, since
// a backend and observers may be asked.
type grants struct {
	nodes       Chain
	first, last *wait
	passes      *pass // slots on their way to who waits at a Shared: see branch.go
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

// takePasses takes in the slots on their way to one Shared, whose mutex the caller has,
// but for those that deliver is to do more with.
func (s *grants) takePasses(of *Shared) {
	for at := &s.passes; *at != nil; {
		p := *at
		if p.to.shared == of && p.rest == nil {
			*at = p.next
			p.to.arrive(s) // may put others in front
			at = &s.passes
		} else {
			at = &p.next
		}
	}
}

// deliverPasses hands the slots of limiters to who waits at shared ones, without a
// mutex: one of those after the other.
//
//go:noinline
func (s *grants) deliverPasses() {
	for s.passes != nil {
		p := s.passes
		s.passes = p.next
		p.to.shared.receive(p, s)
	}
}

// deliver wakes and starts who got slots, without the mutex, and leaves the first
// node to the caller if that has the given group, nil for none. Most often that is all.
func (s *grants) deliver(own *Group) (first *Node) {
	if n := s.nodes.head; s.first == nil && s.passes == nil && (n == nil || n == s.nodes.tail && n.group == own) {
		return n
	}
	return s.deliverAll(own)
}

func (s *grants) deliverAll(own *Group) (first *Node) {
	if s.passes != nil {
		s.deliverPasses()
	}
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
	if g.limiter == nil && (ready.isEmpty() || ready.head.kind&(Element|Bounded) == 0 && ready.head == ready.tail) {
		return ready
	}
	for n := ready.Pop(); n != nil; n = ready.Pop() {
		l := n.limiter()
		if g.admitNode(n, l, class) {
			admitted.Push(n)
		} else if n = ready.head; n != nil && n.limiter() == l && l.shared == nil {
			g.admitMore(&ready, &admitted, l, class)
		}
	}
	return admitted
}

// admitNode is admit for one node, with the limiter l. It reports whether that has its
// slots.
func (g *Group) admitNode(n *Node, l *Limiter, class uint8) bool {
	if l != nil && l.shared != nil {
		return g.admitShared(n, l, class)
	}
	for l != nil && l.take() {
		l = l.up
	}
	return l == nil || g.admitAt(n, l, class)
}

// admitMore goes on with those that have the same limiter, after one that is queued: so
// it is likely that they are. It locks the mutex once for some, and not for all, since
// workers that want to give a slot wait for it.
func (g *Group) admitMore(ready, admitted *Chain, l *Limiter, class uint8) {
	mu := &l.top.mu
	mu.Lock()
	for range 64 {
		n := ready.head
		if n == nil || n.limiter() != l || n.isLate() || !g.mayQueueLocked(l) {
			break
		}
		ready.Pop()
		if l.climbLocked(n, false, class) {
			admitted.Push(n)
		}
	}
	mu.Unlock()
}

// admitShared is admit for one node with a shared limit. The parent is not asked with
// a mutex held, so who has to wait asks twice.
func (g *Group) admitShared(n *Node, l *Limiter, class uint8) bool {
	s := l.shared
	s.mu.Lock()
	got := s.tryLocked(l)
	s.mu.Unlock()
	if got {
		return true
	}
	g.watchParent()
	s.mu.Lock()
	how := s.arriveLocked(n, l, false, class)
	s.mu.Unlock()
	switch how {
	case ended:
		g.skip(n)
	case foreign:
		g.panicInstead(n)
	}
	return how == admitted
}

// admitAt is admit's slow path: there was no free slot at l. A node that may not
// start any more is skipped on the spot: who has ended the group may have emptied
// the queues already. It holds the slots below l. Keeps 16.
func (g *Group) admitAt(n *Node, l *Limiter, class uint8) (admitted bool) {
	g.watchParent()
	mu := &l.top.mu
	mu.Lock()
	if !n.isLate() && g.mayQueueLocked(l) {
		admitted = l.climbLocked(n, false, class)
		mu.Unlock()
		return admitted
	}
	g.skipAtLocked(n, l)
	return false
}

// skipAtLocked is the rest of admitAt for a node that is not to start. It unlocks the
// mutex.
func (g *Group) skipAtLocked(n *Node, l *Limiter) {
	var granted grants
	n.limiter().giveAllLocked(l, &granted)
	l.top.mu.Unlock()
	granted.deliver(nil)
	g.skip(n)
}

// nextLimited is the rest of next under a limit. It ends the turn of n's body: what it made ready is
// admitted, and its slot goes to the next. The worker keeps the slot for the
// oldest that it made ready if nobody waits for it, and no rank says otherwise.
func (w *worker) nextLimited(n *Node, ready Chain, ended int64) (next *Node) {
	g, l := w.g, n.limiter()
	if first := ready.head; first != nil && l != nil && first.limiter() == l && n.waiter() == nil && !l.isContended() &&
		(first == ready.tail || !l.guard().raised.Load()) {
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
	if next == nil && l != nil { // else the slot goes on with the worker
		var granted grants
		n.vacate(l, &granted)
		next = granted.deliver(g)
	}
	return next
}

// vacate gives back the slots of a body that has ended. One that never waited has a
// claim that nobody else can change: it needs no mutex while nobody is queued.
func (n *Node) vacate(l *Limiter, granted *grants) {
	b := n.waiter()
	if b == nil && l.shared == nil {
		for l != nil && l.give() {
			l = l.up
		}
		if l == nil {
			return
		}
	}
	mu := &l.guard().mu
	mu.Lock()
	if b == nil || b.claim.vacateLocked(n, granted) {
		l.freeLocked(granted)
	}
	mu.Unlock()
}
