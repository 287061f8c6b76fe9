package rules_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// TestE5_StopKeepsTheSlot: Stop never gives the slot of the group's owner back,
// and Wait always does (R21).
func TestE5_StopKeepsTheSlot(t *testing.T) {
	const s = time.Second
	// In each row w computes until 4 s while others end the group nested in it,
	// which has a body that runs until 6 s if there is a second slot for it.
	rows := []struct {
		name  string
		stops []time.Duration // of strangers
	}{
		{"one", []time.Duration{s}},
		{"at once", []time.Duration{0}},
		{"three", []time.Duration{s, s, 2 * s}},
		{"after w", []time.Duration{5 * s}},
	}
	for _, limit := range []int{1, 2} {
		for _, row := range rows {
			edgeBubble(t, fmt.Sprintf("%s, limit %d", row.name, limit), func(t *testing.T) {
				c, m := newEdgeClock(), edgeMeter{}
				g := asap.New(t.Context(), asap.Limit(limit))
				var strangers sync.WaitGroup
				ready := make(chan *asap.Group, 1)
				g.Do("w", func(ctx context.Context) error {
					in := asap.New(ctx)
					in.Go("in", m.body(6*s))
					synctest.Wait() // in has the second slot, if there is one
					for _, at := range row.stops {
						strangers.Go(func() { time.Sleep(at); in.Stop() })
					}
					ready <- in
					m.computes(4 * s)
					return nil
				})
				<-ready
				for range 2 {
					g.Go("b", m.body(s))
				}
				edgeNil(t, "Wait", g.Wait())
				m.most(t, "bodies", limit)
				want := 6 * s // w to 4 s, and then the two
				if limit == 1 && row.name == "after w" {
					want = 12 * s // then the nested body, and then the two
				}
				c.at(t, "Wait", want)
				strangers.Wait()
			})
		}
	}
	edgeBubble(t, "by the body itself", func(t *testing.T) {
		c, m := newEdgeClock(), edgeMeter{}
		g := asap.New(t.Context(), asap.Limit(2))
		g.Do("w", func(ctx context.Context) error {
			m.enter()
			defer m.leave()
			in := asap.New(ctx)
			in.Go("in", m.body(3*s)) // takes no notice of the end
			time.Sleep(s)
			in.Stop()
			c.at(t, "Stop", 3*s)
			time.Sleep(s)
			return nil
		})
		synctest.Wait()
		g.Go("b", func(ctx context.Context) (int, error) { c.at(t, "b", 3*s); return m.body(5 * s)(ctx) })
		edgeNil(t, "Wait", g.Wait())
		m.most(t, "bodies", 2)
	})
	edgeBubble(t, "of a group two levels down", func(t *testing.T) {
		c, m := newEdgeClock(), edgeMeter{}
		g := asap.New(t.Context(), asap.Limit(1))
		var strangers sync.WaitGroup
		g.Do("w", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Do("in", func(ctx context.Context) error {
				deeper := asap.New(ctx)
				deeper.Go("deeper", edgeNever(t, "deeper"))
				strangers.Go(func() { time.Sleep(s); deeper.Stop() })
				m.computes(2 * s)
				return nil
			})
			err := in.Wait()
			m.computes(s)
			return err
		})
		synctest.Wait()
		g.Go("b", func(ctx context.Context) (int, error) { return m.body(s)(ctx) })
		edgeNil(t, "Wait", g.Wait())
		m.most(t, "bodies", 1)
		c.at(t, "Wait", 4*s)
		strangers.Wait()
	})
	edgeBubble(t, "beside the body's own Wait", func(t *testing.T) {
		// The Wait gives the slot back, whether Stop came before it or after.
		for _, stopAt := range []time.Duration{s, 3 * s} {
			c, m := newEdgeClock(), edgeMeter{}
			g := asap.New(t.Context(), asap.Limit(2))
			var strangers sync.WaitGroup
			g.Do("w", func(ctx context.Context) error {
				in := asap.New(ctx)
				in.Go("in", m.body(6*s))
				strangers.Go(func() { time.Sleep(stopAt); in.Stop() })
				m.computes(2 * s)
				in.Wait()
				c.at(t, "nested Wait", 6*s)
				m.computes(2 * s)
				return nil
			})
			synctest.Wait()
			g.Go("b", func(ctx context.Context) (int, error) { c.at(t, "b", 2*s); return m.body(s)(ctx) })
			g.Go("c", func(ctx context.Context) (int, error) { c.at(t, "c", 3*s); return m.body(s)(ctx) })
			edgeNil(t, "Wait", g.Wait())
			m.most(t, "bodies", 2)
			c.at(t, "Wait", 8*s)
			strangers.Wait()
		}
	})
	edgeBubble(t, "a stranger's Wait gives it back", func(t *testing.T) {
		c, m := newEdgeClock(), edgeMeter{}
		g := asap.New(t.Context(), asap.Limit(1))
		var strangers sync.WaitGroup
		g.Do("w", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("in", func(ctx context.Context) (int, error) { c.at(t, "in", s); return m.body(s)(ctx) })
			strangers.Go(func() {
				time.Sleep(s)
				edgeNil(t, "the stranger's Wait", in.Wait())
				c.at(t, "the stranger's Wait", 2*s)
			})
			time.Sleep(4 * s)
			return nil
		})
		synctest.Wait()
		g.Go("b", func(ctx context.Context) (int, error) { c.at(t, "b", 4*s); return m.body(s)(ctx) })
		edgeNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 5*s)
		strangers.Wait()
	})
	edgeBubble(t, "two Waits and a Stop leave the count right", func(t *testing.T) {
		for _, limit := range []int{1, 2, 3} {
			var m edgeMeter
			g := asap.New(t.Context(), asap.Limit(limit))
			var strangers sync.WaitGroup
			for range 6 {
				g.Do("w", func(ctx context.Context) error {
					in := asap.New(ctx)
					in.Go("in", m.body(2*s))
					strangers.Go(func() { time.Sleep(s); in.Stop() })
					strangers.Go(func() { time.Sleep(s); in.Wait() })
					in.Wait()
					m.computes(s)
					return nil
				})
				g.Go("b", m.body(s))
			}
			edgeNil(t, "Wait", g.Wait())
			m.most(t, "bodies", limit)
			strangers.Wait()
		}
	})
}

// edgePool is connections, which are no tasks.
type edgePool chan struct{}

func (p edgePool) with(f func() error) error {
	p <- struct{}{}
	defer func() { <-p }()
	return f()
}

// TestE6_HeldOverAWait: what outermost bodies take before their first wait and
// hold over waits for bodies under the same limit cannot deadlock (R21), without
// Blocking.
func TestE6_HeldOverAWait(t *testing.T) {
	calls := func(ctx context.Context) error {
		in := asap.New(ctx)
		a := in.Go("a", edgeSleeps(time.Millisecond, 1))
		in.Go("b", edgeSleeps(2*time.Millisecond, 1))
		a.Then("c", func(context.Context, int) (int, error) { time.Sleep(time.Millisecond); return 1, nil })
		return in.Wait()
	}
	var deep func(ctx context.Context, depth int) error
	deep = func(ctx context.Context, depth int) error {
		if depth == 0 {
			return calls(ctx)
		}
		in := asap.New(ctx)
		in.Do("deep", func(ctx context.Context) error { time.Sleep(time.Millisecond); return deep(ctx, depth-1) })
		in.Do("beside", calls)
		return in.Wait()
	}
	rows := map[string]func(g *asap.Group) func(ctx context.Context) error{
		"a nested group": func(*asap.Group) func(context.Context) error { return calls },
		"three of them": func(*asap.Group) func(context.Context) error {
			return func(ctx context.Context) error { return deep(ctx, 3) }
		},
		"nested, one by one": func(*asap.Group) func(context.Context) error {
			return func(ctx context.Context) error {
				for range 3 {
					if err := calls(ctx); err != nil {
						return err
					}
					time.Sleep(time.Millisecond)
				}
				return nil
			}
		},
		"a task of the group": func(g *asap.Group) func(context.Context) error {
			return func(ctx context.Context) error {
				_, err := g.Go("c", edgeSleeps(time.Millisecond, 1)).Await(ctx)
				return err
			}
		},
		"a chain of the group": func(g *asap.Group) func(context.Context) error {
			return func(ctx context.Context) error {
				c := g.Go("c", edgeSleeps(time.Millisecond, 1))
				for range 3 {
					c = c.Then("d", func(_ context.Context, v int) (int, error) { time.Sleep(time.Millisecond); return v, nil })
				}
				_, err := c.Await(ctx)
				return err
			}
		},
		"a Map and a Race of the group": func(g *asap.Group) func(context.Context) error {
			return func(ctx context.Context) error {
				ids := g.Go("ids", func(context.Context) ([]int, error) { return []int{1, 2, 3}, nil })
				all := g.Map("all", ids, func(context.Context, int) (int, error) { time.Sleep(time.Millisecond); return 1, nil })
				race := g.Race("race", edgeSleeps(time.Millisecond, 1), edgeSleeps(time.Millisecond, 2))
				if _, err := all.Await(ctx); err != nil {
					return err
				}
				_, err := race.Await(ctx)
				return err
			}
		},
		"a task that itself waits": func(g *asap.Group) func(context.Context) error {
			return func(ctx context.Context) error {
				c := g.Go("c", func(ctx context.Context) (int, error) {
					return g.Go("d", edgeSleeps(time.Millisecond, 1)).Await(ctx)
				})
				_, err := c.Await(ctx)
				return err
			}
		},
	}
	for name, work := range rows {
		for _, row := range []struct{ limit, pool int }{{4, 2}, {4, 1}, {2, 1}, {1, 1}, {3, 3}} {
			edgeBubble(t, fmt.Sprintf("%s, limit %d, pool %d, a Map", name, row.limit, row.pool), func(t *testing.T) {
				g := asap.New(t.Context(), asap.Limit(row.limit))
				pool := make(edgePool, row.pool)
				g.Map("orders", g.Input("ids", make([]int, 20)), func(ctx context.Context, _ int) (int, error) {
					return 1, pool.with(func() error { return work(g)(ctx) })
				})
				edgeNil(t, "Wait", g.Wait())
			})
			edgeBubble(t, fmt.Sprintf("%s, limit %d, pool %d, tasks", name, row.limit, row.pool), func(t *testing.T) {
				g := asap.New(t.Context(), asap.Limit(row.limit))
				pool := make(edgePool, row.pool)
				for range 20 {
					g.Do("order", func(ctx context.Context) error {
						time.Sleep(time.Millisecond)
						return pool.with(func() error { return work(g)(ctx) })
					})
				}
				edgeNil(t, "Wait", g.Wait())
			})
		}
	}
	edgeBubble(t, "tasks declared before", func(t *testing.T) {
		// What a holder awaits is in the queue behind all that have not begun.
		g := asap.New(t.Context(), asap.Limit(2))
		pool := make(edgePool, 1)
		needs := make([]*asap.Task[int], 20)
		open := make(chan struct{})
		for i := range needs {
			g.Do("order", func(ctx context.Context) error {
				<-open
				return pool.with(func() error { _, err := needs[i].Await(ctx); return err })
			})
		}
		for i := range needs {
			a := g.Go("a", edgeSleeps(time.Millisecond, 1))
			needs[i] = a.Then("b", func(_ context.Context, v int) (int, error) { time.Sleep(time.Millisecond); return v, nil })
		}
		close(open)
		edgeNil(t, "Wait", g.Wait())
	})
}

// TestE7_FinishWhatHasBegun: an outermost body begins exactly when no body of
// begun work is ready (R21).
func TestE7_FinishWhatHasBegun(t *testing.T) {
	requests := 5000
	if testing.Short() {
		requests = 500
	}
	bodies := map[string]func(g *asap.Group, ctx context.Context) error{
		"nested groups of two": func(_ *asap.Group, ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("a", edgeSleeps(time.Millisecond, 1))
			in.Go("b", edgeSleeps(2*time.Millisecond, 1))
			return in.Wait()
		},
		"a chain in a nested group": func(_ *asap.Group, ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("a", edgeSleeps(time.Millisecond, 1)).Then("b", func(context.Context, int) (int, error) { time.Sleep(time.Millisecond); return 1, nil })
			return in.Wait()
		},
		"nested twice": func(_ *asap.Group, ctx context.Context) error {
			in := asap.New(ctx)
			in.Do("a", func(ctx context.Context) error {
				deeper := asap.New(ctx)
				deeper.Go("b", edgeSleeps(time.Millisecond, 1))
				deeper.Go("c", edgeSleeps(time.Millisecond, 1))
				return deeper.Wait()
			})
			in.Go("d", edgeSleeps(time.Millisecond, 1))
			return in.Wait()
		},
		"awaits of tasks of the group": func(g *asap.Group, ctx context.Context) error {
			a := g.Go("a", edgeSleeps(time.Millisecond, 1))
			b := a.Then("b", func(context.Context, int) (int, error) { time.Sleep(time.Millisecond); return 1, nil })
			_, err := b.Await(ctx)
			return err
		},
	}
	for name, body := range bodies {
		for _, limit := range []int{1, 2, 8} {
			edgeBubble(t, fmt.Sprintf("%s, limit %d", name, limit), func(t *testing.T) {
				var open edgeMeter
				g := asap.New(t.Context(), asap.Limit(limit))
				for range requests {
					g.Do("request", func(ctx context.Context) error {
						open.enter()
						defer open.leave()
						return body(g, ctx)
					})
				}
				edgeNil(t, "Wait", g.Wait())
				open.most(t, "requests begun and not ended", limit)
			})
		}
	}
	edgeBubble(t, "a Map of nested groups", func(t *testing.T) {
		var open edgeMeter
		g := asap.New(t.Context(), asap.Limit(8))
		g.Map("requests", g.Input("ids", make([]int, requests)), func(ctx context.Context, _ int) (int, error) {
			open.enter()
			defer open.leave()
			return 1, bodies["nested groups of two"](g, ctx)
		})
		edgeNil(t, "Wait", g.Wait())
		open.most(t, "requests begun and not ended", 8)
	})
	for _, limit := range []int{1, 2, 3, 8} {
		edgeBubble(t, fmt.Sprintf("declared chains, limit %d", limit), func(t *testing.T) {
			var open edgeMeter
			g := asap.New(t.Context(), asap.Limit(limit))
			var ended atomic.Int64
			for i := range 50 {
				d := time.Duration(1+i%3) * time.Millisecond
				o := g.Go("open", func(context.Context) (int, error) { open.enter(); time.Sleep(d); return 1, nil })
				use := o.Then("use", func(context.Context, int) (int, error) { time.Sleep(d); return 1, nil })
				use.Do("close", func(context.Context, int) error { time.Sleep(d); open.leave(); ended.Add(1); return nil })
			}
			edgeNil(t, "Wait", g.Wait())
			if ended.Load() != 50 {
				t.Errorf("%d chains ended, want 50", ended.Load())
			}
			open.most(t, "chains begun and not closed", limit)
		})
	}
	edgeBubble(t, "a slot is never kept idle", func(t *testing.T) {
		// Begun work that waits for something else does not hold up what is ready.
		c := newEdgeClock()
		other := asap.New(t.Context())
		far := other.Go("far", edgeSleeps(time.Hour, 1))
		g := asap.New(t.Context(), asap.Limit(2))
		for range 5 {
			g.Go("waits", far.Await)
		}
		for range 10 {
			g.Go("b", edgeSleeps(time.Second, 1))
		}
		last := g.Go("last", func(context.Context) (int, error) { c.at(t, "last", 5*time.Second); return 1, nil })
		if _, err := last.Await(t.Context()); err != nil {
			t.Error(err)
		}
		edgeNil(t, "Wait", g.Wait())
		c.at(t, "Wait", time.Hour)
		other.Wait()
	})
}
