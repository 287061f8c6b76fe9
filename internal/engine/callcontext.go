package engine

import "context"

// callContext is the context of a call. If the Around has passed on what it was
// given, without an end of its own, waits with this one are the body's, as with that.
type callContext struct {
	context.Context
	of         *calls
	by         *Node // whose body it is a call in: that of the calls, or of a task of a group that the Around has made
	cancel     context.CancelCauseFunc
	own        bool // it ends with that body
	open       bool // under the mu of the calls
	prev, next *callContext
}

// callKey is the key under which a context knows the call it belongs to.
type callKey struct{}

func (c *callContext) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// newContext makes the context of a call from the one that the Around gives it. No lock
// is held, as that is asked.
func (f *frame) newContext(ctx context.Context) *callContext {
	cc := &callContext{of: f.calls}
	if f.n != nil {
		if cc.by = nodeOf(ctx); cc.by == nil {
			cc.by = f.n
		}
		cc.own = cc.by.isOwn(ctx, ctx.Done())
	}
	cc.Context, cc.cancel = context.WithCancelCause(ctx)
	return cc
}

// isOwn reports whether ctx, whose Done is done, has the end of n's body, or of a call of
// it that has that.
func (n *Node) isOwn(ctx context.Context, done <-chan struct{}) bool {
	own := n.ownContext()
	if n.kind&Wrapped != 0 || n.group.lasts() {
		if cc, ok := ctx.Value(callKey{}).(*callContext); ok && cc.by == n && cc.own {
			own = cc
		}
	}
	return ctx == own || done == own.Done()
}

// callerOf returns the node whose body ctx belongs to, also if it has ended and ctx
// is of a call of it that still runs; nil if there is none.
func callerOf(ctx context.Context) *Node {
	if n := nodeOf(ctx); n != nil {
		return n
	}
	cc, ok := ctx.Value(callKey{}).(*callContext)
	if !ok {
		return nil
	}
	cc.of.mu.Lock()
	defer cc.of.mu.Unlock()
	if !cc.open {
		return nil
	}
	return cc.of.n
}
