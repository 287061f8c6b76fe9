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
	rank   uint8
	todo   []*Node
	groups []*Group
	pinned []*Node // to be released without the mutex
	far    []*Node // under other limits: to be looked at without the mutex
	room   [2][4]*Node
}

// raiseLocked gives what by waits for with w its rank.
func (s *raising) raiseLocked(top *Limiter, by *Node, w *wait) {
	s.rank = min(by.rankNow()+1, maxRank)
	s.todo, s.pinned = s.room[0][:0], s.room[1][:0]
	s.wait(w)
	s.searchLocked(top)
}

// searchLocked raises what is to be done under a top limiter.
func (s *raising) searchLocked(top *Limiter) {
	s.top = top
	for {
		if i := len(s.todo) - 1; i >= 0 {
			n := s.todo[i]
			s.todo = s.todo[:i]
			s.node(n)
		} else if i := len(s.groups) - 1; i >= 0 {
			g := s.groups[i]
			s.groups = s.groups[:i]
			s.group(g)
		} else {
			return
		}
	}
}

// finish releases what is pinned and goes on under other limits.
func (s *raising) finish() {
	releaseAll(s.pinned)
	for len(s.far) > 0 {
		n := s.far[0]
		s.far, s.todo, s.pinned = s.far[1:], append(s.todo, n), s.pinned[:0]
		top := n.limiter().top
		top.mu.Lock()
		s.searchLocked(top)
		top.mu.Unlock()
		releaseAll(s.pinned)
	}
}

// raiseFar raises what a body without a limit waits for, if that has one.
func (n *Node) raiseFar(w *wait) {
	if on := w.on.Load(); on != nil && on.limiter() != nil {
		s := raising{rank: min(n.group.rank+1, maxRank), far: []*Node{on}}
		s.finish()
	}
}

// wait adds what w waits for.
func (s *raising) wait(w *wait) {
	if g := w.group.Load(); g != nil {
		if g.rank < s.rank {
			s.groups = append(s.groups, g)
		}
	} else if on := w.on.Load(); on != nil {
		s.todo = append(s.todo, on)
	}
}

// node raises n and adds what it needs to what is to be done.
func (s *raising) node(n *Node) {
	l := n.limiter()
	switch {
	case n.isDone() || l == nil:
		return
	case l.top != s.top:
		s.far = append(s.far, n)
		return
	case max(n.rank, n.group.rank) >= s.rank: // a part is raised after its Map or Race
		return
	}
	n.rank = s.rank
	s.top.raised.Store(true)
	if n.queued != 0 {
		n.queuedAt().queue.raise(n)
		return
	}
	if b := n.waiter(); b != nil {
		for w := b.waits.Load(); w != nil; w = w.also.Load() {
			s.wait(w)
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
			s.todo = append(s.todo, d)
		}
	}
}

// group raises a nested group: what of it is queued and what its bodies wait for
// at once, the rest when it becomes ready.
func (s *raising) group(g *Group) {
	if g.lim == nil || g.lim.top != s.top || g.rank >= s.rank {
		return
	}
	g.rank = s.rank
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := g.book.Load(); b != nil {
		for _, q := range b.queue {
			if q.starts() && q.n.rank < s.rank {
				q.n.rank = s.rank
				q.at.queue.raise(q.n)
			}
		}
	}
	for w := g.parked.Load(); w != nil; w = w.behind {
		s.wait(w)
	}
	for n := g.inner.Load(); n != nil; n = n.after {
		if owner := n.owner.Load(); owner != nil && owner.joins(n) {
			s.groups = append(s.groups, n)
		}
	}
}
