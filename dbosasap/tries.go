package dbosasap

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/echo"
	"github.com/asap-go/asap/internal/texts"
)

// RetryPolicy says how often a body whose error is not final runs again, and when. A
// body that was interrupted with its process runs again without one.
type RetryPolicy struct {
	// Attempts is how often the body runs at most; 0 and 1 are once.
	Attempts int
	// First is the pause after the first attempt, 100 ms if it is 0. Each that follows
	// is Factor times as long, 2 if it is 0, and at most Longest, 10 s if it is 0.
	First   time.Duration
	Factor  float64
	Longest time.Duration
	// Final says which errors are final; nil is none.
	Final func(error) bool
}

func (p *RetryPolicy) pause(attempt int) time.Duration {
	first, factor, longest := p.First, p.Factor, p.Longest
	if first == 0 {
		first = 100 * time.Millisecond
	}
	if factor == 0 {
		factor = 2
	}
	if longest == 0 {
		longest = 10 * time.Second
	}
	d := float64(first) * math.Pow(factor, float64(attempt-1))
	return time.Duration(min(d, float64(longest)))
}

// try runs the body of f, again if its policy says so, and returns the record.
func (e *engine) try(ctx context.Context, f *flight) record {
	for attempt := 1; ; attempt++ {
		e.begins(f, attempt)
		err := f.call.Run(ctx)
		r := ended(f.call, err)
		r.Cause = r.Error != nil && isCause(f.call, err, context.Cause(ctx))
		if attempt > 1 {
			r.Tries = attempt
		}
		if r.Error == nil || unkept(f.call, err) {
			return r
		}
		e.failed(f, attempt, err)
		if !f.again(ctx, attempt, err) {
			return r
		}
	}
}

// isCause reports whether the error of a body says nothing but the cause with which the
// call was canceled. What it adds to its own limit of time is its text, which nobody else
// has: the group's own cancel may come to the body just before the clock of the call does.
func isCause(call *flow.Call, err, cause error) bool {
	if cause == nil || !errors.Is(err, cause) || !echo.Only(err, cause, false) {
		return false
	}
	limit := !call.Deadline.IsZero() && errors.Is(cause, context.DeadlineExceeded)
	return !limit || texts.Of(err) == texts.Of(cause)
}

// unkept reports whether a record has an error though the body, which has returned err, has
// succeeded or taken an exit: what cannot be kept cannot be the next time either.
func unkept(call *flow.Call, err error) bool {
	_, _, exited := call.Exited(err)
	return err == nil || exited
}

// again waits until the next attempt, and reports whether there is one.
func (t *task) again(ctx context.Context, attempt int, err error) bool {
	p := &t.retry
	if attempt >= p.Attempts || ctx.Err() != nil || p.Final != nil && p.Final(err) {
		return false
	}
	select {
	case <-time.After(p.pause(attempt)):
		return true
	case <-ctx.Done():
		return false
	}
}
