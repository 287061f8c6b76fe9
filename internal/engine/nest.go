package engine

import "context"

// A group that is made with the context of a body is nested in that body's group.

// nestIn makes g a group inside the body of owner, which has made it with ctx.
func (g *Group) nestIn(owner *Node, ctx context.Context) {
	outer := owner.group
	g.owner.Store(owner)
	g.root, g.depth = outer.root, outer.depth+1
	g.rank = uint8(min(g.depth, maxRank))
	if outer.end.Load() != nil {
		g.lim = nil // what its bodies do now queues no more
	} else if g.lim = owner.limiter(); g.lim != nil {
		mu := &g.lim.top.mu
		mu.Lock()
		g.rank = min(owner.rankNow()+1, maxRank) // its owner's may be higher
		mu.Unlock()
	}
	if owner.kind&Entrant != 0 || !owner.isOwn(ctx) {
		return
	}
	g.nests, g.base = true, outer.base
	if ctx == context.Context(owner) {
		g.parent = (*groupContext)(outer)
	}
}

// adopt notes a group that was made in a body of g, so that it ends with g if it
// nests: g ends first, and then those that it has noted.
func (g *Group) adopt(n *Group) {
	g.mu.Lock()
	if n.after = g.inner.Load(); n.after != nil {
		n.after.before = n
	}
	g.inner.Store(n)
	g.mu.Unlock()
	if e := g.end.Load(); e != nil && n.nests {
		n.EndOutside(e.err(), e.Cause)
	} else if g.isOver() {
		g.endInside(context.Canceled, context.Canceled)
	}
}

// disown forgets a group that has ended.
func (g *Group) disown(n *Group) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.before == nil {
		g.inner.Store(n.after)
	} else {
		n.before.after = n.after
	}
	if n.after != nil {
		n.after.before = n.before
	}
	n.before, n.after = nil, nil
}

// inside returns the groups that were made in bodies of g and have not ended.
func (g *Group) inside() (groups []*Group) {
	if g.inner.Load() == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for n := g.inner.Load(); n != nil; n = n.after {
		groups = append(groups, n)
	}
	return groups
}

// endInside ends the groups that end with g.
func (g *Group) endInside(err, cause error) {
	for _, n := range g.inside() {
		if n.nests {
			n.EndOutside(err, cause)
		}
	}
}
