package rules_test

import (
	"context"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// perTask returns the allocations of a group of many tasks, less those of an
// empty one, for each task. Every task has a function without a closure.
func perTask(declare func(g *asap.Group, n int), options ...asap.Option) float64 {
	const n = 500
	run := func(n int) float64 {
		return testing.AllocsPerRun(20, func() {
			g := asap.New(context.Background(), options...)
			declare(g, n)
			if err := g.Wait(); err != nil {
				panic(err)
			}
		})
	}
	return (run(2*n) - run(n)) / n
}

func one(context.Context) (int, error)                 { return 1, nil }
func none(context.Context) error                       { return nil }
func next(_ context.Context, v int) (int, error)       { return v, nil }
func nextDo(context.Context, int) error                { return nil }
func sum2(_ context.Context, a, b int) (int, error)    { return a + b, nil }
func do2(context.Context, int, int) error              { return nil }
func sum3(_ context.Context, a, b, _ int) (int, error) { return a + b, nil }

// TestR23_Allocations: one allocation a task, and none for what nobody looks at.
func TestR23_Allocations(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations differ under race")
	}
	rows := []struct {
		name    string
		declare func(g *asap.Group)
		want    float64
	}{
		{"Go", func(g *asap.Group) { g.Go("x", one) }, 1},
		{"Do", func(g *asap.Group) { g.Do("x", none) }, 1},
		{"Optional", func(g *asap.Group) { g.Optional("x", one) }, 1},
		{"Input", func(g *asap.Group) { g.Input("x", 1) }, 1},
		{"Go, Then", func(g *asap.Group) { g.Go("x", one).Then("y", next) }, 2},
		{"Go, Then.Do", func(g *asap.Group) { g.Go("x", one).Do("y", nextDo) }, 2},
		{"Go, Then.Optional", func(g *asap.Group) { g.Go("x", one).Optional("y", next) }, 2},
		{"Go, And2", func(g *asap.Group) { a := g.Go("x", one); a.And(a).Then("y", sum2) }, 2},
		{"Go, And2.Do", func(g *asap.Group) { a := g.Go("x", one); a.And(a).Do("y", do2) }, 2},
		{"Go, And2.Optional", func(g *asap.Group) { a := g.Go("x", one); a.And(a).Optional("y", sum2) }, 2},
		{"Go, And3", func(g *asap.Group) { a := g.Go("x", one); a.And(a).And(a).Then("y", sum3) }, 2},
	}
	for _, row := range rows {
		for name, options := range map[string][]asap.Option{"": nil, " with a limit": {asap.Limit(4)}, " settled": {asap.Settled()}} {
			t.Run(row.name+name, func(t *testing.T) {
				got := perTask(func(g *asap.Group, n int) {
					for range n {
						row.declare(g)
					}
				}, options...)
				// A searcher now and then, by the hundred tasks.
				if got > row.want+.05 {
					t.Errorf("%s: %.2f allocations, want %v", row.name, got, row.want)
				}
			})
		}
	}
	t.Run("a chain", func(t *testing.T) {
		got := perTask(func(g *asap.Group, n int) {
			a := g.Go("x", one)
			for range n {
				a = a.Then("y", next)
			}
		})
		if got > 1.05 {
			t.Errorf("a task of a chain: %.2f allocations, want 1", got)
		}
	})
	t.Run("New", func(t *testing.T) {
		ctx := t.Context()
		got := testing.AllocsPerRun(100, func() {
			if err := asap.New(ctx).Wait(); err != nil {
				panic(err)
			}
		})
		if got != 1 {
			t.Errorf("New and Wait: %.0f allocations, want 1, the group", got)
		}
	})
	t.Run("Await of a task that is done, Value and Result", func(t *testing.T) {
		g := asap.New(context.Background())
		x := g.Go("x", one)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		got := testing.AllocsPerRun(100, func() {
			if v, err := x.Await(context.Background()); v != 1 || err != nil || x.Value() != 1 || x.Result().Err != nil {
				panic("wrong")
			}
		})
		if got != 0 {
			t.Errorf("reading a task that is done: %.0f allocations, want 0", got)
		}
	})
	t.Run("a nil observer is no observer", func(t *testing.T) {
		plain := perTask(func(g *asap.Group, n int) {
			for range n {
				g.Go("x", one)
			}
		})
		got := perTask(func(g *asap.Group, n int) {
			for range n {
				g.Go("x", one)
			}
		}, asap.Observe(nil))
		if got > plain+.05 {
			t.Errorf("with a nil observer: %.2f allocations a task, want %.2f", got, plain)
		}
	})
	t.Run("a wait", func(t *testing.T) {
		const n = 200
		run := func(await bool) float64 {
			return testing.AllocsPerRun(20, func() {
				g := asap.New(context.Background())
				gate := make(chan struct{})
				x := g.Go("x", func(context.Context) (int, error) { <-gate; return 1, nil })
				body := func(ctx context.Context) (int, error) {
					if await {
						return x.Await(ctx)
					}
					<-gate
					return 1, nil
				}
				for range n {
					g.Go("w", body)
				}
				close(gate)
				if err := g.Wait(); err != nil {
					panic(err)
				}
			})
		}
		if got := (run(true) - run(false)) / n; got > 1.2 {
			t.Errorf("a hard wait: %.2f allocations, want at most 1", got)
		}
	})
}

// TestR37_Allocations: what each option costs, beside the task. All but the
// dependencies are made once, as options may be.
func TestR37_Allocations(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations differ under race")
	}
	around := asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error { return body(ctx) })
	dep := func(make func(...asap.Dep) asap.TaskOption) func(*asap.Group, *asap.Task[int]) {
		return func(g *asap.Group, a *asap.Task[int]) { g.Go("x", one, make(a)) }
	}
	plain := func(o asap.TaskOption) func(*asap.Group, *asap.Task[int]) {
		return func(g *asap.Group, a *asap.Task[int]) { g.Go("x", one, o) }
	}
	for _, row := range []struct {
		name    string
		declare func(g *asap.Group, a *asap.Task[int])
		want    float64 // beside the task
	}{
		{"Needs, made for it", dep(asap.Needs), 8},
		{"After, made for it", dep(asap.After), 8},
		{"AfterEnd, made for it", dep(asap.AfterEnd), 8},
		{"When(true)", plain(asap.When(true)), 4},
		{"When(false)", plain(asap.When(false)), 4},
		{"MayFail", plain(asap.MayFail()), 4},
		{"Timeout", plain(asap.Timeout(time.Hour)), 7},
		{"Within", plain(asap.Within(time.Hour)), 8},
		{"Around", plain(around), 12.5},
		{"Then with Needs", func(g *asap.Group, a *asap.Task[int]) { a.Then("x", next, asap.Needs(a)) }, 8},
		{"Race of two functions", func(g *asap.Group, _ *asap.Task[int]) { g.Race("x", one, one) }, 10},
		{"Race of two functions, of a task", func(g *asap.Group, a *asap.Task[int]) { a.Race("x", next, next) }, 19},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := perTask(func(g *asap.Group, n int) {
				a := g.Input("a", 1)
				for range n {
					row.declare(g, a)
				}
			})
			if got > 1+row.want+.5 { // how often timers are set depends on who is first
				t.Errorf("%.2f allocations, want %v beside the task", got, row.want)
			}
		})
	}
}
