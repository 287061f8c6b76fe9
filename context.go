package asap

import (
	"context"
	"time"
)

// A node is the context of its body, so that a task needs no context of its
// own. Whatever has to be a real cancelCtx, because only package context can
// make one, is asked of a single one behind all nodes of the group, made by
// the first who needs it:
//
//   - Done comes from it. Err asks it if it was made, then the group's end,
//     then the parent.
//   - Value gives the node for nodeKey. Every other key, package context's own
//     among them, goes to it if it was made and else to the parent: so Cause
//     is right, and a derived context attaches to it without a goroutine.
//   - A failure makes it before anybody can see Err() != nil. The group's end
//     is stored first and then cancels it, and whoever makes it looks at the
//     end afterwards: one of the two cancels.

// nodeKey is the key under which a context knows the task it belongs to.
type nodeKey struct{}

// cancelable is the group's real context.
type cancelable struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// cancelable returns the group's real context and makes it if need be.
func (g *Group) cancelable() *cancelable {
	c := g.real.Load()
	if c == nil {
		c = new(cancelable)
		c.ctx, c.cancel = context.WithCancelCause(g.parent)
		if !g.real.CompareAndSwap(nil, c) {
			c.cancel(nil)
			c = g.real.Load()
		}
	}
	if g.over.Load() {
		c.cancel(nil)
	}
	return c
}

func (n *node) Deadline() (time.Time, bool) { return n.group.parent.Deadline() }
func (n *node) Done() <-chan struct{}       { return n.group.cancelable().ctx.Done() }
func (n *node) Err() error                  { return n.group.ctxErr() }

func (g *Group) ctxErr() error {
	if c := g.real.Load(); c != nil {
		if err := c.ctx.Err(); err != nil {
			return err
		}
	}
	if g.over.Load() {
		return context.Canceled
	}
	if g.real.Load() != nil {
		return nil // the parent's end comes through it
	}
	err := g.parent.Err()
	if err != nil {
		if c := g.real.Load(); c != nil {
			return c.ctx.Err() // made meanwhile: never ahead of its Done
		}
	}
	return err
}

func (n *node) Value(key any) any {
	if key == (nodeKey{}) {
		return n
	}
	if c := n.group.real.Load(); c != nil {
		return c.ctx.Value(key)
	}
	return n.group.parent.Value(key)
}

// String keeps package fmt from reading a record that others write.
func (n *node) String() string { return "asap.Task(" + n.label() + ")" }
