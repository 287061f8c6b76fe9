package rules_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// TestR33_RaceWithInputs: the functions start when the inputs are there, and the first
// that succeeds wins.
func TestR33_RaceWithInputs(t *testing.T) {
	virtual(t, "of a task, of two and of three", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		a, b, d := g.Go("a", after(sec, 1)), g.Go("b", after(2*sec, "b")), g.Go("d", after(3*sec, 3.5))
		race := func(name string, begins, takes time.Duration, say func() string) (fast, slow func(context.Context) (string, error)) {
			fast = func(context.Context) (string, error) {
				c.at(t, name, begins)
				time.Sleep(takes)
				return say(), nil
			}
			return fast, func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }
		}
		one := a.Race("one",
			func(ctx context.Context, a int) (string, error) {
				_, slow := race("one", sec, sec, nil)
				return slow(ctx)
			},
			func(ctx context.Context, a int) (string, error) {
				fast, _ := race("one", sec, sec, func() string { return fmt.Sprint(a) })
				return fast(ctx)
			})
		two := a.And(b).Race("two", func(ctx context.Context, a int, b string) (string, error) {
			fast, _ := race("two", 2*sec, sec, func() string { return fmt.Sprint(a, b) })
			return fast(ctx)
		})
		three := a.And(b).And(d).Race("three", func(ctx context.Context, a int, b string, d float64) (string, error) {
			fast, _ := race("three", 3*sec, sec, func() string { return fmt.Sprint(a, b, d) })
			return fast(ctx)
		})
		for _, row := range []struct {
			race *asap.Task[string]
			ends time.Duration
			want string
		}{{one, 2 * sec, "1"}, {two, 3 * sec, "1b"}, {three, 4 * sec, "1b3.5"}} {
			v, err := row.race.Await(t.Context())
			if v != row.want || err != nil {
				t.Errorf("%s: %q, %v, want %q", row.race.Name(), v, err, row.want)
			}
			c.at(t, row.race.Name(), row.ends)
		}
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "of what is done", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		in := g.Input("in", 3)
		x := in.Race("x", func(_ context.Context, v int) (int, error) { c.at(t, "x", 0); return 2 * v, nil },
			func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() }) // begins or not
		wantNil(t, "Wait", asap.New(t.Context()).Wait())
		if v, err := x.Await(t.Context()); v != 6 || err != nil {
			t.Errorf("x: %d, %v, want 6", v, err)
		}
		g.Stop()
	})
	virtual(t, "inputs that fail or are skipped skip it", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Settled())
		slow, bad := g.Go("slow", after(3*sec, 1)), g.Go("bad", fails(sec, errBoom))
		skipped := bad.Then("skipped", never1[int](t))
		never2 := func(context.Context, int, int) (int, error) { return never(t)(nil) }
		for _, x := range []*asap.Task[int]{
			bad.Race("x", never1[int](t), never1[int](t)), skipped.Race("x", never1[int](t)),
			slow.And(bad).Race("x", never2, never2), skipped.And(slow).Race("x", never2),
			slow.And(slow).And(bad).Race("x", func(context.Context, int, int, int) (int, error) { return never(t)(nil) }),
		} {
			next := x.Race("next", never1[int](t))
			_, err := next.Await(t.Context())
			c.at(t, "next", sec)
			wantIs(t, "next", err, asap.ErrSkipped, errBoom)
			wantIs(t, "Await", awaitErr(x), asap.ErrSkipped, errBoom)
		}
		wantFailed(t, g.Wait(), "bad")
		c.at(t, "Wait", 3*sec)
	})
	virtual(t, "all lose", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		in := g.Go("in", after(sec, 3))
		lose := func(d time.Duration, text string) func(context.Context, int) (int, error) {
			return func(_ context.Context, v int) (int, error) { time.Sleep(d); return 0, fmt.Errorf("%s %d", text, v) }
		}
		x := in.Race("x", lose(2*sec, "first"), lose(sec, "second"))
		next := x.Then("next", never1[int](t))
		err := g.Wait()
		wantFailed(t, err, "x")
		whole, _ := errors.AsType[*asap.TaskError](err)
		joined, ok := whole.Err.(interface{ Unwrap() []error })
		if !ok {
			t.Fatalf("%v has no list", err)
		}
		for i, want := range []string{"x[0]", "x[1]"} {
			te, ok := joined.Unwrap()[i].(*asap.TaskError)
			if !ok || te.Task != want {
				t.Errorf("the error %d of %v is %v, want that of %s", i, err, te, want)
			}
		}
		wantIs(t, "next", next.Err(), asap.ErrSkipped)
	})
	virtual(t, "a loser ends, and one that waits for a slot never begins", func(t *testing.T) {
		m, c := meter{}, startClock()
		g := asap.New(t.Context(), asap.Limit(2))
		in := g.Go("in", after(sec, 1))
		body := func(d time.Duration) func(context.Context, int) (int, error) {
			return func(ctx context.Context, _ int) (int, error) { return m.body(d)(ctx) }
		}
		x := in.Race("x",
			func(ctx context.Context, _ int) (int, error) { return obeys(ctx) },
			func(ctx context.Context, _ int) (int, error) { time.Sleep(sec); return 7, nil },
			never1[int](t), never1[int](t))
		x.Then("then", body(sec))
		x.Race("again", body(sec/2), never1[int](t), never1[int](t))
		wantNil(t, "Wait", g.Wait())
		if x.Value() != 7 {
			t.Errorf("x: %d, want 7", x.Value())
		}
		m.check(t, 2)
		c.at(t, "Wait", 3*sec)
	})
	virtual(t, "the group ends before its inputs are there, and while it runs", func(t *testing.T) {
		g := asap.New(t.Context())
		slow := g.Go("slow", after(3*sec, 1))
		g.Go("bad", fails(sec, errBoom))
		x := slow.Race("x", never1[int](t))
		y := g.Input("in", 1).Race("y", func(ctx context.Context, _ int) (int, error) { return obeys(ctx) })
		wantFailed(t, g.Wait(), "bad")
		wantIs(t, "x", x.Err(), asap.ErrSkipped, errBoom)
		wantIs(t, "y", y.Err(), context.Canceled)
	})
	virtual(t, "cycles go through it", func(t *testing.T) {
		g := asap.New(t.Context())
		declared := make(chan struct{})
		var x *asap.Task[int]
		a := g.Go("a", func(ctx context.Context) (int, error) { <-declared; return x.Await(ctx) })
		x = a.Race("x", next, next)
		close(declared)
		err := g.Wait()
		if ce, ok := errors.AsType[*asap.CycleError](err); !ok || fmt.Sprint(ce.Path) != "[a x a]" {
			t.Errorf("Wait: %v, want the cycle a x a", err)
		}
	})
	virtual(t, "its events", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Observe(p))
		a, b := g.Go("a", after(sec, 1)), g.Go("b", after(2*sec, 1))
		a.And(b).Race("x", sum2)
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("x", "0s Declared a b", "2s Ready on b", "2s Ended Succeeded")
		p.check("x[0]", "2s Declared", "2s Ready", "2s Started", "2s Ended Succeeded")
	})
}

func awaitErr[T any](t *asap.Task[T]) error {
	_, err := t.Await(context.Background())
	return err
}

// TestR27_RaceWithInputs: in a flow it is one task with its inputs, and its functions
// are bodies that take them.
func TestR27_RaceWithInputs(t *testing.T) {
	build := func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		b := in.Then("b", func(_ context.Context, v int) (int, error) { return 10 * v, nil })
		return in.And(b).Race("x",
			func(_ context.Context, a, b int) (int, error) { return 0, errBoom },
			func(_ context.Context, a, b int) (int, error) { return a + b, nil })
	}
	f := define("races", build)
	graph, err := f.Graph()
	if err != nil || len(graph.Tasks) != 3 {
		t.Fatalf("Graph: %v, %v, want three tasks", graph, err)
	}
	if x := graph.Tasks[2]; x.Name != "x" || x.Kind != "race" || fmt.Sprint(x.Deps) != "[0 1]" {
		t.Errorf("Graph: %+v, want the race x of 0 and 1", x)
	}
	calls, err := f.Calls()
	if err != nil || len(calls) != 3 || calls[1].Task != "x[0]" || calls[2].Task != "x[1]" {
		t.Errorf("Calls: %v, %v, want b, x[0] and x[1]", calls, err)
	}
	if v, err := f.Run(t.Context(), 2); v != 22 || err != nil {
		t.Errorf("Run: %d, %v, want 22", v, err)
	}
	e := &engine{}
	v, err := f.With(flow.On(e)).Run(t.Context(), 2)
	if v != 22 || err != nil {
		t.Errorf("on an executor: %d, %v, want 22", v, err)
	}
	e.check(t, "0s start b", "0s end b", "0s start x[0]", "0s start x[1]", "0s end x[0]", "0s end x[1]")
}
