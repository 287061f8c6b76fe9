package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

type intFlow = flow.Flow[int, int]

func define(name string, build func(*asap.Group, *asap.Task[int]) *asap.Task[int], options ...asap.Option) *intFlow {
	return flow.Define(name, build, options...)
}

func TestR27_Define(t *testing.T) {
	t.Run("runs nothing", func(t *testing.T) {
		f := define("f", func(*asap.Group, *asap.Task[int]) *asap.Task[int] { t.Error("the function ran"); return nil })
		f.With(asap.Settled())
	})
	virtual(t, "Run", func(t *testing.T) {
		c := startClock()
		f := define("sum", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			a := in.Then("a", func(_ context.Context, v int) (int, error) { time.Sleep(sec); return v + 1, nil })
			b := in.Then("b", func(_ context.Context, v int) (int, error) { time.Sleep(2 * sec); return v + 2, nil })
			return a.And(b).Then("sum", func(_ context.Context, a, b int) (int, error) { return a * b, nil })
		})
		var wg sync.WaitGroup
		for range 3 { // at the same time
			wg.Go(func() {
				if v, err := f.Run(t.Context(), 1); v != 6 || err != nil {
					t.Errorf("Run: got %d, %v, want 6, nil", v, err)
				}
			})
		}
		wg.Wait()
		c.at(t, "Run", 2*sec)
		g := asap.New(t.Context())
		nested := g.Go("in", after(sec, 1)).Then("flow", f.Run) // as a body
		wantNil(t, "Wait", g.Wait())
		if nested.Value() != 6 {
			t.Errorf("a flow as a body: %d, want 6", nested.Value())
		}
	})
	virtual(t, "the input settles when the function has returned", func(t *testing.T) {
		f := define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			started := false
			out := in.Then("a", func(_ context.Context, v int) (int, error) { started = true; return v, nil })
			time.Sleep(sec)
			synctest.Wait()
			if started {
				t.Error("a body on the input started during the build")
			}
			return out
		})
		if v, err := f.Run(t.Context(), 7); v != 7 || err != nil {
			t.Errorf("Run: got %d, %v, want 7, nil", v, err)
		}
	})
	virtual(t, "returns the input itself", func(t *testing.T) {
		f := define("id", func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in })
		if v, err := f.Run(t.Context(), 7); v != 7 || err != nil {
			t.Errorf("Run: got %d, %v, want 7, nil", v, err)
		}
	})
	// What a function must not do fails in Run as in Graph, and in no other way.
	other := asap.New(t.Context())
	foreign := other.Go("foreign", value(1))
	wantNil(t, "Wait", other.Wait())
	ok := func(in *asap.Task[int]) *asap.Task[int] { return in.Then("x", inc) }
	rows := map[string]struct {
		build func(g *asap.Group, in *asap.Task[int]) *asap.Task[int]
		want  string
	}{
		"nil result": {func(*asap.Group, *asap.Task[int]) *asap.Task[int] { return nil }, "returned no task"},
		"foreign":    {func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] { ok(in); return foreign }, "another group"},
		"Await": {func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			in.Await(context.Background())
			return ok(in)
		}, "Await"},
		"Await of a task": {func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			ok(in).Await(context.Background())
			return ok(in)
		}, "Await"},
		"Value":  {func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] { in.Value(); return ok(in) }, "Value"},
		"Result": {func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] { x := ok(in); x.Result(); return x }, "Result"},
		"Wait":   {func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { g.Wait(); return ok(in) }, "Wait"},
		"Stop":   {func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { g.Stop(); return ok(in) }, "Stop"},
		"a recovered Value": {func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			recovered(func() { in.Value() })
			return ok(in)
		}, "Value"},
	}
	for name, row := range rows {
		virtual(t, name, func(t *testing.T) {
			before := goroutines()
			f := define("bad", row.build)
			graph, err := f.Graph()
			if graph != nil || err == nil || !strings.HasPrefix(err.Error(), "asap: flow bad: ") || !strings.Contains(err.Error(), row.want) {
				t.Errorf("Graph: got %v, %v, want an error about %s", graph, err, row.want)
			}
			ran := recovered(func() {
				v, err := f.Run(t.Context(), 7)
				if err == nil || v != 0 {
					t.Errorf("Run: got %d, %v, want an error", v, err)
				} else if !strings.Contains(err.Error(), row.want) {
					t.Errorf("Run: got %v, want an error about %s", err, row.want)
				}
			})
			if ran != nil && !strings.Contains(fmt.Sprint(ran), row.want) {
				t.Errorf("Run: panic %v, want one about %s", ran, row.want)
			}
			wantGoroutines(t, "Run", before)
		})
	}
	virtual(t, "the function panics or goes", func(t *testing.T) {
		for name, die := range dying {
			f := define("bad", func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] {
				in.Then("never", never1[int](t))
				die()
				return nil
			})
			graph, err := f.Graph()
			if graph != nil || err == nil {
				t.Errorf("Graph, a %s: got %v, %v, want an error", name, graph, err)
			}
			e := ended(func() error { _, err := f.Run(t.Context(), 1); return err })
			if (e.panicked == "ouch") != (name == "panic") || e.goexited != (name == "Goexit") {
				t.Errorf("Run, a %s: %+v", name, e)
			}
		}
	})
	virtual(t, "Await of a flow's task inside a body", func(t *testing.T) {
		f := define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			user := in.Then("user", inc)
			return in.Then("page", func(ctx context.Context, _ int) (int, error) { return user.Await(ctx) })
		})
		_, err := f.Run(t.Context(), 1)
		for _, part := range []string{"page: task page", "awaits task user inside flow f", "declare it with Needs(user) and read it with Get"} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("Run: got %v, want an error with %q", err, part)
			}
		}
		// The task may be done by then: it is refused all the same, or it would fail only at times.
		late := define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			user := in.Then("user", inc)
			return user.Then("page", func(ctx context.Context, _ int) (int, error) { return user.Await(ctx) })
		})
		if _, err := late.Run(t.Context(), 1); err == nil {
			t.Error("Await of a flow's task that is done, inside a body: no error")
		}
	})
	virtual(t, "Await of another group's task inside a body", func(t *testing.T) {
		f := define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("a", func(ctx context.Context, v int) (int, error) {
				nested := asap.New(ctx)
				defer nested.Stop()
				return nested.Go("in", after(sec, v)).Await(ctx)
			})
		})
		if v, err := f.Run(t.Context(), 7); v != 7 || err != nil {
			t.Errorf("Run: got %d, %v, want 7, nil", v, err)
		}
	})
	t.Run("Graph", func(t *testing.T) {
		f := define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			a := in.Then("price", never1[int](t))
			b := in.And(a).Optional("price", func(context.Context, int, int) (int, error) { return never(t)(nil) })
			ids := a.Then("ids", func(context.Context, int) ([]int, error) { _, err := never(t)(nil); return nil, err })
			likes := g.Map("likes", ids, never1[int](t))
			all := g.Gather("all", a, a)
			g.Race("race", never(t), never(t))
			g.Input("k", 1)
			g.Do("do", func(context.Context) error { _, err := never(t)(nil); return err })
			return b.And(likes).And(all).Then("out", func(context.Context, asap.Result[int], []int, []int) (int, error) { return never(t)(nil) })
		}, asap.Limit(1))
		graph, err := f.Graph()
		if err != nil {
			t.Fatal(err)
		}
		got := graph.Name
		for i, task := range graph.Tasks {
			got += fmt.Sprintf("\n%d %s %s %v", i, task.Name, task.Kind, task.Deps)
		}
		want := `shop
0 input input []
1 price task [0]
2 price#2 optional [0 1]
3 ids task [1]
4 likes[] map [3]
5 all gather [1 1]
6 race race []
7 k input []
8 do task []
9 out task [2 4 5]`
		if got != want {
			t.Errorf("Graph:\n%s\nwant\n%s", got, want)
		}
	})
	virtual(t, "With adds options", func(t *testing.T) {
		var m meter
		f := define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			for range 6 {
				g.Go("a", m.body(sec))
			}
			return in
		}, asap.Limit(3))
		c := startClock()
		f.Run(t.Context(), 1)
		c.at(t, "Run with its own limit", 2*sec)
		m.check(t, 3)
		c = startClock()
		f.With(asap.Limit(1)).Run(t.Context(), 1)
		c.at(t, "Run with Limit(1)", 6*sec)
		c = startClock()
		f.Run(t.Context(), 1) // With has not changed f
		c.at(t, "Run with its own limit again", 2*sec)
	})
	virtual(t, "failures", func(t *testing.T) {
		f := define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("bad", func(context.Context, int) (int, error) { return 1, errBoom }).Then("next", never1[int](t))
		})
		v, err := f.Run(t.Context(), 1)
		wantFailed(t, err, "bad")
		ge, _ := errors.AsType[*asap.GroupError](err)
		if v != 0 || ge.Group != "f" {
			t.Errorf("Run: got %d and the error of group %q, want 0 and f", v, ge.Group)
		}
		dead, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = f.Run(dead, 1)
		wantIs(t, "Run with a dead context", err, context.Canceled)
	})
}

// A flow is shown by its name, unless it is run under another one.
func TestR27_NameForObservers(t *testing.T) {
	f := define("sum", func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in })
	for _, tt := range []struct {
		name, want string
		options    []asap.Option
	}{
		{"the flow's", "sum", nil},
		{"another", "total", []asap.Option{asap.Name("total")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := newTape(t)
			if _, err := f.With(append(tt.options, asap.Observe(seen))...).Run(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			for _, e := range seen.events {
				if (e.Kind == asap.GroupStart || e.Kind == asap.GroupEnd) && e.Name != tt.want {
					t.Errorf("%v of the flow: got name %q, want %q", e.Kind, e.Name, tt.want)
				}
			}
			if len(seen.events) == 0 {
				t.Error("no events")
			}
		})
	}
}

func TestR28_AFlowCostsNoMore(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations differ under race")
	}
	body := func(_ context.Context, v int) (int, error) { return v, nil }
	build := func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		for range 200 {
			in = in.Then("next", body)
		}
		return in
	}
	f := define("f", build)
	var failed error
	measure := func(run func() (int, error)) (allocs float64, bytes uint64) {
		var before, end runtime.MemStats
		runtime.ReadMemStats(&before)
		allocs = testing.AllocsPerRun(50, func() {
			if _, err := run(); err != nil {
				failed = err
			}
		})
		runtime.ReadMemStats(&end)
		return allocs, (end.TotalAlloc - before.TotalAlloc) / 51
	}
	hand, handBytes := measure(func() (int, error) {
		g := asap.New(t.Context())
		out := build(g, g.Input("input", 1))
		err := g.Wait()
		return out.Value(), err
	})
	got, gotBytes := measure(func() (int, error) { return f.Run(t.Context(), 1) })
	if failed != nil {
		t.Fatal(failed)
	}
	if got > hand+8 || gotBytes > handBytes+1<<10 {
		t.Errorf("a flow of 200 tasks: %.0f allocations, %d bytes; the group by hand: %.0f, %d", got, gotBytes, hand, handBytes)
	}
}
