package resilience

import (
	"context"
	"time"

	"github.com/asap-go/asap"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

// around is what asap.Around takes.
type around = func(ctx context.Context, task string, body func(context.Context) error) error

// with calls bodies under policies of failsafe-go, of which the first is outermost.
// It is written once: what a body takes and returns is asap's business. Each attempt
// has a context of its own, which a timeout or a hedge ends.
func with(policies ...failsafe.Policy[any]) around {
	executor := failsafe.With(policies...)
	return func(ctx context.Context, _ string, body func(context.Context) error) error {
		return executor.WithContext(ctx).RunWithExecution(func(attempt failsafe.Execution[any]) error {
			return body(attempt.Context())
		})
	}
}

// retry makes up to n attempts, after pauses of first, twice that, and so on. The
// policy's own pause would keep the body's slot of a limit, so that of its hook is
// used, where the wait is in Blocking.
func retry(n int, first time.Duration) failsafe.Policy[any] {
	return retrypolicy.NewBuilder[any]().
		WithMaxAttempts(n).
		AbortOnErrors(context.Canceled, context.DeadlineExceeded).
		ReturnLastFailure().
		WithDelayFunc(func(attempt failsafe.ExecutionAttempt[any]) time.Duration {
			sleep(attempt.Context(), first<<(attempt.Attempts()-1))
			return 0
		}).
		Build()
}

// sleep waits without a slot, d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	return asap.Blocking(ctx, func() error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// paced begins bodies at the rate of a limiter. They wait for it without a slot.
func paced(limiter ratelimiter.RateLimiter[any]) around {
	return func(ctx context.Context, _ string, body func(context.Context) error) error {
		if err := asap.Blocking(ctx, func() error { return limiter.AcquirePermit(ctx) }); err != nil {
			return err
		}
		return body(ctx)
	}
}
