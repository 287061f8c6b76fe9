package engine

import (
	"sync"
	"sync/atomic"
)

// RaceState is what the functions of a Race share. The Race itself has no body: it
// has one pending, which the function that decides it stands for. So a Race is a
// node like others, and only its end is different. It is an object of its own, for
// the contexts of the functions keep it.
type RaceState struct {
	name    string       // of the Race
	decided atomic.Int32 // 0, allFailed, or 1 and the index of the function that has won; set under mu
	late    bool         // it was decided after the group's end; written before decided
	mu      sync.Mutex
	started bool            // the functions may be looked at; written before they can be found
	left    int             // functions that have not ended
	first   int             // those before it have all ended
	asked   *entrantContext // of the functions, those that somebody has asked for their end, until it is decided
}

const allFailed = -1

// start is called before anybody else looks at the k functions.
func (r *RaceState) start(name string, k int) { r.name, r.left, r.started = name, k, true }

// HasStarted reports whether the functions have been started. It is for whoever may
// read what the Race waits for: see Body.Dep.
func (r *RaceState) HasStarted() bool { return r.started }

// isDecided may be asked by anybody: a function that is not to start, or a backend.
func (r *RaceState) isDecided() bool { return r.decided.Load() != 0 }

// IsLostBy reports whether the Race is decided, and not by the i-th function, which has
// ended.
func (r *RaceState) IsLostBy(i int) bool { return r.isLostBy(int32(i)) }

// isLostBy reports whether the Race is decided, and not by the i-th function.
func (r *RaceState) isLostBy(i int32) bool {
	d := r.decided.Load()
	return d != 0 && d != i+1
}

// note keeps a function's context for who decides the Race, if nobody has: keeps 28.
func (r *RaceState) note(c *entrantContext) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noteLocked(c)
}

// noteLocked is note with the mu.
func (r *RaceState) noteLocked(c *entrantContext) {
	if r.decided.Load() == 0 && !c.noted {
		c.noted = true
		c.next, r.asked = r.asked, c
	}
}

// takeAskedLocked empties asked, for who has decided the Race, but for the winner's.
func (r *RaceState) takeAskedLocked() (losers *entrantContext) {
	for c := r.asked; c != nil; {
		next := c.next
		c.next = nil
		if r.isLostBy(c.index) {
			c.next, losers = losers, c
		}
		c = next
	}
	r.asked = nil
	return losers
}

// contextOf returns where the end of the context of n, a function, comes from.
func (r *RaceState) contextOf(n *Node) *entrantContext {
	_, i := n.body.(PartOf).Whole()
	return &entrantContext{group: n.group, race: r, index: int32(i)}
}

// settleRace settles the Race of n, a function of it that has ended, if that
// decides it. It is called before n's list is closed: who sees n done sees what it
// has decided. The contexts are ended without the mu, as that wakes others.
func (s *settling) settleRace(n *Node) {
	r := n.race()
	of, index := n.body.(PartOf).Whole()
	late := !r.isDecided() && s.g.ctxErr() != nil // asks the caller's context
	r.mu.Lock()
	r.left--
	open, left := !r.isDecided(), r.left
	won := open && n.failure() == nil
	lost := open && !won && left == 0
	var losers *entrantContext
	if won || lost {
		by := int32(allFailed)
		if won {
			by = int32(index) + 1
		}
		r.late = late
		r.decided.Store(by)
		losers = r.takeAskedLocked()
	}
	r.mu.Unlock()
	switch {
	case won:
		n.body.(Entry).Win()
		s.work.Push(of)
	case lost:
		v := s.g.host.Lost(of)
		of.setFailure(v.Fail)
		s.cancel = s.cancel || v.Cancel
		s.work.Push(of)
	case open:
		s.races = append(s.races, of)
	}
	losers.end()
	if won && left > 0 {
		s.g.skipLosers(of)
	}
}

// skipLosers ends what the functions of a decided Race wait for: a slot, or
// another engine. What else they do ends with their context. A pending function
// does not exist: they start with the Race.
func (g *Group) skipLosers(of *Node) {
	for i := 0; ; i++ {
		n := of.body.(Contest).Function(i)
		if n == nil {
			break
		}
		if n.isDone() {
			continue
		}
		g.skipQueued(n)
	}
	if g.elsewhere {
		g.backend.Decided(of)
	}
}

// cutRaces ends a wait in a Race that closes a cycle now that another function
// has failed (keeps 15). If one of those that are left goes on, the Race does, so
// one of them is looked at. Who begins such a wait later sees for himself that the
// function has ended.
func (s *settling) cutRaces() {
	if s.g.root.uphill.Load() == 0 {
		return
	}
	for _, of := range s.races {
		if n := of.race().firstLeft(of); n != nil {
			n.cutIfStuck()
		}
	}
}

// firstLeft returns the first function of the Race that has not ended, nil if
// all have. It goes on from where it was: all looks together are one pass.
func (r *RaceState) firstLeft(of *Node) *Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; ; r.first++ {
		n := of.body.(Contest).Function(r.first)
		if n == nil || !n.isDone() {
			return n
		}
	}
}
