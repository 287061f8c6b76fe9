package waterfall_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// Who gets a free slot in a prediction is who gets it from the library: each
// task of a run under one limit is predicted, from the run under another, to
// begin and end when it does.
func TestWhatIfGivesSlotsAsTheLibrary(t *testing.T) {
	wait := func(task *atomic.Pointer[asap.Task[int]]) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			time.Sleep(9 * ms)
			return task.Load().Await(ctx)
		}
	}
	others := func(g *asap.Group) {
		for _, name := range []string{"other", "another", "yet another"} {
			g.Go(name, sleep(20*ms, 1))
		}
	}
	tests := []struct {
		name, why string
		declare   func(g *asap.Group)
	}{
		{"made ready", "by the end of another goes before what was ready when declared", func(g *asap.Group) {
			first := g.Go("first", sleep(5*ms, 1))
			g.Go("second", sleep(11*ms, 1))
			others(g)
			first.Then("then", func(context.Context, int) (int, error) { time.Sleep(7 * ms); return 1, nil })
		}},
		{"awaited", "ranks above who has not begun, with what it needs", func(g *asap.Group) {
			var late atomic.Pointer[asap.Task[int]]
			g.Go("waits", wait(&late))
			g.Go("second", sleep(11*ms, 1))
			others(g)
			late.Store(g.Go("needed", sleep(3*ms, 1)).Then("late", func(context.Context, int) (int, error) { time.Sleep(7 * ms); return 1, nil }))
		}},
		{"an awaited Map", "raises its elements", func(g *asap.Group) {
			var last atomic.Pointer[asap.Task[int]]
			g.Go("waits", wait(&last))
			g.Go("second", sleep(11*ms, 1))
			others(g)
			slice := g.Input("slice", []time.Duration{3 * ms, 5 * ms, 7 * ms})
			all := g.Map("map", slice, func(_ context.Context, d time.Duration) (int, error) { time.Sleep(d); return 1, nil })
			last.Store(all.Then("last", func(context.Context, []int) (int, error) { return 1, nil }))
		}},
		{"nested", "goes before what has not begun", func(g *asap.Group) {
			nests := func(name string) {
				g.Do(name, func(ctx context.Context) error {
					time.Sleep(time.Duration(len(name)) * ms)
					inner := asap.New(ctx)
					inner.Go(name+" inner", sleep(3*ms, 1)).Then(name+" then", func(context.Context, int) (int, error) { time.Sleep(7 * ms); return 1, nil })
					inner.Go(name+" beside", sleep(14*ms, 1))
					time.Sleep(20 * ms)
					return inner.Wait()
				})
			}
			nests("i")
			g.Go("short", sleep(5*ms, 1))
			nests("ii")
			others(g)
		}},
		{"a nested group that waits outside", "raises what its body waits for when it is joined", func(g *asap.Group) {
			var late atomic.Pointer[asap.Task[int]]
			g.Do("nests", func(ctx context.Context) error {
				inner := asap.New(ctx)
				inner.Go("inner", wait(&late))
				return inner.Wait()
			})
			g.Go("second", sleep(11*ms, 1))
			others(g)
			late.Store(g.Go("late", sleep(7*ms, 1)))
		}},
		{"an awaited body that waits for its group", "raises it", func(g *asap.Group) {
			var late atomic.Pointer[asap.Task[int]]
			g.Do("nests", func(ctx context.Context) error {
				time.Sleep(ms)
				inner := asap.New(ctx)
				inner.Go("inner", wait(&late))
				inner.Go("rival", sleep(20*ms, 1))
				inner.Go("another rival", sleep(20*ms, 1))
				return inner.Wait()
			})
			late.Store(g.Go("late", func(ctx context.Context) (int, error) {
				time.Sleep(2 * ms)
				inner := asap.New(ctx)
				inner.Go("late inner", sleep(3*ms, 1))
				return 1, inner.Wait()
			}))
		}},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.why, func(t *testing.T) {
			run := func(limit int) (run *waterfall.Run) {
				synctest.Test(t, func(t *testing.T) {
					var rec waterfall.Recorder
					g := asap.New(t.Context(), asap.Observe(&rec), asap.Limit(limit))
					test.declare(g)
					if err := g.Wait(); err != nil {
						t.Fatal(err)
					}
					run = rec.Run()
				})
				return run
			}
			for from := 1; from <= 2; from++ {
				for to := 1; to <= 2; to++ {
					was, want := run(from), run(to)
					p, err := was.WhatIf(waterfall.Limit(to))
					if err != nil {
						t.Fatal(err)
					}
					for i := range want.Tasks {
						name := want.Tasks[i].Name
						if got, want := span(p.Run.Task(name)), span(&want.Tasks[i]); got != want {
							t.Errorf("from a limit of %d to %d: %s is predicted to run from %v to %v, runs from %v to %v",
								from, to, name, got[0], got[1], want[0], want[1])
						}
					}
				}
			}
		})
	}
}

// span is when a body began and when it ended.
func span(t *waterfall.Task) [2]time.Duration {
	for _, p := range t.Pieces {
		if p.State == waterfall.Running {
			return [2]time.Duration{p.Start, t.End()}
		}
	}
	return [2]time.Duration{t.End(), t.End()}
}
