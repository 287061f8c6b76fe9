package engine

// Finish what has begun: who is ready to start gets a free slot by rank. The rank
// of a task is how deep its group is nested; what a body waits for, with all that
// this still needs, ranks above the body. So a slot goes to what somebody who has
// begun is waiting for, before something else begins.
//
// Ranks only grow, and 31 and more are one, so a search that raises what a wait
// needs looks at each task and each edge at most 31 times, whoever waits and how
// often: keeps 21. Ranks are guarded by the mutex of the top limiter. A group's is
// that of its tasks, as long as they have no higher one.

const maxRank = 31

// rankNow is the rank of n's body: its own, its group's, or that of the Map or Race
// that it is a part of.
func (n *Node) rankNow() uint8 {
	rank := max(n.rank, n.group.rank)
	if of := n.whole(); of != nil {
		rank = max(rank, of.rank)
	}
	return rank
}

// raising is a search for what is to have at least a rank. A list of work and no
// recursion, as it runs on the stack of a body. It pins what it reads the
// dependencies of, and releases that without the mutex.
type raising struct {
	top    *Limiter
	todo   []goal
	far    []goal  // under other limits: to be looked at without the mutex
	pinned []*Node // to be released without the mutex
}

// goal is a node or a nested group, and the rank that it is to have at least.
type goal struct {
	n    *Node
	g    *Group
	rank uint8
}

// raiseLocked gives what by waits for with w its rank. raiseRest follows, without
// the mutex.
func (s *raising) raiseLocked(top *Limiter, by *Node, w *wait) {
	s.todo = top.todo // a list to use again: most waits lead to little
	s.addAwaited(w, by.rankNow())
	s.raiseTodoLocked(top)
	top.todo = s.todo
}

// raiseTodoLocked raises what is to be done under a top limiter.
func (s *raising) raiseTodoLocked(top *Limiter) {
	s.top = top
	for len(s.todo) > 0 {
		last := len(s.todo) - 1
		what := s.todo[last]
		s.todo[last] = goal{} // it keeps nobody alive
		s.todo = s.todo[:last]
		if what.g != nil {
			s.raiseGroup(what.g, what.rank)
		} else {
			s.raiseNode(what.n, what.rank)
		}
	}
}

// raiseRest releases what is pinned and goes on under other limits, one top after
// the other: two of their mutexes are never held at once.
func (s *raising) raiseRest() {
	releaseAll(s.pinned)
	for len(s.far) > 0 {
		what := s.far[0]
		s.far, s.todo, s.pinned = s.far[1:], []goal{what}, s.pinned[:0]
		top := what.n.limiter().top
		top.mu.Lock()
		s.raiseTodoLocked(top)
		top.mu.Unlock()
		releaseAll(s.pinned)
	}
}

// raiseFar raises what the body of n, which has no limit, waits for under one.
//
//go:noinline
func (n *Node) raiseFar(on *Node) {
	s := raising{far: []goal{{n: on, rank: min(n.group.rank+1, maxRank)}}}
	s.raiseRest()
}

// addAwaited adds what a body of the given rank waits for with w.
func (s *raising) addAwaited(w *wait, rank uint8) {
	rank = min(rank+1, maxRank)
	if w.ended.Load() {
		return
	}
	if g := w.group.Load(); g != nil {
		s.todo = append(s.todo, goal{g: g, rank: rank})
	} else if on := w.on.Load(); on != nil {
		s.todo = append(s.todo, goal{n: on, rank: rank})
	}
}

// raiseNode raises n and adds what it needs to what is to be done. A node that is
// queued, or runs and does not wait, needs nothing more.
func (s *raising) raiseNode(n *Node, rank uint8) {
	l := n.limiter()
	switch {
	case n.isDone() || l == nil:
		return
	case l.top != s.top:
		s.far = append(s.far, goal{n: n, rank: rank})
		return
	case max(n.rank, n.group.rank) >= rank: // a part is raised after its Map or Race
		return
	}
	n.rank = rank
	s.top.raised.Store(true)
	if n.queueMark != 0 {
		n.queuedAt().queue.raise(n)
		return
	}
	if b := n.waiter(); b != nil {
		for w := b.waits.Load(); w != nil; w = w.nextOpen.Load() {
			s.addAwaited(w, rank)
		}
	}
	if !n.pin() {
		return
	}
	s.pinned = append(s.pinned, n)
	for i := 0; ; i++ {
		d := n.dep(i)
		if d == nil {
			return
		}
		if !d.isDone() {
			s.todo = append(s.todo, goal{n: d, rank: rank})
		}
	}
}

// raiseGroup raises a nested group: what of it is queued and what its bodies wait
// for at once, the rest when it becomes ready. It locks the group's mu under that
// of the top limiter.
func (s *raising) raiseGroup(g *Group, rank uint8) {
	if g.limiter == nil || g.limiter.top != s.top || g.rank >= rank {
		return
	}
	g.rank = rank
	s.top.raised.Store(true)
	if own := &g.limiter.queue; own.group == g {
		for _, n := range own.bodiesOf(g) {
			if n.queueMark == g.limiter.mark|n.queueMark&byEnd && n.rank < rank {
				n.rank = rank
				own.raise(n)
			}
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := g.ledger.Load(); b != nil {
		for _, q := range b.queued {
			if q.starts() && q.n.rank < rank {
				q.n.rank = rank
				q.at.queue.raise(q.n)
			}
		}
	}
	for w := g.parked.Load(); w != nil; w = w.nextParked {
		s.addAwaited(w, rank)
	}
	for n := g.inner.Load(); n != nil; n = n.nextInner {
		if owner := n.owner.Load(); owner != nil && owner.joins(n) {
			s.todo = append(s.todo, goal{g: n, rank: min(rank+1, maxRank)})
		}
	}
}
