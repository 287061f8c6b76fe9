package dbosasap

import (
	"context"
	"errors"
	"math"
	"time"
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
		r.Cause = r.Error != nil && ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
		if attempt > 1 {
			r.Tries = attempt
		}
		if r.Error == nil || err == nil { // a value that cannot be kept is none the next time
			return r
		}
		e.failed(f, attempt, err)
		if !f.again(ctx, attempt, err) {
			return r
		}
	}
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
