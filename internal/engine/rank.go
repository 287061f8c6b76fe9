package engine

import (
	"sync"
	"sync/atomic"
)

// Finish what has begun: who is ready to start gets a free slot by rank. The rank
// of a task is how deep its group is nested; what a body waits for, with all that
// this still needs, ranks above the body. So a slot goes to what somebody who has
// begun is waiting for, before something else begins.
//
// Ranks only grow, and 31 and more are one, so a search that raises what a wait
// needs looks at each task and each edge at most 31 times, whoever waits and how
// often: keeps 21. A group's rank, which only grows, is that of its tasks, as long as
// they have no higher one.

const maxRank = 31

// ranks guards the ranks and claims of nodes: those of one Shared, or, of those that
// have none, of one top limiter; and where somebody shares, those without any limiter
// under one root. Parts have the same as what they are parts of, or their Map has none.
type ranks struct {
	mu     sync.Mutex
	raised atomic.Bool // some rank is higher than its group's
	todo   []goal      // empty, for the next search
}

// guard returns what guards the rank of n, nil if that is of no use: no place in a queue
// depends on it.
func (n *Node) guard() *ranks { return n.group.guardOf(n.limiter()) }

// guardOf is that of what has the limiter l, in g.
func (g *Group) guardOf(l *Limiter) *ranks {
	switch {
	case l != nil:
		return l.guard()
	case g.root.shares():
		return &g.root.ledger.Load().sharing.ranks
	}
	return nil
}

// rankNow is the rank of n's body: its own, its group's, or that of the Map or Race
// that it is a part of. It wants the mutex of n's guard.
func (n *Node) rankNow() uint8 { return n.rankUnder(n.guard()) }

// rankUnder is rankNow for who knows n's guard. As long as nothing is raised a whole
// has no rank above its group's.
func (n *Node) rankUnder(r *ranks) uint8 {
	rank := max(n.rank, n.group.rankNow())
	if n.kind&part == 0 || r == nil || !r.raised.Load() {
		return rank
	}
	return max(rank, n.wholeRank(r))
}

// wholeRank is the rank of the Map or Race that n is a part of, 0 if r does not guard it.
func (n *Node) wholeRank(r *ranks) uint8 {
	if of := n.whole(); of.guard() == r {
		return of.rank
	}
	return 0
}

func (g *Group) rankNow() uint8 { return uint8(g.rank.Load()) }

// raise makes g's rank at least that, and reports whether it grew. Anybody may call it.
func (g *Group) raise(rank uint8) bool {
	for {
		old := g.rank.Load()
		if uint8(old) >= rank {
			return false
		}
		if g.rank.CompareAndSwap(old, uint32(rank)) {
			return true
		}
	}
}

// raising is a search for what is to have at least a rank. A list of work and no
// recursion, as it runs on the stack of a body. It pins what it reads the
// dependencies of, and releases that without the mutex.
type raising struct {
	of     *ranks
	todo   []goal
	far    []goal  // of another guard: to be looked at without the mutex
	pinned []*Node // to be released without the mutex
}

// goal is a node or a nested group, and the rank that it is to have at least.
type goal struct {
	n    *Node
	g    *Group
	rank uint8
}

// guard is that of what is to be raised.
func (o goal) guard() *ranks {
	if o.g != nil {
		return o.g.guardOf(o.g.limiter)
	}
	return o.n.guard()
}

// raiseTodoLocked raises what is to be done under one guard, whose mutex is locked.
func (s *raising) raiseTodoLocked(of *ranks) {
	s.of = of
	for len(s.todo) > 0 {
		last := len(s.todo) - 1
		what := s.todo[last]
		s.todo[last] = goal{} // it keeps nobody alive
		s.todo = s.todo[:last]
		switch r := what.guard(); {
		case r == nil:
		case r != of:
			s.far = append(s.far, what)
		case what.g != nil:
			s.raiseGroup(what.g, what.rank)
		default:
			s.raiseNode(what.n, what.rank)
		}
	}
}

// raiseRest releases what is pinned and goes on under other guards, one after the
// other: two of their mutexes are never held at once.
func (s *raising) raiseRest() {
	releaseAll(s.pinned)
	for len(s.far) > 0 {
		what := s.far[0]
		s.far, s.todo, s.pinned = s.far[1:], []goal{what}, s.pinned[:0]
		if r := what.guard(); r != nil {
			r.mu.Lock()
			s.raiseTodoLocked(r)
			r.mu.Unlock()
		}
		releaseAll(s.pinned)
	}
}

// raiseFar raises what the body of n, which has no limit, waits for with w.
//
//go:noinline
func (n *Node) raiseFar(w *wait) {
	rank := n.group.rankNow()
	if r := n.guard(); r != nil {
		r.mu.Lock()
		rank = n.rankNow()
		r.mu.Unlock()
	}
	var s raising
	s.addAwaited(w, rank)
	s.far, s.todo = s.todo, nil
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
	has := n.rank // by which its place is, if it is queued: its group's may be higher since
	if n.queueMark == 0 {
		has = max(has, n.group.rankNow())
	}
	if n.isDone() || has >= rank { // a part is raised after its Map or Race
		return
	}
	n.rank = rank
	s.of.raised.Store(true)
	switch n.queueMark {
	case 0:
	case sharedMark:
		n.limiter().shared.raiseLocked(n)
		return
	default:
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
	if !g.raise(rank) {
		return
	}
	s.of.raised.Store(true)
	inOwn := g.limiter != nil && g.limiter.shared == nil // else its bodies are not in queues of this guard
	if inOwn && g.limiter.queue.group == g {
		g.limiter.raiseQueued(g, rank)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := g.ledger.Load(); b != nil {
		for l := b.limited; l != nil; l = l.queue.behind {
			if inOwn {
				l.raiseQueued(g, rank)
			}
		}
		for _, q := range b.queued {
			if inOwn && q.starts() && q.n.rank < rank {
				q.n.rank = rank
				q.at.queue.raise(q.n)
			}
		}
		if b.sharing != nil {
			for p := b.sharing.places; p != nil; p = p.next {
				s.todo = append(s.todo, goal{n: p.n, rank: rank})
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

// raiseQueued raises the bodies of g that are to start in l's queue, whose mutex is
// locked.
func (l *Limiter) raiseQueued(g *Group, rank uint8) {
	for _, n := range l.queue.bodiesOf(g) {
		if n.queueMark == l.mark|n.queueMark&byEnd && n.rank < rank {
			n.rank = rank
			l.queue.raise(n)
		}
	}
}
