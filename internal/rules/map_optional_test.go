package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// TestF10_MapOptional: the failure of an element is its Result. When the group ends, what
// has ended keeps its value, and the task itself succeeds.
func TestF10_MapOptional(t *testing.T) {
	list := func(g *asap.Group, n int) *asap.Task[[]int] {
		l := make([]int, n)
		for i := range l {
			l[i] = i
		}
		return g.Input("list", l)
	}
	virtual(t, "elements that fail", func(t *testing.T) {
		g := asap.New(t.Context())
		all := g.MapOptional("all", list(g, 5), func(_ context.Context, v int) (string, error) {
			time.Sleep(time.Duration(5-v) * sec)
			if v%2 == 1 {
				return "dropped", fmt.Errorf("no %d: %w", v, errBoom)
			}
			return fmt.Sprint("v", v), nil
		})
		sum := all.Then("sum", func(_ context.Context, l []asap.Result[string]) (int, error) { return len(l), nil })
		wantNil(t, "Wait", g.Wait())
		if sum.Value() != 5 {
			t.Errorf("sum: %d, want 5", sum.Value())
		}
		for i, r := range all.Value() {
			te, ok := errors.AsType[*asap.TaskError](r.Err)
			switch {
			case i%2 == 0 && (r.Err != nil || r.Value != fmt.Sprint("v", i)):
				t.Errorf("element %d: %v, want v%d", i, r, i)
			case i%2 == 1 && (r.Value != "" || !errors.Is(r.Err, errBoom) || !ok || te.Task != fmt.Sprintf("all[%d]", i)):
				t.Errorf("element %d: %v, want its failure", i, r)
			}
		}
	})
	virtual(t, "of nothing, and of all that fail", func(t *testing.T) {
		g := asap.New(t.Context())
		none := g.MapOptional("none", list(g, 0), never1[int](t))
		bad := g.MapOptional("bad", list(g, 2), func(context.Context, int) (int, error) { return 0, errBoom })
		wantNil(t, "Wait", g.Wait())
		if v := none.Value(); v == nil || len(v) != 0 {
			t.Errorf("of nothing: %#v, want an empty slice", v)
		}
		for i, r := range bad.Value() {
			wantIs(t, fmt.Sprint("element ", i), r.Err, errBoom)
		}
	})
	virtual(t, "the slice is not there", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		in := g.Go("in", func(context.Context) ([]int, error) { return nil, errBoom })
		all := g.MapOptional("all", in, never1[int](t))
		wantFailed(t, g.Wait(), "in")
		wantIs(t, "all", all.Err(), asap.ErrSkipped, errBoom)
	})
	for _, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(8)}} {
		virtual(t, fmt.Sprint("the parent ends under a limit ", len(options)), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*sec+ms)
			defer cancel()
			g := asap.New(ctx, options...)
			all := g.MapOptional("all", list(g, 10), func(ctx context.Context, v int) (int, error) {
				select {
				case <-time.After(sec + time.Duration(v)*ms/100):
					return v, nil
				case <-ctx.Done():
					return 0, ctx.Err()
				}
			}, asap.Limit(2))
			next := all.Then("next", func(context.Context, []asap.Result[int]) (int, error) { return never(t)(nil) })
			err := g.Wait()
			wantIs(t, "Wait", err, context.DeadlineExceeded)
			r := all.Result()
			if r.Err != nil || len(r.Value) != 10 {
				t.Fatalf("all: %v, want its Results", r)
			}
			for i, e := range r.Value {
				switch {
				case i < 6 && (e.Err != nil || e.Value != i): // two at a time, three seconds
					t.Errorf("element %d: %v, want its value", i, e)
				case i >= 8 && (!errors.Is(e.Err, asap.ErrSkipped) || !errors.Is(e.Err, context.DeadlineExceeded)):
					t.Errorf("element %d: %v, want it to be skipped", i, e)
				case e.Err != nil && i >= 6 && i < 8 && (errors.Is(e.Err, asap.ErrSkipped) || !errors.Is(e.Err, context.DeadlineExceeded)):
					t.Errorf("element %d: %v, want the error of its body", i, e)
				}
			}
			wantIs(t, "next", next.Err(), asap.ErrSkipped, context.DeadlineExceeded)
		})
	}
	virtual(t, "another task fails", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(3))
		g.Go("bad", fails(sec, errBoom))
		all := g.MapOptional("all", list(g, 4), func(ctx context.Context, v int) (int, error) {
			if v == 0 {
				return 7, nil
			}
			return obeys(ctx)
		})
		wantFailed(t, g.Wait(), "bad")
		c.at(t, "Wait", sec)
		got := all.Value()
		if got[0] != (asap.Result[int]{Value: 7}) {
			t.Errorf("the first: %v, want 7", got[0])
		}
		wantIs(t, "the second", got[1].Err, context.Canceled)
		wantIs(t, "the last", got[3].Err, asap.ErrSkipped, errBoom)
	})
	virtual(t, "an element that ends late by itself keeps its value", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("bad", fails(sec, errBoom))
		all := g.MapOptional("all", list(g, 2), func(_ context.Context, v int) (int, error) { time.Sleep(2 * sec); return v + 1, nil })
		wantFailed(t, g.Wait(), "bad")
		if got := fmt.Sprint(all.Value()); got != "[{1 <nil>} {2 <nil>}]" {
			t.Errorf("all: %s", got)
		}
	})
	virtual(t, "an exit, a panic and Goexit are not made values", func(t *testing.T) {
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		all := g.MapOptional("all", list(g, 2), func(ctx context.Context, v int) (int, error) {
			if v == 1 {
				time.Sleep(sec)
				return 0, hit.With(7)
			}
			return obeys(ctx)
		})
		wantNil(t, "Wait", g.Wait())
		if v, ok := hit.Value(); v != 7 || !ok || all.Err() == nil {
			t.Errorf("exit: %d, %v; all: %v", v, ok, all.Err())
		}
		for name, die := range dying {
			g := asap.New(t.Context(), asap.Settled())
			all := g.MapOptional("all", list(g, 2), func(_ context.Context, v int) (int, error) {
				if v == 1 {
					die()
				}
				return v, nil
			})
			e := ended(g.Wait)
			if name == "panic" && e.panicked == nil || name == "Goexit" && !e.goexited {
				t.Errorf("%s: %+v", name, e)
			}
			if all.Err() == nil {
				t.Errorf("%s: all: %v, want an error", name, all.Result())
			}
		}
	})
	virtual(t, "options are of each element", func(t *testing.T) {
		g := asap.New(t.Context())
		rate := g.Go("rate", after(sec, 10))
		tries := make([]int, 3)
		retry := asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
			if body(ctx) == nil {
				return nil
			}
			return body(ctx)
		})
		all := g.MapOptional("all", list(g, 3), func(ctx context.Context, v int) (int, error) {
			if tries[v]++; tries[v] < v+1 {
				return 0, errBoom
			}
			return v * rate.Get(ctx), nil
		}, asap.Needs(rate), asap.Limit(1), retry)
		wantNil(t, "Wait", g.Wait())
		got := all.Value()
		wantIs(t, "the third", got[2].Err, errBoom)
		if fmt.Sprint(got[:2]) != "[{0 <nil>} {10 <nil>}]" {
			t.Errorf("all: %v", got)
		}
	})
	virtual(t, "its outcome and those of its elements", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Observe(p))
		g.MapOptional("all", list(g, 2), func(context.Context, int) (int, error) { time.Sleep(sec); return 0, nil })
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("all", "0s Declared list", "0s Ready", "1s Ended Succeeded")
		p.check("all[1]", "0s Declared", "0s Ready", "0s Started", "1s Ended Succeeded")
	})
	t.Run("many that fail at once", func(t *testing.T) {
		for range 50 {
			ctx, cancel := context.WithCancel(context.Background())
			g := asap.New(ctx, asap.Settled())
			all := g.MapOptional("all", list(g, 200), func(ctx context.Context, v int) (int, error) {
				if v == 100 {
					cancel()
				}
				runtime.Gosched()
				if v%3 == 0 {
					return 0, errBoom
				}
				return v, ctx.Err()
			}, asap.Limit(4))
			g.Wait()
			cancel()
			r := all.Result()
			if r.Err != nil || len(r.Value) != 200 {
				t.Fatalf("all: %d Results, %v", len(r.Value), r.Err)
			}
			for i, e := range r.Value {
				if e.Err == nil && e.Value != i || e.Err != nil && e.Value != 0 {
					t.Fatalf("element %d: %v", i, e)
				}
			}
		}
	})
}

// TestF11_NamedSlices: a Map goes over a slice of a type of its own.
func TestF11_NamedSlices(t *testing.T) {
	type user struct{ name string }
	type users []user
	g := asap.New(t.Context())
	all := g.Go("users", func(context.Context) (users, error) { return users{{"ada"}, {"bob"}}, nil })
	size := func(_ context.Context, u user) (int, error) { return len(u.name), nil }
	a, b := g.Map("sizes", all, size), g.MapOptional("optional", all, size)
	wantNil(t, "Wait", g.Wait())
	if got := fmt.Sprint(a.Value(), b.Value()); got != "[3 3] [{3 <nil>} {3 <nil>}]" {
		t.Errorf("values: %s", got)
	}
}

// TestR34_MapOptionalLeftCall: the value of an element that the group's end has cut is
// dropped when the calls that its Around has left have returned, while the whole is put
// together by who ends last.
func TestR34_MapOptionalLeftCall(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer time.AfterFunc(5*time.Millisecond, cancel).Stop()
			g := asap.New(ctx)
			leaves := asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
				if task == "all[0]" {
					return body(ctx)
				}
				go body(ctx)
				<-ctx.Done()
				return ctx.Err()
			})
			all := g.MapOptional("all", g.Input("in", make([]int, 8)), func(ctx context.Context, _ int) (int, error) {
				time.Sleep(10 * time.Millisecond)
				return 1, ctx.Err()
			}, leaves)
			if err := g.Wait(); !errors.Is(err, context.Canceled) {
				t.Errorf("Wait = %v, want %v", err, context.Canceled)
			}
			for _, r := range all.Result().Value {
				if r.Value != 0 || !errors.Is(r.Err, context.Canceled) {
					t.Errorf("element %+v, want it canceled and without a value", r)
				}
			}
		})
	}
}
