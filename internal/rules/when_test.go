package rules_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// TestR37_When: a task that is left out is done as soon as its dependencies are, with
// the zero value, and what depends on it runs.
func TestR37_When(t *testing.T) {
	around := asap.Around(func(context.Context, string, func(context.Context) error) error { panic("an Around ran") })
	virtual(t, "at once, on every verb", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		off := asap.When(false)
		list := g.Input("list", []int{1, 2})
		a := g.Input("a", 7)
		two := a.And(a)
		three := two.And(a)
		fn2 := func(context.Context, int, int) (int, error) { return never(t)(nil) }
		fn3 := func(context.Context, int, int, int) (int, error) { return never(t)(nil) }
		tasks := []asap.Dep{
			g.Go("go", never(t), off, around), g.Optional("optional", never(t), off),
			g.Do("do", func(context.Context) error { t.Error("do ran"); return nil }, off),
			a.Then("then", never1[int](t), off), a.Optional("then optional", never1[int](t), off),
			a.Do("then do", func(context.Context, int) error { t.Error("do ran"); return nil }, off),
			two.Then("and", fn2, off), two.Optional("and optional", fn2, off),
			three.Then("three", fn3, off), three.Optional("three optional", fn3, off),
			g.Map("map", list, never1[int](t), off, asap.Limit(1)), g.MapOptional("maps", list, never1[int](t), off),
		}
		g.Do("last", func(context.Context) error { c.at(t, "last", 0); return nil }, asap.Needs(tasks...))
		wantNil(t, "Wait", g.Wait())
		for _, d := range tasks {
			if v := resultText(d); v != "0 <nil>" && v != "{0 <nil>} <nil>" && v != "{} <nil>" && v != "[] <nil>" || d.Err() != nil {
				t.Errorf("%s: %s, want its zero value", d.Name(), v)
			}
		}
	})
	virtual(t, "the zero values", func(t *testing.T) {
		g := asap.New(t.Context())
		off := asap.When(false)
		word := g.Go("word", func(context.Context) (*int, error) { t.Error("word ran"); return nil, nil }, off)
		optional := g.Optional("optional", never(t), off)
		list := g.Input("list", []int{1, 2})
		all := g.Map("all", list, never1[int](t), off)
		some := g.MapOptional("some", list, never1[int](t), off)
		wantNil(t, "Wait", g.Wait())
		if word.Value() != nil || optional.Value() != (asap.Result[int]{}) || all.Value() != nil || some.Value() != nil {
			t.Errorf("values: %v, %v, %v, %v, want all zero", word.Value(), optional.Value(), all.Value(), some.Value())
		}
	})
	virtual(t, "when its dependencies are done, and no earlier", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		a := g.Go("a", after(2*sec, 1))
		x := a.Then("x", never1[int](t), asap.When(false))
		next := g.Go("next", after(sec, 1), asap.After(x))
		_, err := next.Await(t.Context())
		wantNil(t, "Await", err)
		c.at(t, "next", 3*sec)
		y := g.Go("y", never(t), asap.When(false), asap.AfterEnd(next)) // of what is done
		_, err = y.Await(t.Context())
		wantNil(t, "Await", err)
		c.at(t, "y", 3*sec)
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "it holds no slot", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Go("a", after(2*sec, 1))
		x := g.Go("x", never(t), asap.When(false))
		_, err := x.Await(t.Context())
		wantNil(t, "Await", err)
		c.at(t, "x", 0)
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "all conditions must hold", func(t *testing.T) {
		for _, row := range [][]bool{{true}, {true, true}, {false}, {true, false}, {false, true}, {false, false}} {
			var options []asap.TaskOption
			want := true
			for _, on := range row {
				options, want = append(options, asap.When(on)), want && on
			}
			g := asap.New(t.Context())
			x := g.Go("x", value(7), options...)
			wantNil(t, "Wait", g.Wait())
			if got := x.Value() == 7; got != want {
				t.Errorf("When %v: ran %v", row, got)
			}
		}
	})
	virtual(t, "skipped dependencies skip it", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Settled())
		bad, slow := g.Go("bad", fails(sec, errBoom)), g.Go("slow", after(3*sec, 1))
		skipped := bad.Then("skipped", never1[int](t))
		for _, d := range []asap.Dep{bad, skipped} {
			x := g.Go("x", never(t), asap.When(false), asap.After(slow, d))
			y := g.Optional("y", never(t), asap.When(false), asap.After(x))
			z := g.MapOptional("z", g.Input("list", []int{1}), never1[int](t), asap.When(false), asap.Needs(x))
			_, err := x.Await(t.Context())
			c.at(t, "x", sec)
			wantIs(t, "x", err, asap.ErrSkipped, errBoom)
			_, err = y.Await(t.Context())
			wantIs(t, "y", err, asap.ErrSkipped, errBoom)
			_, err = z.Await(t.Context())
			wantIs(t, "z", err, asap.ErrSkipped, errBoom)
		}
		out := g.Go("out", never(t), asap.When(false), asap.AfterEnd(bad, slow)) // AfterEnd's aside
		wantFailed(t, g.Wait(), "bad")
		if out.Value() != 0 {
			t.Errorf("out: %d, want 0", out.Value())
		}
	})
	virtual(t, "not in a group that has ended", func(t *testing.T) {
		g := asap.New(t.Context())
		hold := g.Go("hold", after(2*sec, 1))
		g.Go("bad", fails(sec, errBoom))
		x := hold.Then("x", never1[int](t), asap.When(false))
		time.Sleep(sec + ms)
		late := g.Go("late", never(t), asap.When(false))
		wantFailed(t, g.Wait(), "bad")
		wantIs(t, "x", x.Err(), asap.ErrSkipped, errBoom)
		wantIs(t, "late", late.Err(), asap.ErrSkipped, errBoom)
	})
	virtual(t, "limits of time do not count", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		a := g.Go("a", after(2*sec, 1))
		x := a.Then("x", never1[int](t), asap.When(false), asap.Within(sec), asap.Timeout(sec))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
		wantNil(t, "x", x.Err())
	})
	virtual(t, "a chain of them, and many", func(t *testing.T) {
		g := asap.New(t.Context())
		x := g.Go("x", never(t), asap.When(false))
		for range 10_000 {
			x = x.Then("x", never1[int](t), asap.When(false))
		}
		last := x.Then("last", func(_ context.Context, v int) (int, error) { return v + 1, nil })
		wantNil(t, "Wait", g.Wait())
		if last.Value() != 1 {
			t.Errorf("last: %d, want 1", last.Value())
		}
	})
	virtual(t, "its outcome", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Observe(p))
		a := g.Go("a", after(sec, 1))
		x := a.Then("x", never1[int](t), asap.When(false))
		x.Then("y", next)
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("x", "0s Declared a", "1s Ready on a", "1s Ended LeftOut")
		p.check("y", "0s Declared x", "1s Ready on x", "1s Started", "1s Ended Succeeded")
	})
}

// resultText is the value of a task of any of the types that the tests use.
func resultText(task any) string {
	switch t := task.(type) {
	case *asap.Task[int]:
		return fmt.Sprint(t.Value(), t.Err())
	case *asap.Task[struct{}]:
		return fmt.Sprint(t.Value(), t.Err())
	case *asap.Task[[]int]:
		return fmt.Sprint(t.Value(), t.Err())
	case *asap.Task[asap.Result[int]]:
		return fmt.Sprint(t.Value(), t.Err())
	case *asap.Task[[]asap.Result[int]]:
		return fmt.Sprint(t.Value(), t.Err())
	}
	panic(fmt.Sprintf("resultText of %T", task))
}
