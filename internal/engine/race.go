package engine

import (
	"context"
	"sync"
)

// RaceState is what the functions of a Race share. The Race itself has no body: it
// has one pending, which the function that decides it stands for. So a Race is a
// node like others, and only its end is different.
type RaceState struct {
	mu      sync.Mutex
	started bool // the functions may be looked at; written before they can be found
	left    int  // functions that have not ended
	first   int  // those before it have all ended
	decided bool
	ctx     context.Context // of the functions, made for the first that starts
	cancel  context.CancelFunc
}

// start is called before anybody else looks at the functions.
func (r *RaceState) start(k int) { r.left, r.started = k, true }

// HasStarted reports whether the functions have been started. It is for whoever may
// read what the Race waits for: see Body.Dep.
func (r *RaceState) HasStarted() bool { return r.started }

// isDecided may be asked by anybody: a function that is not to start, or a backend.
func (r *RaceState) isDecided() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.decided
}

// makeContext returns that of the functions: the group's, but ended by the race as
// well. Contexts are made and ended without the mu, as they ask the caller's: of
// two that make one at once, one is not used.
func (r *RaceState) makeContext(g *Group) context.Context {
	r.mu.Lock()
	ctx := r.ctx
	r.mu.Unlock()
	if ctx != nil {
		return ctx
	}
	ctx, cancel := context.WithCancel((*groupContext)(g)) // asks the caller's context
	r.mu.Lock()
	if r.ctx == nil {
		r.ctx, r.cancel = ctx, cancel
		cancel = nil
	}
	if r.decided {
		cancel = r.cancel
	}
	ctx = r.ctx
	r.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	return ctx
}

// settleRace settles the Race of n, a function of it that has ended, if that
// decides it. It is called before n's list is closed: who sees n done sees what it
// has decided.
func (s *settling) settleRace(n *Node) {
	r := n.race()
	of := n.whole()
	r.mu.Lock()
	r.left--
	won := n.failure() == nil && !r.decided
	lost := !won && r.left == 0 && !r.decided
	r.decided = r.decided || won || lost
	left, open, cancel := r.left, !r.decided, r.cancel
	if !won && !lost {
		cancel = nil
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
	if cancel != nil {
		cancel()
	}
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
