package tmprules_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/asap-go/asap"
)

func TestR10_BlocksAreDurable(t *testing.T) {
	// synctest.Wait returns only when every other goroutine of the bubble is
	// durably blocked, and the clock advances only then.
	rows := map[string]func(t *testing.T, g *asap.Group, slow *asap.Task[int]){
		"hard": func(_ *testing.T, g *asap.Group, slow *asap.Task[int]) { g.Go("w", slow.Await) },
		"soft": func(_ *testing.T, g *asap.Group, slow *asap.Task[int]) {
			g.Go("w", func(ctx context.Context) (int, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				return slow.Await(ctx)
			})
		},
		"anonymous":  func(t *testing.T, _ *asap.Group, slow *asap.Task[int]) { go slow.Await(t.Context()) },
		"background": func(_ *testing.T, _ *asap.Group, slow *asap.Task[int]) { go slow.Await(context.Background()) },
		"nested": func(_ *testing.T, g *asap.Group, slow *asap.Task[int]) {
			g.Do("w", func(ctx context.Context) error {
				nested := asap.New(ctx)
				nested.Go("in", slow.Await)
				return nested.Wait()
			})
		},
		"many bodies": func(_ *testing.T, g *asap.Group, slow *asap.Task[int]) {
			for range 100 {
				g.Go("w", slow.Await)
			}
		},
		"race": func(_ *testing.T, g *asap.Group, slow *asap.Task[int]) { g.Race("w", slow.Await, slow.Await) },
		"two Waits": func(_ *testing.T, g *asap.Group, _ *asap.Task[int]) {
			go g.Wait()
			go g.Wait()
		},
	}
	for name, block := range rows {
		for _, options := range [][]asap.Option{nil, {asap.Limit(1)}, {asap.Name("g")}} {
			virtual(t, fmt.Sprint(name, len(options)), func(t *testing.T) {
				c := startClock()
				g := asap.New(t.Context(), options...)
				slow := g.Go("slow", after(sec, 1))
				block(t, g, slow)
				synctest.Wait()
				c.at(t, "all blocked", 0)
				wantNil(t, "Wait", g.Wait())
				c.at(t, "Wait", sec)
			})
		}
	}
	virtual(t, "slot", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		other := asap.New(t.Context())
		a := other.Go("a", after(sec, 1))
		w := g.Go("w", func(ctx context.Context) (int, error) {
			v, err := a.Await(ctx)
			c.at(t, "w goes on", 2*sec) // when b gives the slot back
			return v, err
		})
		g.Go("b", after(2*sec, 1))
		synctest.Wait()
		wantNil(t, "Wait", g.Wait())
		if w.Value() != 1 {
			t.Errorf("w: %d, want 1", w.Value())
		}
		wantNil(t, "Wait", other.Wait())
	})
	t.Run("a finished task is read anywhere", func(t *testing.T) {
		var ok, bad *asap.Task[int]
		synctest.Test(t, func(t *testing.T) {
			g := asap.New(t.Context(), asap.Settled())
			ok, bad = g.Go("ok", after(sec, 1)), g.Go("bad", fails(sec, errBoom))
			g.Go("w", ok.Await)
			g.Wait()
		})
		if v, err := ok.Await(t.Context()); v != 1 || err != nil || ok.Value() != 1 || ok.Name() != "ok" {
			t.Errorf("Await outside the bubble: got %d, %v, want 1, nil", v, err)
		}
		wantIs(t, "Result outside the bubble", bad.Result().Err, errBoom)
		g := asap.New(t.Context())
		in := g.Go("in", ok.Await)
		wantNil(t, "Wait", g.Wait())
		if in.Value() != 1 {
			t.Errorf("in: %d, want 1", in.Value())
		}
	})
}

func TestR6_ManyWaitersInRealTime(t *testing.T) {
	// Waits, their ends and the task's end at the same time, on real processors.
	for range 200 {
		g := asap.New(t.Context())
		gate := make(chan struct{})
		x := g.Go("x", func(context.Context) (int, error) { <-gate; return 7, nil })
		var got, cut atomic.Int32
		for range 8 {
			g.Go("hard", func(ctx context.Context) (int, error) { v, err := x.Await(ctx); got.Add(int32(v)); return v, err })
			g.Do("soft", func(ctx context.Context) error {
				ctx, cancel := context.WithCancel(ctx)
				go cancel()
				if _, err := x.Await(ctx); err != nil {
					cut.Add(1)
					if !errors.Is(err, context.Canceled) {
						return err
					}
				}
				return nil
			})
		}
		close(gate)
		wantNil(t, "Wait", g.Wait())
		if got.Load() != 8*7 {
			t.Fatalf("hard waiters got %d in sum, want %d", got.Load(), 8*7)
		}
	}
}
