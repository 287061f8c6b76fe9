package engine

import (
	"sync/atomic"

	"github.com/asap-go/asap/internal/record"
)

// Shared is a limit as a value: of all groups and tasks that were given it, of
// whatever request, at most n bodies run. A body has at most one, and takes its slot
// after those of its own limits, the ones of the groups around it. Who has to wait
// holds none of either; so who waits here for a body that waits there cannot be.
//
// Those who wait are in a tree: see branch.go. Keeps 34 to 36.
//
// What is called …Locked here wants its mutex. The mutex of a top limiter, and then
// that of a group, may be locked under it, but no other Shared's. It guards, of the
// nodes that have it, the claims and the ranks as well.
type Shared struct {
	ranks
	crowded  atomic.Bool // somebody waits: a hint without the mutex
	free     int         // slots that nobody holds
	turn     uint64      // the last one given
	places   map[*Node]*place
	root     branch
	branches map[*Limiter]*branch // those with somebody in them
	inHand   []*branch            // that hold a slot of their limiter while serveLocked runs
	held     map[bubble]int       // slots, by the bubble of who holds them
	bubble   bubble               // of all in places
	looks    int                  // comparisons and moves, for tests of what a step costs
	told     *record.Shared       // for recorders; it never changes
}

// NewShared makes one with n slots.
func NewShared(n int) *Shared {
	s := &Shared{free: n, places: make(map[*Node]*place), branches: make(map[*Limiter]*branch), held: make(map[bubble]int)}
	s.told = &record.Shared{Limit: n}
	s.root.shared = s
	return s
}

// place is that of a body in the queue of a Shared. It is in a branch, and in the
// list of the body's group.
type place struct {
	item
	n       *Node
	goesOn  bool
	class   uint8
	turn    uint64
	ownTurn uint32 // as the own limits count: for the branches that wait there

	inGroup    bool // in the list of the group, which the group's mu guards
	prev, next *place
}

// before reports whether p comes before q: the order of R21.
func (p *place) before(q *place) bool {
	switch {
	case p.goesOn || q.goesOn:
		return p.goesOn && (!q.goesOn || p.turn < q.turn)
	case p.n.rank != q.n.rank:
		return p.n.rank > q.n.rank
	case p.class != q.class:
		return p.class == byEnd
	}
	return p.turn < q.turn
}

// arrival is what becomes of a body that wants slots.
type arrival uint8

const (
	waiting  arrival = iota // it waits, and is granted them
	admitted                // it has them
	ended                   // its group has ended, or it is late: it goes on, or is skipped, without
	foreign                 // it would wait for another bubble's: it panics instead
)

// tryLocked takes the slots of a body with the limiter l, if all of them are free.
func (s *Shared) tryLocked(l *Limiter) bool {
	if s.free == 0 || len(s.places) > 0 && s.bubble != l.bubble {
		return false
	}
	own := l.own()
	switch {
	case own == nil:
	case own.up == nil:
		if !own.take() {
			return false
		}
	default:
		own.top.mu.Lock()
		at := own.takeAllLocked()
		own.top.mu.Unlock()
		if at != nil {
			return false
		}
	}
	s.countTakenLocked(l)
	return true
}

func (s *Shared) countTakenLocked(l *Limiter) {
	s.free--
	s.held[l.bubble]++
}

// arriveLocked is tryLocked that queues n where a slot is missing: to go on, or to
// start, of the given class. It grants nothing to others, so a wait may be ended
// with it by whoever holds cycles. Keeps 34, 36.
func (s *Shared) arriveLocked(n *Node, l *Limiter, goesOn bool, class uint8) arrival {
	if s.tryLocked(l) {
		return admitted
	}
	if !goesOn && n.isLate() {
		return ended
	}
	if !s.mayWaitLocked(l.bubble) {
		return foreign
	}
	s.turn++
	p := &place{n: n, goesOn: goesOn, class: class, turn: s.turn}
	p.first, p.index = p, -1
	if !goesOn {
		n.rank = n.rankNow()
	}
	own := l.own()
	if own != nil {
		own.top.mu.Lock()
		p.ownTurn = own.top.queue.nextTurn()
		own.top.mu.Unlock()
	}
	if !n.group.notePlace(p) {
		return ended
	}
	if s.free > 0 { // an own limit has none
		if s.blockFor(p, own) {
			n.group.unnotePlace(p)
			s.countTakenLocked(l)
			return admitted
		}
	}
	if !goesOn {
		n.queueMark = sharedMark
	}
	s.bubble = l.bubble
	s.places[n] = p
	s.crowded.Store(true)
	s.makeBranch(own).insert(p)
	return waiting
}

// blockFor makes the branch of the limiter that has no slot for p wait there. It
// reports true if a slot was given back meanwhile and p has all of its own.
func (s *Shared) blockFor(p *place, own *Limiter) bool {
	mu := &own.top.mu
	mu.Lock()
	at := own.takeAllLocked()
	for at != nil && at.takeLocked() { // given back by somebody without the mutex
		at.give()
		at = own.takeAllLocked()
	}
	if at == nil {
		mu.Unlock()
		return true
	}
	b := s.makeBranch(at)
	if b.stub.queueMark == 0 {
		at.queue.pushStub(b.stub, at, p) // insert puts it where it belongs, if others come before p
	}
	mu.Unlock()
	b.blocked = true
	if b.index >= 0 {
		b.in.remove(&b.item)
		b.in.changed()
	}
	return false
}

// leaveLocked takes the body of p out of the queue.
func (s *Shared) leaveLocked(p *place) {
	delete(s.places, p.n)
	s.crowded.Store(len(s.places) > 0)
	p.n.group.unnotePlace(p)
	if !p.goesOn {
		p.n.queueMark = 0
	}
	b := p.in
	b.remove(&p.item)
	b.changed()
	for ; b.in != nil; b = b.in {
		if b.places--; b.places == 0 {
			b.unblock()
			delete(s.branches, b.limiter)
		}
	}
}

// dropGoingLocked takes the body of n, which waits to go on, out of the queue: its
// goroutine goes on without slots.
func (s *Shared) dropGoingLocked(n *Node, granted *grants) {
	s.leaveLocked(s.places[n])
	granted.addGoing(n)
}

// raiseLocked puts n, whose rank has grown, where it belongs now.
func (s *Shared) raiseLocked(n *Node) {
	p := s.places[n]
	p.in.fix(&p.item)
	p.in.changed()
}

// giveLocked gives back the slots of a body with the limiter l, and grants what has
// become free. The own ones come first: of who waits for one of them and who waits
// here, each may come before the other there.
func (s *Shared) giveLocked(l *Limiter, granted *grants) {
	s.giveOwnLocked(l.own(), nil, granted)
	s.free++
	if s.held[l.bubble]--; s.held[l.bubble] == 0 {
		delete(s.held, l.bubble)
	}
	s.serveLocked(granted)
}

// giveOwnLocked gives back the slots of own limits, from l up to end.
func (s *Shared) giveOwnLocked(l, end *Limiter, granted *grants) {
	for ; l != end; l = l.up {
		if b := s.branches[l]; b != nil && !b.blocked {
			b.offer(granted)
		} else {
			l.giveBack(granted)
		}
		granted.takePasses(s) // before the next one is offered to what is around
	}
}

// serveLocked grants the free slots to the first in order whose own limits let them
// go on, until there is none of either. Keeps 34, 35.
func (s *Shared) serveLocked(granted *grants) {
	for s.free > 0 {
		p := s.nextLocked(granted)
		if p == nil {
			break
		}
		for b := p.in; b.in != nil; b = b.in {
			b.inHand = false // its slot is the body's now
		}
		s.countTakenLocked(p.n.limiter())
		s.leaveLocked(p)
		if p.goesOn {
			granted.addGoing(p.n)
		} else {
			granted.nodes.Push(p.n)
		}
	}
	for _, b := range s.inHand {
		if b.inHand {
			b.inHand = false
			b.limiter.giveBack(granted)
		}
	}
	clear(s.inHand)
	s.inHand = s.inHand[:0]
}

// nextLocked returns the first in order whose own limits have slots for it, which
// are in the hands of the branches around it then. What finds none waits for one at
// its limiter, and is not looked at again before that.
func (s *Shared) nextLocked(granted *grants) *place {
	b := &s.root
	for len(b.items) > 0 {
		first := b.items[0]
		switch {
		case first.sub == nil:
			return first.first
		case first.sub.takeSlot():
			b = first.sub
		default:
			b.remove(first)
			b.changed()
			for ; b.in != nil; b = b.in { // its slot was for first: who is next may come later there
				if b.inHand {
					b.inHand = false
					b.offer(granted)
					granted.takePasses(s)
				}
			}
			b = &s.root // another one may be the first now
		}
	}
	return nil
}

// receive takes in a slot that was on its way to a branch, without any mutex held,
// and grants what follows. The slot goes on to the next at its limiter if the branch has
// no use for it.
func (s *Shared) receive(p *pass, granted *grants) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !p.alone {
		p.to.arrive(granted)
	}
	s.giveOwnLocked(p.rest, p.end, granted)
	s.serveLocked(granted)
}

// skipShared ends what the group's bodies wait for at shared limits: who was to start
// is skipped, who goes on does so without a slot. It costs what the group has there.
// Who queues later sees the end under the group's mu: keeps 10 for them.
func (g *Group) skipShared(l *dropping) {
	for p := g.clearPlaces(); p != nil; {
		next := p.next
		p.next = nil
		l.dropPlace(p)
		p = next
	}
}

// dropPlace takes the body of p out of the queue, if it still is there.
func (l *dropping) dropPlace(p *place) {
	s := p.n.limiter().shared
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.places[p.n] != p:
	case p.goesOn:
		p.n.waiter().claim.bare = true
		s.dropGoingLocked(p.n, &l.granted)
	default:
		s.leaveLocked(p)
		l.out.pushFront(p.n) // the list has the latest first
	}
}
