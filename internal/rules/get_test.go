package rules_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// TestR37_Get: the value of what the body needs, in whatever way that is declared.
func TestR37_Get(t *testing.T) {
	virtual(t, "of the arguments and of Needs, on every verb", func(t *testing.T) {
		g := asap.New(t.Context())
		a, b, d := g.Go("a", after(sec, 1)), g.Go("b", after(2*sec, "b")), g.Go("d", after(sec, 3.5))
		got := func(ctx context.Context) (string, error) { return fmt.Sprint(a.Get(ctx), b.Get(ctx), d.Get(ctx)), nil }
		check := func(ctx context.Context) error {
			if v, _ := got(ctx); v != "1b3.5" {
				t.Errorf("Get: %s, want 1b3.5", v)
			}
			return nil
		}
		needs := asap.Needs(b, d)
		list := g.Input("list", []int{1, 2})
		tasks := []*asap.Task[string]{
			g.Go("go", got, asap.Needs(a), needs),
			a.Then("then", func(ctx context.Context, _ int) (string, error) { return got(ctx) }, needs),
			a.And(b).Then("and", func(ctx context.Context, _ int, _ string) (string, error) { return got(ctx) }, needs),
			a.And(b).And(d).Then("three", func(ctx context.Context, _ int, _ string, _ float64) (string, error) { return got(ctx) }),
			a.And(b).And(d).Race("race", func(ctx context.Context, _ int, _ string, _ float64) (string, error) { return got(ctx) }),
		}
		a.Do("do", func(ctx context.Context, _ int) error { return check(ctx) }, needs)
		a.Optional("optional", func(ctx context.Context, _ int) (int, error) { return 0, check(ctx) }, needs)
		g.Optional("alone", func(ctx context.Context) (int, error) { return 0, check(ctx) }, asap.Needs(a), needs)
		each := func(ctx context.Context, v int) (int, error) {
			if l := list.Get(ctx); l[v-1] != v { // the Map's own slice
				t.Errorf("the element %d has the slice %v", v, l)
			}
			return v, check(ctx)
		}
		g.Map("map", list, each, asap.Needs(a), needs)
		g.MapOptional("maps", list, each, asap.Needs(a), needs)
		wantNil(t, "Wait", g.Wait())
		for _, task := range tasks {
			if task.Value() != "1b3.5" {
				t.Errorf("%s: %s, want 1b3.5", task.Name(), task.Value())
			}
		}
	})
	virtual(t, "the context may be derived, and another goroutine's", func(t *testing.T) {
		g := asap.New(t.Context())
		a := g.Go("a", after(sec, 7))
		g.Do("x", func(ctx context.Context) error {
			derived, cancel := context.WithTimeout(context.WithValue(ctx, clock{}, 1), sec)
			defer cancel()
			got := make(chan int)
			go func() { got <- a.Get(context.WithoutCancel(derived)) }()
			if v := <-got; v != 7 {
				t.Errorf("Get: %d, want 7", v)
			}
			return nil
		}, asap.Needs(a))
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "by a body around the group, however deep", func(t *testing.T) {
		g := asap.New(t.Context())
		a, b := g.Go("a", after(sec, 7)), g.Go("b", after(sec, 8))
		a.Do("outer", func(ctx context.Context, _ int) error {
			in := asap.New(ctx)
			own := in.Go("own", value(9))
			in.Map("each", in.Input("list", []int{1, 2}), func(ctx context.Context, v int) (int, error) {
				deep := asap.New(ctx)
				deep.Race("race", func(ctx context.Context) (int, error) {
					if got := fmt.Sprint(a.Get(ctx), b.Get(ctx), own.Get(ctx)); got != "7 8 9" {
						t.Errorf("Get: %s, want 7 8 9", got)
					}
					return 1, nil
				})
				return v, deep.Wait()
			}, asap.Needs(own))
			return in.Wait()
		}, asap.Needs(b))
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "under Around", func(t *testing.T) {
		type key struct{}
		g := asap.New(t.Context(), asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
			return body(context.WithValue(ctx, key{}, 1))
		}))
		a := g.Go("a", after(sec, 7))
		x := g.Go("x", func(ctx context.Context) (int, error) { return a.Get(ctx), nil }, asap.Needs(a))
		wantNil(t, "Wait", g.Wait())
		if x.Value() != 7 {
			t.Errorf("x: %d, want 7", x.Value())
		}
	})
	virtual(t, "of what is left out, and of an Optional that failed", func(t *testing.T) {
		g := asap.New(t.Context())
		left := g.Go("left", never(t), asap.When(false))
		ads := g.Optional("ads", fails(sec, errBoom))
		x := g.Go("x", func(ctx context.Context) (string, error) {
			return fmt.Sprint(left.Get(ctx), ads.Get(ctx).Or(5)), nil
		}, asap.Needs(left, ads))
		wantNil(t, "Wait", g.Wait())
		if x.Value() != "0 5" {
			t.Errorf("x: %s, want 0 5", x.Value())
		}
	})
}

// TestR37_GetOfAnother: anything else panics, every time, also when the value is there.
func TestR37_GetOfAnother(t *testing.T) {
	virtual(t, "not needed, though it is done", func(t *testing.T) {
		g := asap.New(t.Context())
		a, in := g.Go("a", after(0, 7)), g.Input("in", 1)
		b := g.Go("b", after(0, 8))
		time.Sleep(sec)
		check := func(ctx context.Context, body string, tasks ...*asap.Task[int]) error {
			for _, task := range tasks {
				want := "asap: Get of task " + task.Name() + " in the body of task " + body + ", which does not need it; declare that with Needs(" + task.Name() + ")"
				if got := recovered(func() { task.Get(ctx) }); got != want {
					t.Errorf("Get of %s in %s: panic %v, want %s", task.Name(), body, got, want)
				}
			}
			return nil
		}
		g.Do("go", func(ctx context.Context) error { return check(ctx, "go", a, b, in) })
		a.Do("then", func(ctx context.Context, _ int) error { return check(ctx, "then", b, in) })
		g.Do("after", func(ctx context.Context) error { return check(ctx, "after", a, b) }, asap.After(a), asap.AfterEnd(b))
		g.Do("needs", func(ctx context.Context) error { return check(ctx, "needs", b, in) }, asap.Needs(a), asap.After(b))
		c := g.Go("c", value(1), asap.Needs(a))
		c.Do("further", func(ctx context.Context, _ int) error { return check(ctx, "further", a) }) // what c needed
		g.Map("map", g.Input("list", []int{1}), func(ctx context.Context, _ int) (int, error) {
			return 0, check(ctx, "map[0]", a, in)
		}, asap.After(a), asap.Needs(b))
		a.Race("race", func(ctx context.Context, _ int) (int, error) { return 0, check(ctx, "race[0]", b) })
		var self *asap.Task[int]
		declared := make(chan struct{})
		self = g.Go("self", func(ctx context.Context) (int, error) { <-declared; return 0, check(ctx, "self", self) })
		close(declared)
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "across groups", func(t *testing.T) {
		other := asap.New(t.Context())
		foreign := other.Go("foreign", value(1))
		wantNil(t, "Wait", other.Wait())
		g := asap.New(t.Context())
		a := g.Go("a", value(1))
		x := a.Then("x", func(ctx context.Context, _ int) (*asap.Task[int], error) {
			wantPanic(t, "a foreign task", func() { foreign.Get(ctx) }, "in the body of task x")
			in := asap.New(ctx)
			inner := in.Go("inner", func(inCtx context.Context) (int, error) {
				wantPanic(t, "what the body around After", func() { foreign.Get(inCtx) }, "in the body of task inner")
				return a.Get(inCtx), nil
			})
			err := in.Wait()
			wantPanic(t, "a task of the nested group", func() { inner.Get(ctx) }, "in the body of task x")
			return inner, err
		})
		g.Do("y", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Do("inner", func(ctx context.Context) error {
				wantPanic(t, "what the body around does not need", func() { a.Get(ctx) }, "in the body of task inner, which does not need it; declare that with Needs(a)")
				return nil
			})
			return in.Wait()
		}, asap.After(a))
		x.Do("z", func(ctx context.Context, inner *asap.Task[int]) error {
			wantPanic(t, "a task of a group that has ended", func() { inner.Get(ctx) }, "in the body of task z")
			return nil
		})
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "with a context of no body", func(t *testing.T) {
		g := asap.New(t.Context())
		a := g.Go("a", value(7))
		var kept context.Context
		a.Do("x", func(ctx context.Context, _ int) error { kept = ctx; return nil })
		none := "asap: Get of task a with a context of no body; pass the body's, or use Await"
		wantPanic(t, "while it runs", func() { a.Get(t.Context()) }, none)
		wantNil(t, "Wait", g.Wait())
		wantPanic(t, "when it has ended", func() { a.Get(t.Context()) }, none)
		wantPanic(t, "with the context of a body that has ended", func() { a.Get(kept) }, none)
		var nobody context.Context
		wantPanic(t, "with nil", func() { a.Get(nobody) }, "asap: Get of task a with a nil context; pass the body's")
		wantPanic(t, "of nil", func() { (*asap.Task[int])(nil).Get(kept) }, "asap: Get with a nil Task; make one with Group.Go")
		wantPanic(t, "of a zero task", func() { new(asap.Task[int]).Get(kept) }, "asap: Get of a zero Task; make one with Group.Go")
	})
}

// wantPanic checks the text of a panic, or a part of it.
func wantPanic(t *testing.T, what string, f func(), want string) {
	t.Helper()
	if got, ok := recovered(f).(string); !ok || !strings.HasPrefix(got, "asap: ") || !strings.Contains(got, want) {
		t.Errorf("%s: panic %q, want %s", what, got, want)
	}
}

// TestR37_GetAfterTheWhole: an element and a function of a Race read what they need also
// when the Map has ended, since another element has failed.
func TestR37_GetAfterTheWhole(t *testing.T) {
	virtual(t, "of a Map", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		in, unit := g.Input("in", []int{1, 2}), g.Input("unit", "ms")
		for _, options := range [][]asap.MapOption{nil, {asap.Needs(unit)}} {
			g.Map("map", in, func(ctx context.Context, v int) (int, error) {
				if v == 1 {
					return 0, errBoom
				}
				time.Sleep(sec)
				if options != nil && unit.Get(ctx) != "ms" {
					t.Error("the unit is another one")
				}
				return in.Get(ctx)[1], nil
			}, options...)
		}
		wantFailed(t, g.Wait(), "map[0]", "map[0]")
	})
	virtual(t, "of a Race", func(t *testing.T) {
		g := asap.New(t.Context())
		user := g.Go("user", after(0, "ann"))
		user.Race("race",
			func(ctx context.Context, u string) (string, error) { return u, nil },
			func(ctx context.Context, u string) (string, error) { time.Sleep(sec); return user.Get(ctx), nil })
		wantNil(t, "Wait", g.Wait())
	})
}
