package engine

// Finish what has begun: who is ready to start gets a free slot by rank. The rank
// of a task is how deep its group is nested; what a body waits for, with all that
// this still needs, ranks above the body. So a slot goes to what somebody who has
// begun is waiting for, before something else begins.
//
// Ranks only grow, and 31 and more are one, so a search that raises what a wait
// needs looks at each task and each edge at most 31 times, whoever waits and how
// often. Ranks are guarded by the mutex of the top limiter. A group's is that of
// its tasks, as long as they have no higher one.

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

// raising is a search for what is to have at least a rank.
type raising struct {
	top    *Limiter
	todo   []goal
	far    []goal  // under other limits: to be looked at without the mutex
	pinned []*Node // to be released without the mutex
	room   [4]goal
	hold   [4]*Node
}

// goal is a node or a nested group, and the rank that it is to have at least.
type goal struct {
	n    *Node
	g    *Group
	rank uint8
}

// raiseLocked gives what by waits for with w its rank.
func (s *raising) raiseLocked(top *Limiter, by *Node, w *wait) {
	s.todo, s.pinned = s.room[:0], s.hold[:0]
	s.awaited(w, by.rankNow())
	s.searchLocked(top)
}

// searchLocked raises what is to be done under a top limiter.
func (s *raising) searchLocked(top *Limiter) {
	s.top = top
	for len(s.todo) > 0 {
		last := len(s.todo) - 1
		what := s.todo[last]
		s.todo = s.todo[:last]
		if what.g != nil {
			s.group(what.g, what.rank)
		} else {
			s.node(what.n, what.rank)
		}
	}
}

// finish releases what is pinned and goes on under other limits.
func (s *raising) finish() {
	releaseAll(s.pinned)
	for len(s.far) > 0 {
		what := s.far[0]
		s.far, s.todo, s.pinned = s.far[1:], append(s.todo, what), s.pinned[:0]
		top := what.n.limiter().top
		top.mu.Lock()
		s.searchLocked(top)
		top.mu.Unlock()
		releaseAll(s.pinned)
	}
}

// raiseFar raises what the body of n, which has no limit, waits for under one.
//
//go:noinline
func (n *Node) raiseFar(on *Node) {
	s := raising{far: []goal{{n: on, rank: min(n.group.rank+1, maxRank)}}}
	s.finish()
}

// awaited adds what a body of the given rank waits for with w.
func (s *raising) awaited(w *wait, rank uint8) {
	rank = min(rank+1, maxRank)
	if w.over.Load() {
		return
	}
	if g := w.group.Load(); g != nil {
		s.todo = append(s.todo, goal{g: g, rank: rank})
	} else if on := w.on.Load(); on != nil {
		s.todo = append(s.todo, goal{n: on, rank: rank})
	}
}

// node raises n and adds what it needs to what is to be done.
func (s *raising) node(n *Node, rank uint8) {
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
	if n.queued != 0 {
		n.queuedAt().queue.raise(n)
		return
	}
	if b := n.waiter(); b != nil {
		for w := b.waits.Load(); w != nil; w = w.also.Load() {
			s.awaited(w, rank)
		}
	}
	if !n.pin() {
		return
	}
	s.pinned = append(s.pinned, n)
	for i := 0; ; i++ {
		d := n.body.Dep(i)
		if d == nil {
			return
		}
		if !d.isDone() {
			s.todo = append(s.todo, goal{n: d, rank: rank})
		}
	}
}

// group raises a nested group: what of it is queued and what its bodies wait for
// at once, the rest when it becomes ready.
func (s *raising) group(g *Group, rank uint8) {
	if g.lim == nil || g.lim.top != s.top || g.rank >= rank {
		return
	}
	g.rank = rank
	s.top.raised.Store(true)
	if own := &g.lim.queue; own.of == g {
		for _, n := range own.bodiesOf(g) {
			if n.queued == g.lim.mark|n.queued&byEnd && n.rank < rank {
				n.rank = rank
				own.raise(n)
			}
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := g.book.Load(); b != nil {
		for _, q := range b.queue {
			if q.starts() && q.n.rank < rank {
				q.n.rank = rank
				q.at.queue.raise(q.n)
			}
		}
	}
	for w := g.parked.Load(); w != nil; w = w.behind {
		s.awaited(w, rank)
	}
	for n := g.inner.Load(); n != nil; n = n.after {
		if owner := n.owner.Load(); owner != nil && owner.joins(n) {
			s.todo = append(s.todo, goal{g: n, rank: min(rank+1, maxRank)})
		}
	}
}
