package engine

import (
	"context"
	"time"
)

// LimitError is that of a body whose limit of time has ended, and the cause of its
// context from then on. It is [context.DeadlineExceeded].
type LimitError struct {
	Limit string // timeout or within
	After time.Duration
	Err   error // what the body has returned after that; nil of a cause, or if it never began
}

func (e *LimitError) Error() string {
	text := e.Limit + " " + e.After.String()
	if e.Err == nil {
		return text
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns what the body has returned.
func (e *LimitError) Unwrap() error { return e.Err }

// Is makes it the error that an ended deadline is.
func (e *LimitError) Is(target error) bool { return target == context.DeadlineExceeded }

// WithLimits returns the context of a body with limits of time, which begins now: a
// timeout of its own, 0 for none, and what is left of a Within, of which within is
// the cause, nil for none. judge makes of the body's error what it is if one of them
// has ended the context before. end lets go of it when the body has ended.
func WithLimits(ctx context.Context, timeout, left time.Duration, within *LimitError) (limited context.Context, judge func(error) error, end func()) {
	own := &LimitError{Limit: "timeout", After: timeout}
	var ends []context.CancelFunc
	with := func(d time.Duration, cause error) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, d, cause)
		ends = append(ends, cancel)
	}
	if within != nil {
		with(left, within)
	}
	if timeout > 0 {
		with(timeout, own)
	}
	judge = func(err error) error {
		cause, _ := context.Cause(ctx).(*LimitError)
		if err == nil || err == error(cause) || cause == nil || cause != own && cause != within {
			return err
		}
		return &LimitError{cause.Limit, cause.After, err}
	}
	return ctx, judge, func() {
		for _, cancel := range ends {
			cancel()
		}
	}
}
