package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// entrantContext is where the end of the context of a Race's function comes from:
// the group's, or the decision of the Race if the function does not win it. Most
// functions never ask for more than Err and values, so there is nothing behind it
// until somebody asks for Done, as whoever derives a context does. Then it has a
// cancelCtx under the group's: a registration there, which is the winner's until
// the group ends and everybody else's until the decision.
//
// It knows no node, and the Race's state none either: who keeps it keeps no value.
type entrantContext struct {
	group *Group
	race  *RaceState
	index int32
	real  atomic.Pointer[realContext]
	next  *entrantContext // in asked of race, under its mu
}

// makeReal returns the real context and makes it if need be. It asks the caller's
// context, so no lock may be held; anybody may call it, also when the group is
// over. Who makes it notes it for who decides, and looks at the decision
// afterwards: keeps 28. One that is made when the Race has been lost already, and
// before the group's end, does not hear of that: its cause is what came first.
func (c *entrantContext) makeReal() *realContext {
	r := c.real.Load()
	if r == nil {
		var parent context.Context = (*groupContext)(c.group)
		if c.race.isLostBy(c.index) && !c.race.late {
			parent = context.WithoutCancel(parent)
		}
		r = new(realContext)
		r.ctx, r.cancel = context.WithCancelCause(parent)
		if c.real.CompareAndSwap(nil, r) {
			c.race.note(c)
		} else {
			r.cancel(nil)
			r = c.real.Load()
		}
	}
	if c.race.isLostBy(c.index) {
		r.cancel(c.lost())
	}
	return r
}

// lost is the cause of a context that the decision ends.
func (c *entrantContext) lost() error { return c.group.host.RaceLost(c.race.name) }

// end ends the contexts of a list that the decision has closed: keeps 28. No lock
// is held.
func (c *entrantContext) end() {
	for c != nil {
		next := c.next
		c.next = nil // so that who keeps one keeps no other
		c.real.Load().cancel(c.lost())
		c = next
	}
}

func (c *entrantContext) Deadline() (time.Time, bool) { return c.group.base.parent.Deadline() }
func (c *entrantContext) Done() <-chan struct{}       { return c.makeReal().ctx.Done() }

// Err must not be ahead of Done: what has decided the Race says so only through
// the real context.
func (c *entrantContext) Err() error {
	r := c.real.Load()
	if r == nil && c.race.isLostBy(c.index) {
		r = c.makeReal()
	}
	if r != nil {
		return r.ctx.Err()
	}
	return c.group.ctxErr()
}

// Value asks the real context if it was made: so Cause is right, and a derived
// context needs no goroutine.
func (c *entrantContext) Value(key any) any {
	if r := c.real.Load(); r != nil {
		return r.ctx.Value(key)
	}
	return c.group.ctxValue(key)
}
