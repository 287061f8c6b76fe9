package tail_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// TestMapLimited: under the limit of a Map a second call takes a slot of that, or is not
// made.
func TestMapLimited(t *testing.T) {
	for limit, want := range map[int]struct {
		at     time.Duration
		hedged int64
	}{1: {210 * ms, 0}, 2: {110 * ms, 1}, 6: {100 * ms, 2}} {
		bubble(t, func(t *testing.T, ctx context.Context) {
			start := time.Now()
			h := always(10 * ms)
			g := asap.New(ctx)
			var cs [3]calls
			took := [3][]time.Duration{{100 * ms, 5 * ms}, {5 * ms}, {105 * ms, 90 * ms}}
			likes := g.Map("likes", g.Input("ids", []int{0, 1, 2}), func(ctx context.Context, i int) (int, error) { return cs[i].took(took[i])(ctx) }, asap.Limit(limit), h)
			wait(t, g)
			if d := h.Decisions()[0]; time.Since(start) != want.at || d.Hedged != want.hedged || len(likes.Value()) != 3 {
				t.Errorf("Limit(%d): %v, %+v, want %+v", limit, time.Since(start), d, want)
			}
		})
	}
}

// TestNestedLimited: a body that waits for its group holds no slot, so its second call
// begins under a limit of 2; under a limit of 1 the group's bodies have it.
func TestNestedLimited(t *testing.T) {
	for limit, want := range map[int]time.Duration{1: 105 * ms, 2: 20 * ms, 3: 20 * ms} {
		bubble(t, func(t *testing.T, ctx context.Context) {
			start := time.Now()
			g := asap.New(ctx, asap.Limit(limit))
			var c calls
			page := g.Go("page", func(ctx context.Context) (int, error) {
				i := c.next()
				return asap.Run(ctx, func(g *asap.Group) func() int {
					a := g.Go("a", func(ctx context.Context) (int, error) { return i, sleep(ctx, []time.Duration{100 * ms, 5 * ms}[i-1]) })
					return a.Then("b", func(ctx context.Context, v int) (int, error) { return v, sleep(ctx, 5*ms) }).Value
				})
			}, always(10*ms))
			wait(t, g)
			if v := page.Value(); time.Since(start) != want || v != min(limit, 2) {
				t.Errorf("Limit(%d): %d after %v, want %v", limit, v, time.Since(start), want)
			}
		})
	}
}

// TestLock: calls that wait for a lock in Blocking, and losers that do, hold up nobody.
func TestLock(t *testing.T) {
	for limit := range 4 {
		bubble(t, func(t *testing.T, ctx context.Context) {
			start := time.Now()
			var options []asap.Option
			if limit > 0 {
				options = append(options, asap.Limit(limit))
			}
			g := asap.New(ctx, options...)
			lock := make(chan struct{}, 1)
			for i := range 3 {
				g.Go(fmt.Sprint("t", i), func(ctx context.Context) (int, error) {
					err := asap.Blocking(ctx, func() error {
						select {
						case lock <- struct{}{}:
							return nil
						case <-ctx.Done():
							return ctx.Err()
						}
					})
					if err != nil {
						return 0, err
					}
					defer func() { <-lock }()
					return i, sleep(ctx, 30*ms)
				}, always(10*ms))
			}
			wait(t, g)
			if took := time.Since(start); took != 90*ms || len(lock) > 0 {
				t.Errorf("Limit(%d): took %v, %d holders", limit, took, len(lock))
			}
		})
	}
}

// TestOptions: a second call beside AfterEnd, After and When, of a settled group.
func TestOptions(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context) {
		g := asap.New(ctx, asap.Settled())
		h := always(10 * ms)
		var c, d calls
		a := g.Go("a", c.took([]time.Duration{50 * ms, 60 * ms}, errBoom, errBoom), h)
		b := g.Go("b", d.took([]time.Duration{50 * ms, 5 * ms}), h, asap.AfterEnd(a))
		x := g.Go("x", func(context.Context) (int, error) { return 1, nil }, h, asap.After(a))
		w := g.Go("w", func(context.Context) (int, error) { return 1, nil }, h, asap.When(false))
		if err := g.Wait(); !errors.Is(err, errBoom) {
			t.Errorf("Wait = %v", err)
		}
		if b.Result().Value != 2 || !errors.Is(x.Err(), asap.ErrSkipped) || w.Err() != nil || w.Value() != 0 {
			t.Errorf("b %v, x %v, w %v", b.Result(), x.Result(), w.Result())
		}
		if n := len(h.Decisions()); n != 2 {
			t.Errorf("%d records, want those of what has run", n)
		}
	})
}

// TestNoStorm: when a service becomes slow for all, and requests come all the same, second
// calls stay within the budget all the while, and go on when it is over.
func TestNoStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		l := tail.Policy(stats, tail.Share(.02))
		var mu sync.Mutex // guards what follows
		r := rand.New(rand.NewPCG(1, 2))
		first, all, slow := 0, 0, 1
		latency := func(one int) time.Duration {
			d := time.Duration(slow*(10+r.IntN(20))) * ms
			if r.IntN(one) == 0 {
				d *= 10
			}
			return d
		}
		request := func() {
			n := 0
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats), l)
			g.Go("a", func(ctx context.Context) (int, error) {
				mu.Lock()
				if n++; n == 1 {
					first++
				}
				all++
				d := latency(30)
				if float64(all-first) > .02*float64(first)+1 {
					t.Errorf("%d second calls of %d", all-first, first)
				}
				mu.Unlock()
				return 1, sleep(ctx, d)
			}, tail.Safe())
			wait(t, g)
		}
		for _, phase := range []struct{ slow, least int }{{1, 20}, {20, 10}, {1, 0}, {1, 20}} {
			mu.Lock()
			slow = phase.slow
			before := all - first
			mu.Unlock()
			var running sync.WaitGroup
			for range 1500 {
				running.Go(request)
				time.Sleep(20 * ms)
			}
			running.Wait()
			if got := all - first - before; got < phase.least || got > 1500*2/100+10 {
				t.Errorf("%d second calls while it is %d times as slow, want at least %d: %+v", got, phase.slow, phase.least, l.Decisions())
			}
		}
	})
}
