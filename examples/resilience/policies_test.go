package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/hedgepolicy"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/timeout"
)

const ms = time.Millisecond

var errDown = errors.New("503 service unavailable")

// pause waits d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flaky fails n times, each time after 10 ms.
type flaky struct{ left atomic.Int64 }

func fails(n int64) *flaky {
	f := &flaky{}
	f.left.Store(n)
	return f
}

func (f *flaky) call(ctx context.Context) error {
	if err := pause(ctx, 10*ms); err != nil {
		return err
	}
	if f.left.Add(-1) >= 0 {
		return errDown
	}
	return nil
}

// One option wraps bodies of every shape.
func TestRetryOfEveryShape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := asap.New(t.Context(), asap.Around(with(retry(3, 20*ms))))
		user, cart, page, like := fails(1), fails(2), fails(1), fails(1)
		a := g.Go("user", func(ctx context.Context) (string, error) { return "Ada", user.call(ctx) })
		b := g.Go("cart", func(ctx context.Context) (int, error) { return 3, cart.call(ctx) })
		c := a.And(b).Then("page", func(ctx context.Context, user string, n int) (string, error) {
			return fmt.Sprint(user, " has ", n), page.call(ctx)
		})
		likes := g.Map("likes", g.Input("ids", []int{1, 2, 3}), func(ctx context.Context, id int) (int, error) {
			return 10 * id, like.call(ctx)
		})
		c.Do("send", func(ctx context.Context, page string) error { return pause(ctx, 10*ms) })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if got, want := c.Value(), "Ada has 3"; got != want {
			t.Errorf("page = %q, want %q", got, want)
		}
		if got, want := likes.Value(), []int{10, 20, 30}; !slices.Equal(got, want) {
			t.Errorf("likes = %v, want %v", got, want)
		}
		// cart: 10, pause 20, 10, pause 40, 10; page: 10, pause 20, 10; send: 10
		if got, want := time.Since(start), 140*ms; got != want {
			t.Errorf("it took %v, want %v", got, want)
		}
	})
}

// A pause between attempts holds no slot: the other body has it meanwhile.
func TestRetryPausesWithoutASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Do("flaky", fails(1).call, asap.Around(with(retry(2, 100*ms))))
		other := g.Go("other", func(ctx context.Context) (time.Duration, error) {
			err := pause(ctx, 50*ms)
			return time.Since(start), err
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if got, want := other.Value(), 60*ms; got != want {
			t.Errorf("other ended at %v, want %v: in the pause", got, want)
		}
		if got, want := time.Since(start), 120*ms; got != want {
			t.Errorf("it took %v, want %v", got, want)
		}
	})
}

// When attempts run out the error is the last one's; a failure elsewhere ends the
// pause, and is the only one.
func TestRetryGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := asap.New(t.Context())
		g.Do("price", fails(9).call, asap.Around(with(retry(3, 20*ms))))
		err := g.Wait()
		if !errors.Is(err, errDown) || time.Since(start) != 90*ms {
			t.Errorf("Wait = %v after %v, want %v after 90ms", err, time.Since(start), errDown)
		}
		start = time.Now()
		g = asap.New(t.Context())
		g.Do("price", fails(9).call, asap.Around(with(retry(9, time.Hour))))
		g.Do("stock", func(ctx context.Context) error {
			pause(ctx, 30*ms)
			return errors.New("sold out")
		})
		err = g.Wait()
		group, ok := errors.AsType[*asap.GroupError](err)
		if !ok || len(group.Failures) != 1 || group.Failures[0].Task != "stock" || time.Since(start) != 30*ms {
			t.Errorf("Wait = %v after %v, want the failure of stock alone after 30ms", err, time.Since(start))
		}
	})
}

// A hung call is ended by the timeout of its attempt, and tried again.
func TestTimeoutOfAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var calls atomic.Int64
		g := asap.New(t.Context())
		price := g.Go("price", func(ctx context.Context) (int, error) {
			if calls.Add(1) == 1 {
				<-ctx.Done() // hung
				return 0, ctx.Err()
			}
			return 100, pause(ctx, 10*ms)
		}, asap.Around(with(retry(3, 20*ms), timeout.New[any](50*ms))))
		if err := g.Wait(); err != nil || price.Value() != 100 || time.Since(start) != 80*ms {
			t.Errorf("Wait = %v after %v, want nil after 50 + 20 + 10 ms", err, time.Since(start))
		}
	})
}

// The hedge answers for a slow call, whose context ends, and for which the group
// waits: when Wait returns nothing runs any more.
func TestHedge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var calls, open atomic.Int64
		g := asap.New(t.Context())
		price := g.Go("price", func(ctx context.Context) (int64, error) {
			open.Add(1)
			defer open.Add(-1)
			n := calls.Add(1)
			if n == 1 {
				<-ctx.Done()
				time.Sleep(5 * ms) // it takes its time to hang up
				return 0, ctx.Err()
			}
			return n, pause(ctx, 10*ms)
		}, asap.Around(with(hedgepolicy.NewWithDelay[any](30*ms))))
		next := price.Then("next", func(ctx context.Context, n int64) (time.Duration, error) { return time.Since(start), nil })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if price.Value() != 2 || next.Value() != 40*ms {
			t.Errorf("price = %d, and next began at %v, want that of the hedge at 40ms", price.Value(), next.Value())
		}
		if got, want := time.Since(start), 45*ms; got != want || open.Load() != 0 {
			t.Errorf("Wait returned after %v with %d calls open, want %v and none", got, open.Load(), want)
		}
	})
}

// A breaker that all requests share: when it is open nobody calls, and whoever can
// do without has that in no time.
func TestCircuitBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		breaker := circuitbreaker.NewBuilder[any]().WithFailureThreshold(3).WithDelay(time.Second).Build()
		guarded := asap.Around(with(breaker))
		ads := fails(3)
		request := func() (asap.Result[string], time.Duration) {
			start := time.Now()
			r, err := asap.Run(t.Context(), func(g *asap.Group) func() asap.Result[string] {
				return g.Optional("ads", func(ctx context.Context) (string, error) { return "tea", ads.call(ctx) }, guarded).Value
			})
			if err != nil {
				t.Fatal(err)
			}
			return r, time.Since(start)
		}
		for range 3 {
			if r, d := request(); !errors.Is(r.Err, errDown) || d != 10*ms {
				t.Errorf("ads = %v after %v, want %v after 10ms", r, d, errDown)
			}
		}
		if r, d := request(); !errors.Is(r.Err, circuitbreaker.ErrOpen) || d != 0 {
			t.Errorf("ads = %v after %v, want %v at once", r, d, circuitbreaker.ErrOpen)
		}
		time.Sleep(time.Second)
		if r, d := request(); r.Err != nil || r.Value != "tea" || d != 10*ms {
			t.Errorf("ads = %v after %v, want tea after 10ms: the breaker has closed", r, d)
		}
	})
}

// Bodies that wait for the rate hold no slot of Limit(2), which has room for others;
// the end of the group ends their waits.
func TestRateLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		limiter := ratelimiter.NewSmooth[any](1, 100*ms)
		var mu sync.Mutex
		var began []time.Duration
		g := asap.New(t.Context(), asap.Limit(2))
		g.Map("quote", g.Input("items", []int{1, 2, 3, 4}), func(ctx context.Context, item int) (int, error) {
			mu.Lock()
			began = append(began, time.Since(start))
			mu.Unlock()
			return item, pause(ctx, 10*ms)
		}, asap.Around(paced(limiter)))
		other := g.Go("other", func(ctx context.Context) (time.Duration, error) {
			err := pause(ctx, 10*ms)
			return time.Since(start), err
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{0, 100 * ms, 200 * ms, 300 * ms}; !slices.Equal(began, want) {
			t.Errorf("bodies began at %v, want %v", began, want)
		}
		if got, want := other.Value(), 10*ms; got != want {
			t.Errorf("other ended at %v, want %v: who waits for the rate has no slot", got, want)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 150*ms)
		defer cancel()
		start = time.Now()
		g = asap.New(ctx)
		g.Map("quote", g.Input("items", []int{1, 2, 3, 4, 5, 6}), func(ctx context.Context, item int) (int, error) {
			return item, nil
		}, asap.Around(paced(limiter)))
		if err := g.Wait(); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 150*ms {
			t.Errorf("Wait = %v after %v, want DeadlineExceeded after 150ms", err, time.Since(start))
		}
	})
}
