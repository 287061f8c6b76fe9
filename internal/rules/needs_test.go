package rules_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// mark writes when it starts, and takes d.
func (j *journal) mark(name string, d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		j.add(name)
		time.Sleep(d)
		return nil
	}
}

// TestR37_Edges: dependencies that are options count in R1 and R13 like all others.
func TestR37_Edges(t *testing.T) {
	virtual(t, "it starts when the last has ended, on every verb", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		a, b, d := g.Go("a", after(sec, 1)), g.Go("b", after(2*sec, "b")), g.Do("d", func(context.Context) error { time.Sleep(3 * sec); return nil })
		at := func() error { c.at(t, "start", 3*sec); return nil }
		needs, order := asap.Needs(a, b, d), asap.After(b, d)
		g.Go("go", func(context.Context) (int, error) { return 0, at() }, needs)
		g.Do("do", func(context.Context) error { return at() }, order)
		g.Optional("optional", func(context.Context) (int, error) { return 0, at() }, asap.AfterEnd(d, a))
		a.Then("then", func(context.Context, int) (int, error) { return 0, at() }, needs)
		a.Do("then do", func(context.Context, int) error { return at() }, order)
		a.Optional("then optional", func(context.Context, int) (int, error) { return 0, at() }, needs)
		a.And(b).Then("and", func(context.Context, int, string) (int, error) { return 0, at() }, order)
		a.And(b).Do("and do", func(context.Context, int, string) error { return at() }, asap.AfterEnd(d))
		a.And(b).Optional("and optional", func(context.Context, int, string) (int, error) { return 0, at() }, order)
		a.And(b).And(a).Then("three", func(context.Context, int, string, int) (int, error) { return 0, at() }, order)
		a.And(b).And(a).Do("three do", func(context.Context, int, string, int) error { return at() }, order)
		a.And(b).And(a).Optional("three optional", func(context.Context, int, string, int) (int, error) { return 0, at() }, order)
		g.Map("map", g.Input("in", []int{1, 2}), func(context.Context, int) (int, error) { return 0, at() }, order)
		g.MapOptional("maps", g.Input("in", []int{1, 2}), func(context.Context, int) (int, error) { return 0, at() }, asap.AfterEnd(d))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 3*sec)
	})
	virtual(t, "on what is done, and on nothing", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		in, a := g.Input("in", 1), g.Go("a", after(sec, 1))
		at := func(name string, want time.Duration, options ...asap.TaskOption) {
			g.Do(name, func(context.Context) error { c.at(t, name, want); return nil }, options...)
		}
		at("nothing", 0, asap.Needs(), asap.After(), asap.AfterEnd())
		at("input", 0, asap.Needs(in), asap.AfterEnd(in))
		time.Sleep(2 * sec)
		at("done", 2*sec, asap.Needs(a, in), asap.After(a))
		at("ended", 2*sec, asap.AfterEnd(a))
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "named several times it counts once, and the strictest holds", func(t *testing.T) {
		for name, row := range map[string]struct {
			options func(a asap.Dep) []asap.TaskOption
			runs    bool // though a fails
		}{
			"AfterEnd":             {func(a asap.Dep) []asap.TaskOption { return []asap.TaskOption{asap.AfterEnd(a, a), asap.AfterEnd(a)} }, true},
			"AfterEnd, then After": {func(a asap.Dep) []asap.TaskOption { return []asap.TaskOption{asap.AfterEnd(a), asap.After(a)} }, false},
			"After, then AfterEnd": {func(a asap.Dep) []asap.TaskOption { return []asap.TaskOption{asap.After(a), asap.AfterEnd(a)} }, false},
			"Needs and AfterEnd":   {func(a asap.Dep) []asap.TaskOption { return []asap.TaskOption{asap.AfterEnd(a), asap.Needs(a)} }, false},
		} {
			for _, fails := range []bool{false, true} {
				c := startClock()
				g := asap.New(t.Context(), asap.Settled())
				a := g.Do("a", func(context.Context) error {
					time.Sleep(sec)
					if fails {
						return errBoom
					}
					return nil
				})
				ran := false
				x := g.Do("x", func(context.Context) error { ran = true; c.at(t, name, sec); return nil }, row.options(a)...)
				g.Wait()
				if want := row.runs || !fails; ran != want {
					t.Errorf("%s, a fails %v: ran %v, want %v (%v)", name, fails, ran, want, x.Err())
				}
			}
		}
	})
	virtual(t, "named beside its place among the arguments it counts once", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		bad := g.Go("bad", fails(sec, errBoom))
		bad.Then("x", never1[int](t), asap.AfterEnd(bad))
		bad.And(bad).Do("y", func(context.Context, int, int) error { t.Error("y ran"); return nil }, asap.AfterEnd(bad))
		g.Map("z", g.Input("in", []int{1}), never1[int](t), asap.AfterEnd(bad), asap.After(bad))
		wantFailed(t, g.Wait(), "bad")
	})
	virtual(t, "a failure skips at once, and names the root", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Settled())
		slow, bad := g.Go("slow", after(10*sec, 1)), g.Go("bad", fails(sec, errBoom))
		ok := g.Go("ok", after(0, 1))
		for _, o := range []asap.TaskOption{asap.Needs(slow, bad), asap.After(bad, slow), asap.Needs(ok, bad, slow)} {
			x := g.Go("x", never(t), o, asap.AfterEnd(slow))
			_, err := x.Await(t.Context())
			c.at(t, "skipped", sec)
			wantIs(t, "x", err, asap.ErrSkipped, errBoom)
			if te, ok := errors.AsType[*asap.TaskError](err); !ok || te.Task != "bad" {
				t.Errorf("x: %v, want the error of bad", err)
			}
			y := g.Go("y", never(t), asap.After(x)) // of one that is skipped
			_, err = y.Await(t.Context())
			wantIs(t, "y", err, asap.ErrSkipped, errBoom)
		}
		wantFailed(t, g.Wait(), "bad")
	})
	virtual(t, "cycles go through them", func(t *testing.T) {
		g := asap.New(t.Context())
		declared := make(chan struct{})
		var c *asap.Task[int]
		a := g.Go("a", func(ctx context.Context) (int, error) { <-declared; return c.Await(ctx) })
		b := g.Go("b", one, asap.AfterEnd(a))
		x := g.Go("x", one, asap.After(b))
		c = g.Go("c", one, asap.Needs(x))
		close(declared)
		err := g.Wait()
		if ce, ok := errors.AsType[*asap.CycleError](err); !ok || fmt.Sprint(ce.Path) != "[a c x b a]" {
			t.Errorf("Wait: %v, want the cycle a c x b a", err)
		}
	})
	virtual(t, "at a limit, and in the order of declaration", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		a := g.Go("a", after(sec, 1))
		for _, name := range []string{"x", "y", "z"} {
			g.Do(name, j.mark(name, sec), asap.After(a))
		}
		wantNil(t, "Wait", g.Wait())
		j.check(t, "1s x", "2s y", "3s z")
	})
	virtual(t, "of a group that ends", func(t *testing.T) {
		g := asap.New(t.Context())
		a := g.Go("a", after(2*sec, 1))
		bad := g.Go("bad", fails(sec, errBoom))
		x := g.Go("x", never(t), asap.AfterEnd(bad)) // fail-fast: no new body starts (R3)
		y := g.Go("y", never(t), asap.Needs(a))
		wantFailed(t, g.Wait(), "bad")
		wantIs(t, "x", x.Err(), asap.ErrSkipped, errBoom)
		wantIs(t, "y", y.Err(), asap.ErrSkipped, errBoom)
		late := asap.New(t.Context())
		late.Go("bad", fails(0, errBoom))
		hold := late.Go("hold", after(sec, 1))
		time.Sleep(sec / 2)
		z := late.Go("z", never(t), asap.AfterEnd(hold))
		late.Wait()
		wantIs(t, "z", z.Err(), asap.ErrSkipped, errBoom)
	})
}

// TestR37_AfterEnd: it waits for the end of its dependencies, whatever that is.
func TestR37_AfterEnd(t *testing.T) {
	virtual(t, "of every kind of end, in a settled group", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Settled())
		ok, bad := g.Go("ok", after(sec, 1)), g.Go("bad", fails(2*sec, errBoom))
		skipped := bad.Then("skipped", never1[int](t))
		tolerated := g.Optional("tolerated", fails(3*sec, errBoom))
		left := g.Go("left", never(t), asap.When(false), asap.After(ok))
		lost := g.Race("lost", fails(4*sec, errBoom), fails(sec, errBoom))
		some := g.Map("some", g.Input("in", []int{1, 2}), func(_ context.Context, v int) (int, error) { return v, errBoom }, asap.After(ok), asap.Limit(1))
		at := func(name string, want time.Duration, deps ...asap.Dep) *asap.Task[struct{}] {
			return g.Do(name, func(context.Context) error { c.at(t, name, want); return nil }, asap.AfterEnd(deps...))
		}
		at("after ok", sec, ok)
		at("after bad", 2*sec, bad)
		at("after skipped", 2*sec, skipped)
		at("after tolerated", 3*sec, tolerated)
		at("after left", sec, left)
		at("after lost", 4*sec, lost)
		at("after some", sec, some)
		last := at("after all", 4*sec, ok, bad, skipped, tolerated, left, lost, some)
		at("after that", 4*sec, last)
		wantFailed(t, g.Wait(), "some[0]", "some[1]", "bad", "lost")
		c.at(t, "Wait", 4*sec)
	})
	virtual(t, "beside one that has to succeed", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		bad, ok := g.Go("bad", fails(sec, errBoom)), g.Go("ok", after(2*sec, 7))
		x := g.Go("x", func(ctx context.Context) (int, error) { return ok.Get(ctx), nil }, asap.AfterEnd(bad), asap.Needs(ok))
		y := g.Go("y", never(t), asap.AfterEnd(ok), asap.Needs(bad))
		wantFailed(t, g.Wait(), "bad")
		if x.Value() != 7 {
			t.Errorf("x: %d, want 7", x.Value())
		}
		wantIs(t, "y", y.Err(), asap.ErrSkipped, errBoom)
	})
	virtual(t, "one that ends while others are linked", func(t *testing.T) {
		// All of them end at the instant at which they are declared.
		for range 200 {
			g := asap.New(context.Background(), asap.Settled())
			var deps []asap.Dep
			for range 20 {
				deps = append(deps, g.Go("bad", fails(0, errBoom)))
			}
			ran := false
			g.Do("x", func(context.Context) error { ran = true; return nil }, asap.AfterEnd(deps...))
			skipped := g.Go("y", never(t), asap.AfterEnd(deps[:10]...), asap.After(deps[5:]...))
			g.Wait()
			if !ran || !errors.Is(skipped.Err(), asap.ErrSkipped) {
				t.Fatalf("x ran %v, y: %v", ran, skipped.Err())
			}
		}
	})
	virtual(t, "an exit ends it as all others", func(t *testing.T) {
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		a := g.Do("a", func(context.Context) error { time.Sleep(sec); return hit.With(7) })
		x := g.Go("x", never(t), asap.AfterEnd(a))
		wantNil(t, "Wait", g.Wait())
		wantIs(t, "x", x.Err(), asap.ErrSkipped, asap.ErrExited)
	})
	virtual(t, "a panic and Goexit end it as all others", func(t *testing.T) {
		for name, die := range dying {
			g := asap.New(t.Context(), asap.Settled())
			a := g.Do("a", func(context.Context) error { time.Sleep(sec); die(); return nil })
			x := g.Go("x", never(t), asap.AfterEnd(a))
			e := ended(g.Wait)
			if e.panicked == nil && !e.goexited {
				t.Errorf("%s: Wait returned %v", name, e.err)
			}
			wantIs(t, name, x.Err(), asap.ErrSkipped)
		}
	})
}

// TestR41_Dependencies: what one dependency costs does not grow with their number:
// neither its declaration, nor its failure if it is one of AfterEnd, nor a Get. That
// no Get walks over all is a test of the engine.
func TestR41_Dependencies(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations differ under race")
	}
	cost := func(n int) float64 {
		return testing.AllocsPerRun(5, func() {
			g := asap.New(context.Background(), asap.Settled())
			deps := make([]asap.Dep, n)
			bad := func(context.Context) (int, error) { return 0, errBoom }
			for i := range deps {
				deps[i] = g.Go("bad", bad)
			}
			g.Do("x", none, asap.AfterEnd(deps...))
			g.Wait()
		}) / float64(n)
	}
	if few, many := cost(100), cost(3200); many > few*1.5 {
		t.Errorf("a dependency: %.2f allocations of 100, %.2f of 3,200", few, many)
	}
	for _, n := range []int{3, 8, 9, 1000} {
		g := asap.New(context.Background())
		ints := make([]*asap.Task[int], n)
		deps := make([]asap.Dep, n)
		for i := range ints {
			ints[i] = g.Input("in", i)
			deps[i] = ints[i]
		}
		g.Do("x", func(ctx context.Context) error {
			got := testing.AllocsPerRun(1, func() {
				for i := range ints {
					if ints[i].Get(ctx) != i {
						t.Error("another's value")
					}
				}
			})
			if got != 0 {
				t.Errorf("Get of %d: %.0f allocations, want 0", n, got)
			}
			return nil
		}, asap.Needs(deps...))
		wantNil(t, "Wait", g.Wait())
	}
}
