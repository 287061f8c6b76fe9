package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// TestR19_Run: the function that build returned is called after the end, when Wait
// would return nil, and in a settled group when every task has ended by itself.
func TestR19_Run(t *testing.T) {
	called := func(t *testing.T) func() int {
		return func() int { t.Error("the function was called"); return 7 }
	}
	virtual(t, "after the end, once", func(t *testing.T) {
		c, calls := startClock(), 0
		var inside *asap.Group
		var kept context.Context
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() string {
			inside = g
			a := g.Go("a", func(ctx context.Context) (int, error) { kept = ctx; time.Sleep(sec); return 1, nil })
			b := a.Then("b", func(context.Context, int) (string, error) { time.Sleep(sec); return "b", nil })
			return func() string {
				calls++
				c.at(t, "the function", 2*sec)
				if kept.Err() == nil {
					t.Error("the group's context lives")
				}
				return fmt.Sprint(a.Value(), b.Value())
			}
		})
		if v != "1b" || err != nil || calls != 1 {
			t.Errorf("Run: %q, %v after %d calls, want 1b, nil after 1", v, err, calls)
		}
		wantNil(t, "Wait", inside.Wait())
	})
	virtual(t, "a nil function, and no task", func(t *testing.T) {
		ran := false
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
			g.Do("x", func(context.Context) error { time.Sleep(sec); ran = true; return nil })
			return nil
		})
		if v != 0 || err != nil || !ran {
			t.Errorf("Run: %d, %v, ran %v", v, err, ran)
		}
		_, err = asap.Run(t.Context(), func(g *asap.Group) func() int { g.Go("x", fails(0, errBoom)); return nil })
		wantIs(t, "Run", err, errBoom)
		v, err = asap.Run(t.Context(), func(*asap.Group) func() int { return func() int { return 7 } })
		if v != 7 || err != nil {
			t.Errorf("Run without tasks: %d, %v", v, err)
		}
	})
	virtual(t, "a failure", func(t *testing.T) {
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() int { g.Go("x", fails(sec, errBoom)); return called(t) })
		if v != 0 {
			t.Errorf("Run: %d, want 0", v)
		}
		wantFailed(t, err, "x")
	})
	virtual(t, "a settled group with failures", func(t *testing.T) {
		c := startClock()
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() string {
			bad, ok := g.Go("bad", fails(sec, errBoom)), g.Go("ok", after(2*sec, 7))
			skipped := bad.Then("skipped", never1[int](t))
			return func() string {
				wantIs(t, "skipped", skipped.Err(), asap.ErrSkipped, errBoom)
				return fmt.Sprint(bad.Result().Or(5), " ", ok.Value())
			}
		}, asap.Settled())
		if v != "5 7" {
			t.Errorf("Run: %q, want the value beside the error", v)
		}
		wantFailed(t, err, "bad")
		c.at(t, "Run", 2*sec)
	})
	virtual(t, "the parent's end", func(t *testing.T) {
		for _, options := range [][]asap.Option{nil, {asap.Settled()}} {
			ctx, cancel := context.WithTimeout(t.Context(), sec)
			v, err := asap.Run(ctx, func(g *asap.Group) func() int {
				g.Go("x", obeys)
				return called(t)
			}, options...)
			cancel()
			if v != 0 {
				t.Errorf("Run: %d, want 0", v)
			}
			wantIs(t, "Run", err, context.DeadlineExceeded)
			dead, cancel := context.WithCancel(t.Context())
			cancel()
			v, err = asap.Run(dead, func(g *asap.Group) func() int { g.Go("x", never(t)); return called(t) }, options...)
			if v != 0 {
				t.Errorf("Run with a dead context: %d, want 0", v)
			}
			wantIs(t, "Run", err, context.Canceled)
		}
	})
	virtual(t, "the parent ends after the last task", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		v, err := asap.Run(ctx, func(g *asap.Group) func() int {
			x := g.Go("x", func(context.Context) (int, error) { cancel(); return 7, nil })
			return x.Value
		})
		if v != 7 || err != nil {
			t.Errorf("Run: %d, %v, want 7, nil", v, err)
		}
	})
	virtual(t, "Stop in it", func(t *testing.T) {
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
			g.Go("x", obeys)
			time.Sleep(sec)
			g.Stop()
			return called(t)
		})
		if v != 0 {
			t.Errorf("Run: %d, want 0", v)
		}
		wantIs(t, "Run", err, context.Canceled)
	})
	virtual(t, "an exit of the type, and of another", func(t *testing.T) {
		for _, options := range [][]asap.Option{nil, {asap.Settled()}} {
			v, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
				hit := g.NewExit[int]()
				g.Do("x", func(context.Context) error { time.Sleep(sec); return hit.With(7) })
				g.Go("y", obeys)
				return called(t)
			}, options...)
			if v != 7 || err != nil {
				t.Errorf("Run: %d, %v, want 7, nil", v, err)
			}
			v, err = asap.Run(t.Context(), func(g *asap.Group) func() int {
				hit := g.NewExit[string]()
				g.Do("x", func(context.Context) error { return hit.With("hit") })
				return called(t)
			}, options...)
			if v != 0 || !errors.Is(err, asap.ErrExited) {
				t.Errorf("Run: %d, %v, want ErrExited", v, err)
			}
		}
	})
	virtual(t, "panics and Goexit of a body", func(t *testing.T) {
		for name, die := range dying {
			for _, options := range [][]asap.Option{nil, {asap.Settled()}} {
				e := ended(func() error {
					_, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
						g.Do("x", func(context.Context) error { die(); return nil })
						return called(t)
					}, options...)
					return err
				})
				p, _ := e.panicked.(*asap.PanicError)
				if name == "panic" && (p == nil || p.Task != "x") || name == "Goexit" && !e.goexited {
					t.Errorf("%s: %+v", name, e)
				}
			}
		}
	})
	virtual(t, "panics and Goexit of build, and of its function", func(t *testing.T) {
		for name, die := range dying {
			for where, build := range map[string]func(g *asap.Group) func() int{
				"build": func(g *asap.Group) func() int {
					g.Go("x", obeys)
					time.Sleep(sec)
					die()
					return called(t)
				},
				"the function": func(g *asap.Group) func() int {
					g.Go("x", after(sec, 1))
					return func() int { die(); return 1 }
				},
			} {
				before := goroutines()
				c := startClock()
				e := ended(func() error {
					_, err := asap.Run(t.Context(), build)
					return err
				})
				if name == "panic" && e.panicked != "ouch" || name == "Goexit" && !e.goexited {
					t.Errorf("%s of %s: %+v", name, where, e)
				}
				c.at(t, where, sec)
				wantGoroutines(t, where, before)
			}
		}
	})
	virtual(t, "Value of what failed panics with its name", func(t *testing.T) {
		got, _ := recovered(func() {
			asap.Run(t.Context(), func(g *asap.Group) func() int { return g.Go("bad", fails(0, errBoom)).Value }, asap.Settled())
		}).(string)
		if !strings.HasPrefix(got, "asap: Value of a task without one: ") || !strings.Contains(got, "bad: boom") {
			t.Errorf("panic %q", got)
		}
	})
	virtual(t, "of another group's value", func(t *testing.T) {
		other := asap.New(t.Context())
		x := other.Go("x", value(7))
		wantPanic(t, "Run", func() { asap.Run(t.Context(), func(*asap.Group) func() int { return x.Value }) }, "before the end of its group")
		wantNil(t, "Wait", other.Wait())
		if v, err := asap.Run(t.Context(), func(*asap.Group) func() int { return x.Value }); v != 7 || err != nil {
			t.Errorf("Run: %d, %v, want 7, nil", v, err)
		}
	})
	virtual(t, "nothing outlives it", func(t *testing.T) {
		before := goroutines()
		for range 20 {
			asap.Run(t.Context(), func(g *asap.Group) func() int {
				list := g.Input("list", []int{1, 2, 3})
				g.MapOptional("maps", list, func(ctx context.Context, _ int) (int, error) { return obeys(ctx) }, asap.Limit(1))
				list.Race("race", func(ctx context.Context, _ []int) (int, error) { return obeys(ctx) })
				x := g.Go("bad", fails(sec, errBoom))
				g.Do("after", none, asap.AfterEnd(x), asap.After(list))
				return x.Value
			})
		}
		wantGoroutines(t, "Run", before)
		if n := runtime.NumGoroutine(); n > 100 {
			t.Errorf("%d goroutines", n)
		}
	})
}
