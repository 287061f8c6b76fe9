package engine

import "context"

// A group that is made with the context of a body is nested in that body's group:
// its slots are inside of that one's, its Wait is a wait of the body, and if its
// context ends with the body's alone it ends with that group, by a call and not by
// its context (nests). Otherwise it is a base of its own.

// nestIn makes g a group inside the body of owner, which has made it with ctx.
// Nobody else knows g yet.
func (g *Group) nestIn(owner *Node, ctx context.Context) {
	outer := owner.group
	g.owner.Store(owner)
	g.root, g.depth = outer.root, outer.depth+1
	g.rank.Store(uint32(min(g.depth, maxRank)))
	if q := outer.quiet(); q != nil {
		g.makeLedger().quiet = q
	}
	if outer.ending.Load() != nil {
		g.limiter = nil // what its bodies do now queues no more
	} else {
		g.limiter = owner.limiter()
		if r := owner.guard(); r != nil {
			r.mu.Lock()
			g.rank.Store(uint32(min(owner.rankNow()+1, maxRank))) // its owner's may be higher
			r.mu.Unlock()
		}
	}
	if ctx != context.Context(owner) {
		// Of two that have ended package context may give the same Done, and the
		// cause of g's end is that of its own.
		if done := ctx.Done(); ctx.Err() != nil || done != outer.makeRealContext().ctx.Done() {
			return // it has an end of its own: of a Race, by an observer, or by the caller
		}
	}
	g.nests, g.base = true, outer.base
	if ctx == context.Context(owner) {
		g.parent = (*groupContext)(outer)
	}
}

// adopt notes a group that was made in a body of g, so that it ends with g if it
// nests: g ends first, and then those that it has noted. Here the group is noted
// first, and then looks whether g has ended: keeps 24. It may be a goroutine that
// a body has left behind who calls it, even when g is over.
func (g *Group) adopt(n *Group) {
	g.mu.Lock()
	if n.nextInner = g.inner.Load(); n.nextInner != nil {
		n.nextInner.prevInner = n
	}
	g.inner.Store(n)
	g.mu.Unlock()
	if e := g.ending.Load(); e != nil && n.nests {
		n.EndOutside(e.ctxErr(), e.Cause)
	} else if g.isOver() {
		g.endInside(context.Canceled, context.Canceled)
	}
}

// disown forgets a group that is over: its last goroutine calls it, once.
func (g *Group) disown(n *Group) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.prevInner == nil {
		g.inner.Store(n.nextInner)
	} else {
		n.prevInner.nextInner = n.nextInner
	}
	if n.nextInner != nil {
		n.nextInner.prevInner = n.prevInner
	}
	n.prevInner, n.nextInner = nil, nil
}

// inside returns the groups that were made in bodies of g and are not over. It is a
// copy: no group is ended with the mu of another held.
func (g *Group) inside() (groups []*Group) {
	if g.inner.Load() == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for n := g.inner.Load(); n != nil; n = n.nextInner {
		groups = append(groups, n)
	}
	return groups
}

// endInside ends the groups that end with g. It descends one group a level of
// nesting, since each of them ends those inside it before its own context. Where
// somebody else has ended one and may still be on the way to those inside, it goes
// there itself: nobody waits for that other one. Keeps 24.
func (g *Group) endInside(err, cause error) {
	for _, n := range g.inside() {
		if n.nests && !n.endOutside(err, cause) && !n.isContextDead() {
			n.endInside(err, cause)
		}
	}
}

// isContextDead reports whether the group's real context has ended: then those
// inside have as well.
func (g *Group) isContextDead() bool {
	c := g.realContext.Load()
	return c != nil && c.ctx.Err() != nil
}
