package rules_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/asap-go/asap"
)

// edgeHeavy is what must not be kept.
type edgeHeavy struct{ _ [256]byte }

// edgeCollected reports whether p's object is gone when garbage is collected, and each
// goroutine of the bubble is asleep: one that is about to end may have it on its stack.
func edgeCollected(p weak.Pointer[edgeHeavy]) bool {
	synctest.Wait()
	for range 5 {
		runtime.GC()
		if p.Value() == nil {
			return true
		}
	}
	return false
}

// edgeValue makes a value that its task alone knows.
func edgeValue(p *weak.Pointer[edgeHeavy]) *edgeHeavy {
	v := new(edgeHeavy)
	*p = weak.Make(v)
	return v
}

// TestE12_WhatANestedTaskKeeps: a finished task keeps neither the task around
// its group nor the tasks of groups nested in it (R20).
func TestE12_WhatANestedTaskKeeps(t *testing.T) {
	// Each makes a nested group and says what is kept of it.
	rows := map[string]func(ctx context.Context) any{
		"a task": func(ctx context.Context) any {
			in := asap.New(ctx)
			defer in.Wait()
			return in.Go("in", edgeSleeps(time.Second, 1))
		},
		"a dependent": func(ctx context.Context) any {
			in := asap.New(ctx)
			defer in.Wait()
			return in.Go("in", edgeSleeps(time.Second, 1)).Then("next", func(context.Context, int) (int, error) { return 1, nil })
		},
		"a Map, a Race, a Gather, an Input": func(ctx context.Context) any {
			in := asap.New(ctx)
			defer in.Wait()
			ids := in.Input("ids", []int{1, 2})
			fan := in.Map("fan", ids, func(context.Context, int) (int, error) { return 1, nil }, asap.Limit(1))
			race := in.Race("race", edgeSleeps(time.Second, 1), edgeSleeps(2*time.Second, 2))
			return []any{ids, fan, race, in.Gather("all", race, race)}
		},
		"a failed task and its error": func(ctx context.Context) any {
			in := asap.New(ctx, asap.Name("in"))
			bad := in.Go("bad", func(context.Context) (int, error) { return 0, errEdge })
			next := bad.Then("next", func(context.Context, int) (int, error) { return 1, nil })
			return []any{in.Wait(), bad.Result().Err, next.Result().Err, next}
		},
		"a panic": func(ctx context.Context) any {
			in := asap.New(ctx)
			in.Go("dies", func(context.Context) (int, error) { panic("ouch") })
			return edgeEnded(in.Wait).panicked
		},
		"a cycle": func(ctx context.Context) any {
			in := asap.New(ctx, asap.Settled())
			var a *asap.Task[int]
			open := make(chan struct{})
			a = in.Go("a", func(ctx context.Context) (int, error) { <-open; return a.Await(ctx) })
			close(open)
			return []any{in.Wait(), a}
		},
		"an exit": func(ctx context.Context) any {
			in := asap.New(ctx)
			hit := in.NewExit[int]()
			in.Do("exits", func(context.Context) error { return hit.With(1) })
			in.Wait()
			return hit
		},
		"the group": func(ctx context.Context) any {
			in := asap.New(ctx)
			in.Go("in", edgeSleeps(time.Second, 1))
			in.Wait()
			return in
		},
		"a group that was stopped": func(ctx context.Context) any {
			in := asap.New(ctx)
			in.Go("in", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
			in.Stop()
			return in
		},
		"a group that waited across": func(ctx context.Context) any {
			other := asap.New(context.Background())
			x := other.Go("x", edgeSleeps(time.Second, 1))
			in := asap.New(ctx, asap.Limit(1))
			soft := in.Go("soft", func(ctx context.Context) (int, error) {
				ctx, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				return x.Await(ctx)
			})
			hard := in.Go("hard", x.Await)
			in.Wait()
			other.Wait()
			return []any{in, soft, hard, x}
		},
		"a task's context": func(ctx context.Context) (kept any) {
			in := asap.New(ctx)
			in.Do("in", func(ctx context.Context) error { kept = ctx; return nil })
			in.Wait()
			return kept
		},
		"a task's context whose Done was asked for": func(ctx context.Context) (kept any) {
			in := asap.New(ctx)
			in.Do("in", func(ctx context.Context) error { ctx.Done(); kept = ctx; return nil })
			in.Wait()
			return kept
		},
		"nested in nested": func(ctx context.Context) (kept any) {
			in := asap.New(ctx)
			in.Do("in", func(ctx context.Context) error {
				deeper := asap.New(ctx)
				kept = deeper.Go("deeper", edgeSleeps(time.Second, 1))
				return deeper.Wait()
			})
			in.Wait()
			return kept
		},
		"the outcome of Run": func(ctx context.Context) (kept any) {
			asap.Run(ctx, func(g *asap.Group) func() int {
				in := g.Go("in", edgeSleeps(time.Second, 1))
				kept = []any{g, in}
				return in.Value
			})
			return kept
		},
	}
	groups := map[string][]asap.Option{"": nil, ", limit": {asap.Limit(2)}, ", observed": {asap.Observe(edgeObserver{})}}
	for name, nest := range rows {
		for how, options := range groups {
			edgeBubble(t, name+how, func(t *testing.T) {
				var value, deps weak.Pointer[edgeHeavy]
				kept := func() (kept any) {
					g := asap.New(context.WithValue(t.Context(), edgeKey{}, "request"), options...)
					dep := g.Go("dep", func(context.Context) (*edgeHeavy, error) { return edgeValue(&deps), nil })
					dep.Then("w", func(ctx context.Context, _ *edgeHeavy) (*edgeHeavy, error) {
						kept = nest(ctx)
						return edgeValue(&value), nil
					})
					edgeNil(t, "Wait", g.Wait())
					return kept
				}()
				synctest.Wait()
				if !edgeCollected(value) {
					t.Error("the value of the task around the group is kept")
				}
				if !edgeCollected(deps) {
					t.Error("the value that the task around the group used is kept")
				}
				if ctx, ok := kept.(context.Context); ok && ctx.Value(edgeKey{}) != "request" {
					t.Errorf("a context that is kept has lost a value: %v (R35)", ctx.Value(edgeKey{}))
				}
				runtime.KeepAlive(kept)
			})
		}
	}
	edgeBubble(t, "while the outer group goes on", func(t *testing.T) {
		g := asap.New(t.Context())
		var value weak.Pointer[edgeHeavy]
		var kept *asap.Task[int]
		func() {
			g.Go("w", func(ctx context.Context) (*edgeHeavy, error) {
				in := asap.New(ctx)
				kept = in.Go("in", edgeSleeps(time.Second, 1))
				return edgeValue(&value), in.Wait()
			})
		}()
		g.Go("slow", edgeSleeps(time.Hour, 1))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !edgeCollected(value) {
			t.Error("the value of the task around the group is kept")
		}
		runtime.KeepAlive(kept)
		edgeNil(t, "Wait", g.Wait())
	})
	edgeBubble(t, "the other way round", func(t *testing.T) {
		for _, options := range groups {
			var inner, deeper weak.Pointer[edgeHeavy]
			g := asap.New(t.Context(), options...)
			w := g.Go("w", func(ctx context.Context) (int, error) {
				in := asap.New(ctx)
				in.Go("in", func(ctx context.Context) (*edgeHeavy, error) {
					in := asap.New(ctx)
					in.Go("deeper", func(context.Context) (*edgeHeavy, error) { time.Sleep(time.Second); return edgeValue(&deeper), nil })
					return edgeValue(&inner), in.Wait()
				})
				return 1, in.Wait()
			})
			edgeNil(t, "Wait", g.Wait())
			if !edgeCollected(inner) || !edgeCollected(deeper) {
				t.Error("a value of a nested group is kept")
			}
			runtime.KeepAlive(w)
		}
	})
	edgeBubble(t, "several waits of a body leave nothing", func(t *testing.T) {
		g := asap.New(t.Context())
		slow := g.Go("slow", edgeSleeps(time.Hour, 1))
		var values [20]weak.Pointer[edgeHeavy]
		keep := g.Go("keep", func(ctx context.Context) (int, error) {
			done := make(chan error, 1)
			go func() { _, err := slow.Await(ctx); done <- err }()
			for i := range values {
				func() {
					g.Go(fmt.Sprint(i), func(context.Context) (*edgeHeavy, error) { time.Sleep(time.Second); return edgeValue(&values[i]), nil }).Await(ctx)
				}()
			}
			for i, v := range values[:len(values)-1] {
				if !edgeCollected(v) {
					t.Errorf("the value of %d is kept by a wait that is over", i)
				}
			}
			return 1, <-done
		})
		edgeNil(t, "Wait", g.Wait())
		runtime.KeepAlive(keep)
	})
}

type edgeObserver struct{}

func (edgeObserver) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (edgeObserver) Observe(asap.Event)                                      {}
