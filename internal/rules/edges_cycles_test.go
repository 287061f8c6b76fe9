package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// edgeTwice awaits first in a goroutine and then second, both with the body's
// own context, and returns when both waits have ended.
func edgeTwice(ctx context.Context, first, second func(context.Context) error) (e1, e2 error) {
	var wg sync.WaitGroup
	wg.Go(func() { e1 = first(ctx) })
	synctest.Wait() // the first wait has begun
	e2 = second(ctx)
	wg.Wait()
	return e1, e2
}

func edgeAwait(t **asap.Task[int]) func(context.Context) error {
	return func(ctx context.Context) error { _, err := (*t).Await(ctx); return err }
}

// TestE2_AnyOfABodysWaits: each hard wait of a body counts, however many of its
// goroutines wait at once, for tasks or for nested groups (R8, R9).
func TestE2_AnyOfABodysWaits(t *testing.T) {
	const s = time.Second
	// In each of these w has two or more waits open, and x waits for w. By
	// first is the wait that is open already; the cycle leads through the other.
	orders := map[string]bool{"slow first": false, "slow second": true}
	for name, swapped := range orders {
		edgeBubble(t, "closed by the body, "+name, func(t *testing.T) {
			c := newEdgeClock()
			g := asap.New(t.Context())
			slow := g.Go("slow", edgeSleeps(time.Minute, 1))
			var w, x *asap.Task[int]
			open := make(chan struct{})
			x = g.Go("x", func(ctx context.Context) (int, error) { <-open; return w.Await(ctx) })
			w = g.Go("w", func(ctx context.Context) (int, error) {
				<-open
				time.Sleep(s) // x waits for w
				waits := []func(context.Context) error{edgeAwait(&slow), edgeAwait(&x)}
				if swapped {
					waits[0], waits[1] = waits[1], waits[0]
				}
				e1, e2 := edgeTwice(ctx, waits[0], waits[1])
				if swapped {
					e1, e2 = e2, e1
				}
				edgeNoCycle(t, "the wait for slow", e1)
				edgePath(t, "the wait for x", e2, "w", "x", "w")
				c.at(t, "the waits", time.Minute)
				return 7, nil
			})
			close(open)
			edgeNil(t, "Wait", g.Wait())
			if x.Value() != 7 {
				t.Errorf("x: %d, want 7", x.Value())
			}
		})
		edgeBubble(t, "closed by the other, "+name, func(t *testing.T) {
			c := newEdgeClock()
			g := asap.New(t.Context(), asap.Settled())
			slow := g.Go("slow", edgeSleeps(time.Minute, 1))
			var w, x *asap.Task[int]
			open := make(chan struct{})
			x = g.Go("x", func(ctx context.Context) (int, error) {
				<-open
				time.Sleep(s) // w waits for both
				_, err := w.Await(ctx)
				c.at(t, "the cycle", s)
				edgePath(t, "x", err, "x", "w", "x")
				return 3, nil
			})
			w = g.Go("w", func(ctx context.Context) (int, error) {
				<-open
				waits := []func(context.Context) error{edgeAwait(&slow), edgeAwait(&x)}
				if swapped {
					waits[0], waits[1] = waits[1], waits[0]
				}
				e1, e2 := edgeTwice(ctx, waits[0], waits[1])
				if e1 != nil || e2 != nil {
					t.Errorf("the waits of w: %v, %v, want no error", e1, e2)
				}
				return 1, nil
			})
			close(open)
			edgeNil(t, "Wait", g.Wait())
			c.at(t, "Wait", time.Minute)
		})
		edgeBubble(t, "after the wait for slow has ended, "+name, func(t *testing.T) {
			c := newEdgeClock()
			g := asap.New(t.Context(), asap.Settled())
			slow := g.Go("slow", edgeSleeps(s, 1))
			var w, x *asap.Task[int]
			open := make(chan struct{})
			x = g.Go("x", func(ctx context.Context) (int, error) {
				<-open
				time.Sleep(2 * s)
				_, err := w.Await(ctx)
				c.at(t, "the cycle", 2*s)
				edgePath(t, "x", err, "x", "w", "x")
				return 3, nil
			})
			w = g.Go("w", func(ctx context.Context) (int, error) {
				<-open
				waits := []func(context.Context) error{edgeAwait(&slow), edgeAwait(&x)}
				if swapped {
					waits[0], waits[1] = waits[1], waits[0]
				}
				edgeTwice(ctx, waits[0], waits[1])
				return 1, nil
			})
			close(open)
			edgeNil(t, "Wait", g.Wait())
		})
	}
	edgeBubble(t, "through a body in the middle", func(t *testing.T) {
		// a waits for b, b for slow and for c, and c closes it.
		g := asap.New(t.Context(), asap.Settled())
		slow := g.Go("slow", edgeSleeps(time.Minute, 1))
		var a, b, c *asap.Task[int]
		open := make(chan struct{})
		a = g.Go("a", func(ctx context.Context) (int, error) { <-open; return b.Await(ctx) })
		b = g.Go("b", func(ctx context.Context) (int, error) {
			<-open
			edgeTwice(ctx, edgeAwait(&slow), edgeAwait(&c))
			return 1, nil
		})
		c = g.Go("c", func(ctx context.Context) (int, error) {
			<-open
			time.Sleep(s)
			_, err := a.Await(ctx)
			edgePath(t, "c", err, "c", "a", "b", "c")
			return 1, nil
		})
		close(open)
		edgeNil(t, "Wait", g.Wait())
	})
	edgeBubble(t, "through a declared dependency", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		slow := g.Go("slow", edgeSleeps(time.Minute, 1))
		var after *asap.Task[int]
		open := make(chan struct{})
		w := g.Go("w", func(ctx context.Context) (int, error) {
			<-open
			_, err := edgeTwice(ctx, edgeAwait(&slow), edgeAwait(&after))
			edgePath(t, "w", err, "w", "after", "w")
			return 1, nil
		})
		after = w.Then("after", func(_ context.Context, v int) (int, error) { return v + 1, nil })
		close(open)
		edgeNil(t, "Wait", g.Wait())
	})
	edgeBubble(t, "one of many", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		const n = 100
		slow := make([]*asap.Task[int], n)
		for i := range slow {
			slow[i] = g.Go("slow", edgeSleeps(time.Minute, 1))
		}
		var w, x *asap.Task[int]
		open := make(chan struct{})
		w = g.Go("w", func(ctx context.Context) (int, error) {
			<-open
			var wg sync.WaitGroup
			for i := range slow {
				wg.Go(func() { slow[i].Await(ctx) })
				if i == n/2 {
					wg.Go(func() { x.Await(ctx) })
				}
			}
			wg.Wait()
			return 1, nil
		})
		x = g.Go("x", func(ctx context.Context) (int, error) {
			<-open
			time.Sleep(s)
			_, err := w.Await(ctx)
			edgePath(t, "x", err, "x", "w", "x")
			return 1, nil
		})
		close(open)
		edgeNil(t, "Wait", g.Wait())
	})
	edgeBubble(t, "two nested groups", func(t *testing.T) {
		for _, first := range []int{0, 1} {
			c := newEdgeClock()
			g := asap.New(t.Context(), asap.Settled())
			var w *asap.Task[int]
			open := make(chan struct{})
			w = g.Go("w", func(ctx context.Context) (int, error) {
				<-open
				quiet := asap.New(ctx)
				quiet.Go("slow", edgeSleeps(time.Minute, 1))
				in := asap.New(ctx, asap.Settled())
				in.Go("in", func(ctx context.Context) (int, error) {
					_, err := w.Await(ctx)
					edgePath(t, "in", err, "in", "w", "in")
					c.at(t, "in", 0)
					return 1, nil
				})
				waits := []func(context.Context) error{
					func(context.Context) error { return quiet.Wait() },
					func(context.Context) error { return in.Wait() },
				}
				e1, e2 := edgeTwice(ctx, waits[first], waits[1-first])
				if e1 != nil || e2 != nil {
					t.Errorf("nested Waits: %v, %v", e1, e2)
				}
				return 1, nil
			})
			close(open)
			edgeNil(t, "Wait", g.Wait())
			c.at(t, "Wait", time.Minute)
		}
	})
	edgeBubble(t, "two nested groups, closed later from inside", func(t *testing.T) {
		for _, first := range []int{0, 1} {
			c := newEdgeClock()
			g := asap.New(t.Context(), asap.Settled())
			var w *asap.Task[int]
			open := make(chan struct{})
			w = g.Go("w", func(ctx context.Context) (int, error) {
				<-open
				quiet := asap.New(ctx)
				quiet.Go("slow", edgeSleeps(time.Minute, 1))
				in := asap.New(ctx, asap.Settled())
				in.Go("in", func(ctx context.Context) (int, error) {
					time.Sleep(s)
					_, err := w.Await(ctx)
					edgePath(t, "in", err, "in", "w", "in")
					c.at(t, "in", s)
					return 1, nil
				})
				waits := []func(context.Context) error{
					func(context.Context) error { return quiet.Wait() },
					func(context.Context) error { return in.Wait() },
				}
				edgeTwice(ctx, waits[first], waits[1-first])
				return 1, nil
			})
			close(open)
			edgeNil(t, "Wait", g.Wait())
		}
	})
	edgeBubble(t, "an await and a nested Wait", func(t *testing.T) {
		for _, inside := range []bool{true, false} {
			for _, first := range []int{0, 1} {
				g := asap.New(t.Context(), asap.Settled())
				slow := g.Go("slow", edgeSleeps(time.Minute, 1))
				var w, x *asap.Task[int]
				open := make(chan struct{})
				x = g.Go("x", func(ctx context.Context) (int, error) {
					<-open
					if inside {
						return 1, nil
					}
					time.Sleep(s)
					_, err := w.Await(ctx)
					edgePath(t, "x", err, "x", "w", "x")
					return 1, nil
				})
				w = g.Go("w", func(ctx context.Context) (int, error) {
					<-open
					in := asap.New(ctx, asap.Settled())
					in.Go("in", func(ctx context.Context) (int, error) {
						time.Sleep(s)
						if !inside {
							return slow.Await(ctx)
						}
						_, err := w.Await(ctx)
						edgePath(t, "in", err, "in", "w", "in")
						return 1, nil
					})
					await := edgeAwait(&x)
					if inside {
						await = edgeAwait(&slow)
					}
					waits := []func(context.Context) error{func(context.Context) error { return in.Wait() }, await}
					edgeTwice(ctx, waits[first], waits[1-first])
					return 1, nil
				})
				close(open)
				edgeNil(t, "Wait", g.Wait())
			}
		}
	})
	edgeBubble(t, "a race whose other function fails", func(t *testing.T) {
		c := newEdgeClock()
		g := asap.New(t.Context(), asap.Settled())
		slow := g.Go("slow", edgeSleeps(time.Minute, 1))
		var x *asap.Task[int]
		open := make(chan struct{})
		race := g.Race("race",
			func(context.Context) (int, error) { time.Sleep(s); return 0, errEdge },
			func(ctx context.Context) (int, error) {
				<-open
				_, err := edgeTwice(ctx, edgeAwait(&slow), func(ctx context.Context) error {
					_, err := x.Await(ctx)
					c.at(t, "the cycle", s)
					return err
				})
				edgePath(t, "race[1]", err, "race[1]", "x", "race", "race[1]")
				return 7, nil
			})
		x = g.Go("x", race.Await)
		close(open)
		edgeNil(t, "Wait", g.Wait())
		if race.Value() != 7 {
			t.Errorf("race: %d, want 7", race.Value())
		}
	})
	edgeBubble(t, "no false positive", func(t *testing.T) {
		g := asap.New(t.Context())
		slow := g.Go("slow", edgeSleeps(time.Minute, 1))
		quick := g.Go("quick", edgeSleeps(s, 1))
		var w, x *asap.Task[int]
		open := make(chan struct{})
		w = g.Go("w", func(ctx context.Context) (int, error) {
			<-open
			var wg sync.WaitGroup
			wg.Go(func() { slow.Await(ctx) })
			wg.Go(func() { quick.Await(ctx) })
			wg.Go(func() { // softly: no edge
				soft, cancel := context.WithTimeout(ctx, 10*s)
				defer cancel()
				_, err := x.Await(soft)
				edgeNoCycle(t, "the soft wait", err)
			})
			in := asap.New(ctx)
			in.Go("in", quick.Await)
			wg.Go(func() { edgeNil(t, "nested Wait", in.Wait()) })
			wg.Wait()
			return 7, nil
		})
		x = g.Go("x", func(ctx context.Context) (int, error) {
			<-open
			time.Sleep(2 * s) // w's waits for quick and for the nested group are over
			return w.Await(ctx)
		})
		quick.Then("after", func(ctx context.Context, _ int) (int, error) { time.Sleep(2 * s); return w.Await(ctx) })
		close(open)
		edgeNil(t, "Wait", g.Wait())
		if x.Value() != 7 {
			t.Errorf("x: %d, want 7", x.Value())
		}
	})
	edgeBubble(t, "at the same time", func(t *testing.T) {
		// w waits for several in goroutines, all of which wait for w: of the two
		// waits of each ring one is told, the other gets what came of that.
		rounds := 300
		if testing.Short() {
			rounds = 50
		}
		for round := range rounds {
			n := 1 + round%5
			g := asap.New(t.Context(), asap.Settled())
			var w *asap.Task[int]
			xs := make([]*asap.Task[int], n)
			open := make(chan struct{})
			for i := range xs {
				xs[i] = g.Go(fmt.Sprint("x", i), func(ctx context.Context) (int, error) { <-open; return w.Await(ctx) })
			}
			var told sync.Map
			w = g.Go("w", func(ctx context.Context) (int, error) {
				<-open
				var wg sync.WaitGroup
				for i := range xs {
					wg.Go(func() {
						if _, err := xs[i].Await(ctx); err != nil {
							told.Store(i, err)
						}
					})
				}
				wg.Wait()
				return 1, nil
			})
			close(open)
			g.Wait()
			for i, x := range xs {
				err, _ := told.Load(i)
				ofW, _ := err.(error)
				if ce, ok := errors.AsType[*asap.CycleError](x.Result().Err); ok {
					edgePath(t, "x", ce, x.Name(), "w", x.Name())
					edgePath(t, "w, of x's failure", ofW, x.Name(), "w", x.Name())
				} else {
					edgeNil(t, "x", x.Result().Err)
					edgePath(t, "w", ofW, "w", x.Name(), "w")
				}
			}
		}
	})
}

// TestE3_AWaitThatIsOver: a wait for a task is no edge once the waiter's own
// context has ended, whether its goroutine has run or not; the Wait of a nested
// group is one until that group has ended, with whatever context it was made (R9).
func TestE3_AWaitThatIsOver(t *testing.T) {
	const s = time.Second
	// Each makes a group in w's body in which b awaits w, ends what b's context
	// ends by, and then lets w wait for b before b has run.
	ends := map[string]func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])){
		"cancel": func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])) {
			ctx, cancel := context.WithCancel(ctx)
			in := asap.New(ctx)
			b := in.Go("b", w.Await)
			synctest.Wait() // b waits
			cancel()
			wait(in, b)
		},
		"cancel of a value": func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])) {
			ctx, cancel := context.WithCancel(ctx)
			in := asap.New(context.WithValue(ctx, edgeKey{}, 1))
			b := in.Go("b", func(ctx context.Context) (int, error) { return w.Await(context.WithValue(ctx, edgeKey{}, 2)) })
			synctest.Wait()
			cancel()
			wait(in, b)
		},
		"foreign parent": func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])) {
			ctx, cancel := context.WithCancel(ctx)
			in := asap.New(edgeOpaque{ctx})
			b := in.Go("b", w.Await)
			synctest.Wait()
			cancel()
			wait(in, b)
		},
		"a deadline": func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])) {
			ctx, cancel := context.WithTimeout(ctx, s)
			defer cancel()
			in := asap.New(ctx)
			b := in.Go("b", w.Await)
			<-ctx.Done()
			wait(in, b)
		},
		"a failure": func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])) {
			in := asap.New(ctx)
			b := in.Go("b", w.Await)
			bad := in.Go("bad", func(context.Context) (int, error) { time.Sleep(s); return 0, errEdge })
			bad.Await(ctx)
			wait(in, b)
		},
		"an exit": func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])) {
			in := asap.New(ctx, asap.Settled())
			hit := in.NewExit[int]()
			b := in.Go("b", w.Await)
			exits := in.Do("exits", func(context.Context) error { time.Sleep(s); return hit.With(1) })
			exits.Await(ctx)
			wait(in, b)
		},
		"two groups up": func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])) {
			ctx, cancel := context.WithCancel(ctx)
			in := asap.New(ctx)
			b := in.Go("outer b", func(ctx context.Context) (int, error) {
				deeper := asap.New(ctx)
				deeper.Go("b", w.Await)
				return 0, deeper.Wait()
			})
			synctest.Wait()
			cancel()
			wait(in, b)
		},
		"through a chain": func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])) {
			ctx, cancel := context.WithCancel(ctx)
			in := asap.New(ctx)
			b := in.Go("b", w.Await)
			c := b.Then("c", func(_ context.Context, v int) (int, error) { return v, nil })
			synctest.Wait()
			cancel()
			wait(in, c)
		},
		"a lost race": func(t *testing.T, ctx context.Context, w *asap.Task[int], wait func(*asap.Group, *asap.Task[int])) {
			in := asap.New(ctx)
			race := in.Race("b", edgeSleeps(s, 1), func(ctx context.Context) (int, error) {
				_, err := w.Await(ctx)
				edgeNoCycle(t, "the function that has lost", err)
				return 0, err
			})
			race.Await(ctx)
			wait(in, race)
		},
	}
	waits := map[string]func(t *testing.T, ctx context.Context, g *asap.Group) func(*asap.Group, *asap.Task[int]){
		"awaits b": func(t *testing.T, ctx context.Context, g *asap.Group) func(*asap.Group, *asap.Task[int]) {
			return func(in *asap.Group, b *asap.Task[int]) {
				_, err := b.Await(ctx)
				edgeNoCycle(t, "w's await of b", err)
				in.Wait()
				edgeNoCycle(t, "b", b.Result().Err)
			}
		},
		"waits for the group": func(t *testing.T, ctx context.Context, g *asap.Group) func(*asap.Group, *asap.Task[int]) {
			return func(in *asap.Group, b *asap.Task[int]) {
				edgeNoCycle(t, "nested Wait", in.Wait())
				edgeNoCycle(t, "b", b.Result().Err)
			}
		},
		"awaits who awaits b": func(t *testing.T, ctx context.Context, g *asap.Group) func(*asap.Group, *asap.Task[int]) {
			return func(in *asap.Group, b *asap.Task[int]) {
				// v's wait begins together with w's, before b has run.
				v := g.Go("v", func(ctx context.Context) (int, error) {
					_, err := b.Await(ctx)
					edgeNoCycle(t, "v's await of b", err)
					return 1, nil
				})
				_, err := v.Await(ctx)
				edgeNoCycle(t, "w's await of v", err)
				in.Wait()
				edgeNoCycle(t, "b", b.Result().Err)
			}
		},
	}
	for how, end := range ends {
		for who, wait := range waits {
			for _, procs := range []int{1, 2} {
				edgeBubble(t, fmt.Sprintf("%s, w %s, %d processors", how, who, procs), func(t *testing.T) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
					for range 5 {
						g := asap.New(t.Context())
						var w *asap.Task[int]
						open := make(chan struct{})
						w = g.Go("w", func(ctx context.Context) (int, error) {
							<-open
							end(t, ctx, w, wait(t, ctx, g))
							return 7, nil
						})
						close(open)
						edgeNil(t, "Wait", g.Wait())
					}
				})
			}
		}
	}
	made := map[string]func(context.Context) (context.Context, context.CancelFunc){
		"own": func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		"WithValue": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithValue(ctx, edgeKey{}, 1), func() {}
		},
		"WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		},
		"WithCancel": context.WithCancel,
		"WithoutCancel": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithoutCancel(ctx), func() {}
		},
	}
	for name, derive := range made {
		edgeBubble(t, "a nested Wait is an edge, "+name, func(t *testing.T) {
			for _, late := range []time.Duration{0, s} { // of b's wait, or of the group's Wait
				c := newEdgeClock()
				g := asap.New(t.Context())
				var w *asap.Task[int]
				open := make(chan struct{})
				w = g.Go("w", func(ctx context.Context) (int, error) {
					<-open
					ctx, cancel := derive(ctx)
					defer cancel()
					in := asap.New(ctx)
					in.Go("b", func(ctx context.Context) (int, error) {
						time.Sleep(late)
						_, err := w.Await(ctx)
						edgePath(t, "b", err, "b", "w", "b")
						c.at(t, "the cycle", s)
						return 1, nil
					})
					time.Sleep(s - late)
					edgeNil(t, "nested Wait", in.Wait())
					return 7, nil
				})
				close(open)
				edgeNil(t, "Wait", g.Wait())
				c.at(t, "Wait", s)
			}
		})
	}
	edgeBubble(t, "a nested Wait is an edge after its context has ended", func(t *testing.T) {
		c := newEdgeClock()
		g := asap.New(t.Context())
		var w *asap.Task[int]
		open := make(chan struct{})
		w = g.Go("w", func(ctx context.Context) (int, error) {
			<-open
			short, cancel := context.WithTimeout(ctx, s)
			defer cancel()
			in := asap.New(short)
			in.Go("b", func(ctx context.Context) (int, error) {
				deeper := asap.New(context.WithoutCancel(ctx))
				deeper.Go("c", func(ctx context.Context) (int, error) {
					time.Sleep(2 * s)
					_, err := w.Await(ctx)
					if ce, ok := errors.AsType[*asap.CycleError](err); ok && len(ce.Path) == 4 { // b on the way may be told of
						edgePath(t, "c", err, "c", "w", "b", "c")
					} else {
						edgePath(t, "c", err, "c", "w", "c")
					}
					c.at(t, "the cycle", 2*s)
					return 1, nil
				})
				return 1, deeper.Wait()
			})
			in.Wait()
			return 7, nil
		})
		close(open)
		edgeNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*s)
	})
}

// edgeOpaque hides from package context what it is made of, but for values.
type edgeOpaque struct{ context.Context }
