package tail_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
	"github.com/asap-go/asap/tail"
)

// TestIdle: the delay counts what the first call runs, and not what it waits for tasks that
// a second one would wait for as well.
func TestIdle(t *testing.T) {
	type body = func(context.Context) (int, error)
	for _, test := range []struct {
		name  string
		body  func(slow *asap.Task[int], prices *batch.Loader[int, int], c *calls) body
		calls int
		at    time.Duration
		runs  bool // when the delay has passed
	}{
		{"only waits for a task", func(slow *asap.Task[int], _ *batch.Loader[int, int], c *calls) body {
			return func(ctx context.Context) (int, error) { c.next(); return slow.Await(ctx) }
		}, 1, 100 * ms, false},
		{"only waits for a batch", func(_ *asap.Task[int], prices *batch.Loader[int, int], c *calls) body {
			return func(ctx context.Context) (int, error) { c.next(); return prices.Get(ctx, 1) }
		}, 1, 150 * ms, false},
		{"waits with an end of its own", func(slow *asap.Task[int], _ *batch.Loader[int, int], c *calls) body {
			return func(ctx context.Context) (int, error) {
				c.next()
				ctx, cancel := context.WithTimeout(ctx, 50*ms)
				defer cancel()
				slow.Await(ctx)
				return 1, nil
			}
		}, 1, 100 * ms, false},
		{"is quick before and behind", func(slow *asap.Task[int], _ *batch.Loader[int, int], c *calls) body {
			return func(ctx context.Context) (int, error) {
				c.next()
				time.Sleep(4 * ms)
				slow.Await(ctx)
				return 1, sleep(ctx, 5*ms)
			}
		}, 1, 105 * ms, false},
		{"is slow before and behind", func(slow *asap.Task[int], _ *batch.Loader[int, int], c *calls) body {
			return func(ctx context.Context) (int, error) {
				if c.next() == 2 {
					return 2, sleep(ctx, 5*ms)
				}
				time.Sleep(4 * ms)
				slow.Await(ctx)
				return 1, sleep(ctx, time.Hour)
			}
		}, 2, 111 * ms, true},
		{"is slow before", func(slow *asap.Task[int], _ *batch.Loader[int, int], c *calls) body {
			return func(ctx context.Context) (int, error) {
				c.next()
				time.Sleep(40 * ms)
				return slow.Await(ctx)
			}
		}, 2, 100 * ms, false},
		{"waits for its own group", func(_ *asap.Task[int], _ *batch.Loader[int, int], c *calls) body {
			return func(ctx context.Context) (int, error) {
				i := c.next()
				g := asap.New(ctx)
				defer g.Stop()
				v := g.Go("v", func(ctx context.Context) (int, error) { return i, sleep(ctx, []time.Duration{time.Hour, 5 * ms}[i-1]) })
				return v.Await(ctx)
			}
		}, 2, 100 * ms, true},
		{"waits in two goroutines", func(slow *asap.Task[int], prices *batch.Loader[int, int], c *calls) body {
			return func(ctx context.Context) (int, error) {
				c.next()
				done := make(chan struct{})
				go func() { defer close(done); prices.Get(ctx, 1) }()
				slow.Await(ctx)
				<-done
				return 1, nil
			}
		}, 1, 150 * ms, false},
		{"ends while it waits", func(slow *asap.Task[int], _ *batch.Loader[int, int], c *calls) body {
			return func(ctx context.Context) (int, error) {
				c.next()
				go slow.Await(ctx)
				return 1, sleep(ctx, 50*ms)
			}
		}, 1, 100 * ms, false},
	} {
		for limit := range 3 {
			t.Run(test.name, func(t *testing.T) {
				if test.runs && limit == 1 {
					return // there is no slot for a second call, or for its group
				}
				bubble(t, func(t *testing.T, ctx context.Context) {
					start := time.Now()
					var options []asap.Option
					if limit > 0 {
						options = append(options, asap.Limit(limit))
					}
					g := asap.New(ctx, options...)
					prices := batch.New(g, "prices", func(ctx context.Context, keys []int) (map[int]int, error) {
						return map[int]int{1: 1}, sleep(ctx, 50*ms)
					}, batch.MaxWait(time.Hour))
					// In Blocking, as it is not to have the slot.
					slow := g.Go("slow", func(ctx context.Context) (int, error) {
						return 1, asap.Blocking(ctx, func() error { return sleep(ctx, 100*ms) })
					})
					var c calls
					h := always(10 * ms)
					g.Go("page", test.body(slow, prices, &c), h)
					wait(t, g)
					if took := time.Since(start); took != test.at || c.count() != test.calls {
						t.Errorf("Limit(%d): %d calls in %v, want %d in %v", limit, c.count(), took, test.calls, test.at)
					}
				})
			})
		}
	}
}

// TestIdleRecord: nor does the record count it.
func TestIdleRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := tail.Hedge(tail.At(.9), tail.Share(1))
		for i := range 200 {
			g := asap.New(t.Context())
			slow := g.Go("slow", func(ctx context.Context) (int, error) { return 1, sleep(ctx, time.Duration(i)*ms) })
			g.Go("page", func(ctx context.Context) (int, error) {
				time.Sleep(3 * ms)
				slow.Await(ctx)
				return 1, sleep(ctx, 7*ms)
			}, h)
			wait(t, g)
		}
		if d := h.Decisions()[0]; d.Delay < 10*ms || d.Delay > 11*ms || d.Hedged > 0 {
			t.Errorf("%+v, want a delay of 10 ms and no second call", d)
		}
	})
}
