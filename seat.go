package asap

import "sync"

// seat is a running body's claim to its slots, guarded by the limiter's mu.
// The body holds them while it waits for nothing, is not queued and not bare.
type seat struct {
	waits  int     // of its goroutines, for tasks and nested groups
	queued *ticket // waits is 0 again, and there was no slot
	bare   bool    // goes on without slots: after a cancel, or when it has ended
}

// ticket is a body's place in the queue of those that go on.
type ticket struct {
	prev, next *ticket
	in         *ticketList
	n          *node
	at         *limiter
	wg         *sync.WaitGroup
	atHub      bool // in a hub's list and not in a limiter's; under the mu of the hub's group
}

// ticketList is a queue that can be left from the middle.
type ticketList struct{ head, tail *ticket }

func (l *ticketList) push(t *ticket) {
	t.in, t.prev, t.next = l, l.tail, nil
	if l.tail == nil {
		l.head = t
	} else {
		l.tail.next = t
	}
	l.tail = t
}

func (l *ticketList) pop() *ticket {
	t := l.head
	if t != nil {
		l.remove(t)
	}
	return t
}

func (l *ticketList) remove(t *ticket) {
	if t.prev == nil {
		l.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		l.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.in, t.prev, t.next = nil, nil, nil
}

// rise gives back the slots of n's body when the first of its goroutines
// begins to wait. It does nothing without a limit.
func (n *node) rise() {
	l := n.limiter()
	if l == nil {
		return
	}
	n.group.watchParent()
	var granted grants
	mu := &l.top.mu
	mu.Lock()
	s := n.seatLocked()
	if n.done() { // a goroutine that the body has left behind holds no slot
		mu.Unlock()
		return
	}
	s.waits++
	if s.waits == 1 {
		if t := s.queued; t != nil {
			s.queued = nil
			t.leaveLocked(l, &granted)
			granted.wake(t)
		} else if !s.bare {
			l.releaseLocked(nil, &granted)
		}
	}
	mu.Unlock()
	if first := granted.start(n.group); first != nil {
		var c chain
		c.push(first)
		n.group.push(c)
	}
}

// sit takes the slots again when the last of n's goroutines ends its wait. It
// reports false when there was none free: then t is in the queue, and its wg
// is called when there is. It is called at the moment that ends the wait, by
// whoever ends it, so that a body that goes on comes before one that starts.
func (n *node) sit(t *ticket) bool {
	l := n.limiter()
	if l == nil {
		return true
	}
	mu := &l.top.mu
	mu.Lock()
	defer mu.Unlock()
	s := n.seatLocked()
	if n.done() {
		return true
	}
	s.waits--
	if s.waits > 0 || s.bare {
		return true
	}
	if n.group.end.Load() != nil {
		s.bare = true
		return true
	}
	if l.climbLocked(t, nil) {
		return true
	}
	s.queued = t
	return false
}

// leaveLocked takes t out of its queue and gives back what it had already.
func (t *ticket) leaveLocked(from *limiter, granted *grants) {
	at := t.at
	t.in.remove(t)
	from.releaseLocked(at, granted)
	at.calmLocked()
}

func (n *node) seatLocked() *seat { return &n.bedOf().seat }
