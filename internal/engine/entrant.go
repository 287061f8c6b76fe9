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
// The waits of the body itself ask for less, since the group's end reaches them by
// itself, and so register nothing: see ownEnd.
//
// It knows no node, and the Race's state none either: who keeps it keeps no value.
type entrantContext struct {
	group *Group
	race  *RaceState
	index int32
	real  atomic.Pointer[realContext]

	// Under the mu of race.
	waits      chan struct{} // closed when the Race is lost, if the body has waited
	waitsEnded bool          // it is closed
	noted      bool          // in asked of race
	next       *entrantContext
}

// ender is where the end of a body's context comes from, if that has one of its own.
type ender interface {
	context.Context
	// ownEnd returns a channel that is closed when the context ends before the
	// group, for the hard waits of the body, which hear of the group's end besides.
	ownEnd() <-chan struct{}
}

var _, _ ender = (*entrantContext)(nil), (*timedContext)(nil)

// ownEnd is closed by the decision, if that is to come: keeps 28. It is closed when Err
// says so already, as who waits asks for the cause then.
func (c *entrantContext) ownEnd() <-chan struct{} {
	c.race.mu.Lock()
	if c.waits == nil {
		c.waits = make(chan struct{})
		c.race.noteLocked(c)
	}
	w := c.waits
	c.race.mu.Unlock()
	if c.race.isLostBy(c.index) {
		c.endWaits()
	}
	return w
}

// endWaits closes the channel of ownEnd, if there is one.
func (c *entrantContext) endWaits() {
	c.race.mu.Lock()
	defer c.race.mu.Unlock()
	if c.waits != nil && !c.waitsEnded {
		c.waitsEnded = true
		close(c.waits)
	}
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
		if r := c.real.Load(); r != nil {
			r.cancel(c.lost())
		}
		c.endWaits()
		c = next
	}
}

func (c *entrantContext) Deadline() (time.Time, bool) { return c.group.base.parent.Deadline() }
func (c *entrantContext) Done() <-chan struct{}       { return c.makeReal().ctx.Done() }

// Err must not be ahead of Done, nor go back: that it has ended it says through the real
// context alone, and whoever asks ends that once the Race is lost. One that is made
// meanwhile may not have heard of the group's end yet, or be without it.
func (c *entrantContext) Err() error {
	if c.race.isLostBy(c.index) {
		return c.makeReal().ctx.Err()
	}
	if r := c.real.Load(); r != nil {
		return r.ctx.Err()
	}
	if c.group.ctxErr() == nil {
		return nil
	}
	return c.makeReal().ctx.Err()
}

// Value asks the real context if it was made: so Cause is right, and a derived
// context needs no goroutine.
func (c *entrantContext) Value(key any) any {
	if r := c.real.Load(); r != nil {
		return r.ctx.Value(key)
	}
	return c.group.ctxValue(key)
}
