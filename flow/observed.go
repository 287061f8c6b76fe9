package flow

import (
	"context"
	"time"
)

// observedContext is that of a body on an executor: the one that the
// observers made, ended by the executor's as well, of which it has the values
// that the other does not know.
type observedContext struct {
	context.Context
	engine context.Context
}

func withObserved(engine, observed context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(observed)
	stop := context.AfterFunc(engine, func() { cancel(context.Cause(engine)) })
	return &observedContext{ctx, engine}, func() {
		stop()
		cancel(nil)
	}
}

func (c *observedContext) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.engine.Value(key)
}

func (c *observedContext) Deadline() (time.Time, bool) {
	first, ok := c.Context.Deadline()
	if other, has := c.engine.Deadline(); has && (!ok || other.Before(first)) {
		return other, true
	}
	return first, ok
}
