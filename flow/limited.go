package flow

import (
	"context"
	"sync"
	"time"
)

// limitedContext is where the end of the context of a body with limits of time comes
// from. Contexts of package context would not do: an executor that cancels the call
// because its Within has ended, as it is asked to, would beat the deadline to it by
// luck, and the body would be told of a cancel and not of a deadline.
//
// What the body gets was derived from it by WithCancelCause. Package context gives a
// method AfterFunc the function that ends that, which asks Err, and Value for the
// cause.
type limitedContext struct {
	context.Context // of the executor
	deadline        time.Time
	done            chan struct{} // of nobody's: see AfterFunc

	mu    sync.Mutex
	err   error // not nil once it has ended
	cause context.Context
	tell  func()
}

// limited returns the context of a body that begins now, with the ends that its limits
// give it. judge makes of the body's error what it is if one of them has ended the
// context before. end lets go of it when the body has ended.
func (c *Call) limited(ctx context.Context, left time.Duration) (limited context.Context, judge func(error) error, end func()) {
	if c.Timeout <= 0 && c.within == nil {
		return ctx, func(err error) error { return err }, func() {}
	}
	l := &limitedContext{Context: ctx, done: make(chan struct{})}
	limited, cancel := context.WithCancelCause(l)
	host := c.backend.group.Host()
	var timeout error
	first, limit := left, c.within
	if c.Timeout > 0 {
		timeout = host.OutOfTime("timeout", c.Timeout)
		if limit == nil || c.Timeout <= left {
			first, limit = c.Timeout, timeout
		}
	}
	l.deadline = time.Now().Add(first)
	fired := make(chan struct{})
	timer := time.AfterFunc(first, func() {
		l.end(context.DeadlineExceeded, limit)
		close(fired)
	})
	stop := context.AfterFunc(ctx, func() {
		if cause := context.Cause(ctx); c.within != nil && cause == c.within {
			l.end(context.DeadlineExceeded, cause)
		} else {
			l.end(ctx.Err(), cause)
		}
	})
	judge = func(err error) error {
		cause := context.Cause(limited)
		if err == nil || cause == nil || cause != timeout && cause != c.within {
			return err
		}
		return host.Late(cause, err)
	}
	return limited, judge, func() {
		stop()
		if !timer.Stop() {
			<-fired
		}
		cancel(nil)
	}
}

// end ends the context, if nothing has before.
func (l *limitedContext) end(err, cause error) {
	carrier, cancel := context.WithCancelCause(context.WithoutCancel(l.Context))
	cancel(cause)
	l.mu.Lock()
	if l.err != nil {
		l.mu.Unlock()
		return
	}
	l.err, l.cause = err, carrier
	tell := l.tell
	l.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// AfterFunc takes the function that ends what is derived from it, once, while that is
// made.
func (l *limitedContext) AfterFunc(end func()) (stop func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell = end
	return func() bool { return true }
}

func (l *limitedContext) Done() <-chan struct{} { return l.done }

func (l *limitedContext) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *limitedContext) Deadline() (time.Time, bool) {
	if d, ok := l.Context.Deadline(); ok && d.Before(l.deadline) {
		return d, true
	}
	return l.deadline, true
}

// Value gives package context the cause.
func (l *limitedContext) Value(key any) any {
	l.mu.Lock()
	cause := l.cause
	l.mu.Unlock()
	if cause != nil {
		return cause.Value(key)
	}
	return l.Context.Value(key)
}
