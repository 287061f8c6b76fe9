package engine

import (
	"cmp"
	"context"
	"runtime/trace"
	"sync/atomic"
	"time"
)

// A node is the context of its body, so that a task needs no context of its
// own. Whatever has to be a real cancelCtx, because only package context can
// make one, is asked of a single one behind all nodes of the group, made by
// the first who needs it:
//
//   - Done comes from it. Err asks it if it was made, and makes it once the parent
//     of the group's base has ended: see below.
//   - Value gives the node for nodeKey. Every other key, package context's own
//     among them, goes to it if it was made and else to the parent: so Cause
//     is right, and a derived context attaches to it without a goroutine.
//   - Who ends the group makes it before anybody can see the end. The end is
//     stored first and then it is canceled, and whoever makes it looks at the
//     end of everything afterwards: one of the two cancels.
//
// A group that was made with the context of a body itself has for its parent the
// group of that body, and no task: what it keeps alive is no task's value. The
// end of that group comes to it by [Group.cancel], which ends all groups nested
// in it so before its own context, and only the base, the next group outwards
// with another parent, asks that parent. So nothing here costs more the deeper
// a group is nested.

// nodeKey is the key under which a context knows the task it belongs to.
type nodeKey struct{}

// NodeOf returns the node whose body ctx belongs to, nil if there is none that
// has not ended.
func NodeOf(ctx context.Context) *Node { return nodeOf(ctx) }

// nodeOf returns the node whose body ctx belongs to, nil if there is none that
// has not ended.
func nodeOf(ctx context.Context) *Node {
	n, ok := ctx.(*Node)
	if !ok {
		n, _ = ctx.Value(nodeKey{}).(*Node)
	}
	if n == nil || n.isDone() {
		return nil
	}
	return n
}

// realContext is the group's real context: the only cancelCtx behind all its nodes.
type realContext struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// makeRealContext returns the group's real context and makes it if need be. It asks
// the parent, so no lock may be held. Who makes it late looks at over afterwards:
// keeps 25.
func (g *Group) makeRealContext() *realContext {
	c := g.realContext.Load()
	if c == nil {
		c = new(realContext)
		c.ctx, c.cancel = context.WithCancelCause(g.parent)
		if !g.realContext.CompareAndSwap(nil, c) {
			c.cancel(nil)
			c = g.realContext.Load()
		}
	}
	if g.isOver() && !g.lasts() {
		c.cancel(nil)
	}
	return c
}

// EndLasting ends the context of a group that lasts and is over: nobody uses it.
func (g *Group) EndLasting() {
	if c := g.realContext.Load(); c != nil {
		c.cancel(nil)
	}
}

// lasts reports whether the group's context does not end with the group, but only with
// what it was derived from: of a group whose bodies are further calls of the body that it
// was made in, the winner's context has to live as long as that of the body.
func (g *Group) lasts() bool { return g.waited.Load()&lasts != 0 }

// ctxErr is the Err of the group's context, and of all nodes' in it. It makes
// nothing before the parent has ended, so a body that only asks costs no context.
// From then on the real context alone says it, as it alone knows when Done is
// closed: so Err is not ahead of Done, does not go back, and stays the same.
func (g *Group) ctxErr() error {
	c := g.realContext.Load()
	if c == nil {
		if !g.isOver() && g.base.parent.Err() == nil {
			return nil
		}
		c = g.makeRealContext()
	}
	return c.ctx.Err()
}

// ctxValue asks the real context if it was made, for package context finds its own
// there: so Cause is right, and a derived context needs no goroutine.
func (g *Group) ctxValue(key any) any {
	if c := g.realContext.Load(); c != nil {
		return c.ctx.Value(key)
	}
	return g.parent.Value(key)
}

// causeOf is why ctx has ended, for which err was seen: never nil, also for a
// context of a foreign type that has no cause or says one thing and then another.
func causeOf(ctx context.Context, err error) error {
	return cmp.Or(context.Cause(ctx), err, ctx.Err(), context.Canceled)
}

// Deadline is that of the context that the group was made with.
func (n *Node) Deadline() (time.Time, bool) { return n.group.base.parent.Deadline() }

// OutsideDeadline reports whether a deadline has passed that the context of n's
// body has from outside: of the group, and not of the task itself. The body asks
// it when it has returned, with no lock held, as it asks the caller's context. For
// a body that runs elsewhere time is the engine's, and so only what has ended counts.
func OutsideDeadline(n *Node) bool {
	parent := n.group.base.parent
	if !n.group.elsewhere {
		if d, ok := parent.Deadline(); ok {
			return !time.Now().Before(d)
		}
	}
	return parent.Err() == context.DeadlineExceeded
}

// Done is closed when the group's context ends.
func (n *Node) Done() <-chan struct{} { return n.group.makeRealContext().ctx.Done() }

// Err is not nil once the group's context has ended.
func (n *Node) Err() error { return n.group.ctxErr() }

// Value is that of the context that the group was made with.
func (n *Node) Value(key any) any {
	if key == (nodeKey{}) {
		return n
	}
	return n.group.ctxValue(key)
}

// String keeps package fmt from reading an object that others write.
func (n *Node) String() string { return "asap.Task(" + n.label() + ")" }

// groupContext is a group's context as no task's.
type groupContext Group

func (c *groupContext) Deadline() (time.Time, bool) { return c.base.parent.Deadline() }
func (c *groupContext) Done() <-chan struct{}       { return (*Group)(c).makeRealContext().ctx.Done() }
func (c *groupContext) Err() error                  { return (*Group)(c).ctxErr() }
func (c *groupContext) Value(key any) any           { return (*Group)(c).ctxValue(key) }
func (c *groupContext) String() string              { return "asap.Group(" + (*Group)(c).Name() + ")" }

// bodyContext is the context of a body that cannot be its node: of a function of
// a Race, of a body with a limit of time, and of what is observed so that observers
// may derive theirs. When the
// task has ended it lets the node go, so that who keeps the context keeps no
// value.
type bodyContext struct {
	context.Context // where its end comes from: the group, an entrantContext, or a timedContext
	node            atomic.Pointer[Node]
	given           context.Context // what the body gets: this one, or what observers made of it
	region          *trace.Region
}

func (c *bodyContext) Value(key any) any {
	if key == (nodeKey{}) {
		if n := c.node.Load(); n != nil {
			return n
		}
		return nil
	}
	return c.Context.Value(key)
}

func (c *bodyContext) String() string {
	if n := c.node.Load(); n != nil {
		return n.String()
	}
	return "asap.Task"
}

// prepare returns the context of n's body, which starts at the given instant.
func (g *Group) prepare(n *Node, at time.Duration) context.Context {
	told := g.watch != nil && g.watch.Calls()
	var c *bodyContext
	if n.kind&Wrapped != 0 {
		c = g.newTimedBody(n)
	}
	if n.kind&Entrant == 0 && !told && c == nil {
		if g.watch != nil {
			g.watch.Start(n.entry(), n, at, "")
		}
		return n
	}
	switch {
	case c != nil:
	case n.kind&Entrant != 0:
		c = &bodyContext{Context: n.race().contextOf(n)}
	default:
		c = &bodyContext{Context: (*groupContext)(g)}
	}
	c.node.Store(n)
	c.given = c
	if g.watch != nil {
		c.given, c.region = g.watch.Start(n.entry(), c, at, n.label())
	}
	n.makeSide().makeRare().bodyContext = c
	return c.given
}
