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

func TestR17_Exit(t *testing.T) {
	for name, declare := range everywhere {
		for i, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(6)}, {asap.Name("g")}} {
			virtual(t, fmt.Sprint("from ", name, i), func(t *testing.T) {
				c := startClock()
				g := asap.New(t.Context(), options...)
				hit := g.NewExit[string]()
				quick := g.Go("quick", after(ms, 1))
				sibling := g.Go("sibling", func(ctx context.Context) (int, error) {
					<-ctx.Done()
					c.at(t, "Done", sec)
					if cause := context.Cause(ctx); cause != asap.ErrExited {
						t.Errorf("Cause: got %v, want ErrExited", cause)
					}
					return 0, errors.New("a late error")
				})
				late := g.Go("late", after(2*sec, 1)) // succeeds, but after the exit
				next := sibling.Then("next", never1[int](t))
				declare(g, func(context.Context) (int, error) {
					time.Sleep(sec)
					return 0, fmt.Errorf("found: %w", hit.With("value"))
				})
				synctest.Wait()
				if v, ok := hit.Value(); ok || v != "" {
					t.Errorf("Value before the exit: %q, %v, want none", v, ok)
				}
				wantNil(t, "Wait", g.Wait())
				c.at(t, "Wait", 2*sec)
				if v, ok := hit.Value(); !ok || v != "value" {
					t.Errorf("Value: %q, %v, want value, true", v, ok)
				}
				if quick.Value() != 1 {
					t.Errorf("quick ended before the exit: %v, want 1", quick.Result())
				}
				wantIs(t, "sibling", sibling.Result().Err, asap.ErrExited)
				wantIs(t, "late", late.Result().Err, asap.ErrExited)
				wantIs(t, "next", next.Result().Err, asap.ErrExited, asap.ErrSkipped)
			})
		}
	}
	virtual(t, "the task that exits", func(t *testing.T) {
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		a := g.Go("a", func(context.Context) (int, error) { return 1, hit.With(2) })
		b := a.Then("b", never1[int](t))
		wantNil(t, "Wait", g.Wait())
		wantIs(t, "a", a.Result().Err, asap.ErrExited)
		wantText(t, "a", a.Result().Err, "a: group exited early")
		wantIs(t, "b", b.Result().Err, asap.ErrExited, asap.ErrSkipped)
	})
	virtual(t, "With only makes an error", func(t *testing.T) {
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		g.Go("a", func(context.Context) (int, error) { _ = hit.With(1); return 7, nil })
		b := g.Go("b", after(sec, 8))
		wantNil(t, "Wait", g.Wait())
		if v, ok := hit.Value(); ok {
			t.Errorf("Value of an exit that nobody has returned: %d, true", v)
		}
		if b.Value() != 8 {
			t.Errorf("b: %d, want 8", b.Value())
		}
	})
	virtual(t, "the first return wins", func(t *testing.T) {
		g := asap.New(t.Context())
		one, two := g.NewExit[int](), g.NewExit[string]()
		g.Do("later", func(context.Context) error {
			err := one.With(1) // made first
			time.Sleep(2 * sec)
			return err
		})
		g.Do("first", func(context.Context) error { time.Sleep(sec); return two.With("two") })
		g.Do("same", func(context.Context) error { time.Sleep(3 * sec); return two.With("three") })
		wantNil(t, "Wait", g.Wait())
		if v, ok := two.Value(); !ok || v != "two" {
			t.Errorf("two: %q, %v, want two, true", v, ok)
		}
		if v, ok := one.Value(); ok {
			t.Errorf("one: %d, true, want none", v)
		}
	})
	virtual(t, "against a failure", func(t *testing.T) {
		for _, settled := range []bool{false, true} {
			for _, exit := range []time.Duration{sec, 3 * sec} {
				var options []asap.Option
				if settled {
					options = append(options, asap.Settled())
				}
				g := asap.New(t.Context(), options...)
				hit := g.NewExit[int]()
				g.Do("exit", func(context.Context) error { time.Sleep(exit); return hit.With(1) })
				g.Go("bad", fails(2*sec, errBoom))
				err := g.Wait()
				_, ok := hit.Value()
				if want := settled || exit == sec; ok != want || (err == nil) != want {
					t.Errorf("exit at %v, failure at 2s, settled %v: exited %v, Wait %v", exit, settled, ok, err)
				}
				if !settled && exit != sec {
					wantFailed(t, err, "bad")
				}
			}
		}
	})
	virtual(t, "in which errors.As finds it", func(t *testing.T) {
		other := asap.New(t.Context())
		foreign := other.NewExit[int]()
		for name, wrap := range map[string]func(error) error{
			"joined":                func(err error) error { return errors.Join(errBoom, err) },
			"twice wrapped":         func(err error) error { return fmt.Errorf("a: %w", fmt.Errorf("b: %w", err)) },
			"beside another's exit": func(err error) error { return errors.Join(foreign.With(1), err) },
		} {
			g := asap.New(t.Context())
			hit := g.NewExit[int]()
			g.Do("a", func(context.Context) error { return wrap(hit.With(1)) })
			if err := g.Wait(); err != nil {
				t.Errorf("Wait, %s: got %v, want nil", name, err)
			}
		}
		wantNil(t, "Wait", other.Wait())
	})
	virtual(t, "panics and Goexits of the losers are not dropped", func(t *testing.T) {
		for name, die := range dying {
			g := asap.New(t.Context())
			hit := g.NewExit[int]()
			g.Do("loser", func(context.Context) error { time.Sleep(sec); die(); return nil })
			g.Do("exit", func(context.Context) error { time.Sleep(ms); return hit.With(1) })
			e := ended(g.Wait)
			if (e.panicked != nil) != (name == "panic") || e.goexited != (name == "Goexit") {
				t.Errorf("Wait after a %s of a loser: %+v", name, e)
			}
		}
	})
	virtual(t, "another group's handle is an ordinary failure", func(t *testing.T) {
		other := asap.New(t.Context())
		hit := other.NewExit[int]()
		g := asap.New(t.Context())
		g.Do("a", func(context.Context) error { return hit.With(1) })
		err := g.Wait()
		wantFailed(t, err, "a")
		g = asap.New(t.Context())
		a := g.Optional("a", func(context.Context) (int, error) { return 0, hit.With(1) })
		wantNil(t, "Wait", g.Wait())
		if a.Value().Err == nil {
			t.Error("a: no error, want an ordinary failure")
		}
		wantNil(t, "Wait of the other group", other.Wait())
		if _, ok := hit.Value(); ok {
			t.Error("the other group has exited")
		}
	})
	virtual(t, "out of a nested group", func(t *testing.T) {
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		g.Do("outer", func(ctx context.Context) error {
			nested := asap.New(ctx)
			nested.Do("inner", func(context.Context) error { return hit.With(7) })
			err := nested.Wait()
			wantFailed(t, err, "inner")
			return err
		})
		wantNil(t, "Wait", g.Wait())
		if v, ok := hit.Value(); !ok || v != 7 {
			t.Errorf("Value: %d, %v, want 7, true", v, ok)
		}
	})
	virtual(t, "a race goes on without the winner's losers", func(t *testing.T) {
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		r := g.Race("race", after(sec, 1), func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, hit.With(1) // too late for the race, but a body of the group
		})
		g.Go("other", obeys)
		wantNil(t, "Wait", g.Wait())
		if _, ok := hit.Value(); !ok || r.Result().Err != nil && !errors.Is(r.Result().Err, asap.ErrExited) {
			t.Errorf("Value: %v, race %v, want an exit", ok, r.Result())
		}
	})
}

func TestR17_Run(t *testing.T) {
	run := func(t *testing.T, options ...asap.Option) (string, error) {
		return asap.Run(t.Context(), func(g *asap.Group) func() string {
			hit, miss := g.NewExit[string](), g.NewExit[int]()
			g.Do("exit", func(context.Context) error {
				if len(options) > 1 {
					return miss.With(1)
				}
				return hit.With("early")
			})
			return g.Go("page", func(ctx context.Context) (string, error) { <-ctx.Done(); return "late", nil }).Value
		}, options...)
	}
	virtual(t, "the types agree", func(t *testing.T) {
		if v, err := run(t); v != "early" || err != nil {
			t.Errorf("Run: got %q, %v, want early, nil", v, err)
		}
		if v, err := run(t, asap.Settled()); v != "early" || err != nil {
			t.Errorf("Run in a settled group: got %q, %v, want early, nil", v, err)
		}
	})
	virtual(t, "the types differ", func(t *testing.T) {
		v, err := run(t, asap.Settled(), asap.Settled())
		wantIs(t, "Run", err, asap.ErrExited)
		if v != "" {
			t.Errorf("Run: value %q, want none", v)
		}
	})
	virtual(t, "nil of an interface type", func(t *testing.T) {
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() fmt.Stringer {
			hit := g.NewExit[fmt.Stringer]()
			g.Do("exit", func(context.Context) error { time.Sleep(ms); return hit.With(nil) })
			return g.Go("x", func(ctx context.Context) (fmt.Stringer, error) { <-ctx.Done(); return nil, ctx.Err() }).Value
		})
		if v != nil || err != nil {
			t.Errorf("Run that exits with nil: got %v, %v, want nil, nil", v, err)
		}
	})
	virtual(t, "no exit", func(t *testing.T) {
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
			g.NewExit[int]()
			return g.Go("x", after(sec, 7)).Value
		})
		if v != 7 || err != nil {
			t.Errorf("Run: got %d, %v, want 7, nil", v, err)
		}
	})
	virtual(t, "Goexit of the function that declares", func(t *testing.T) {
		n := goroutines()
		e := ended(func() error {
			_, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
				g.Go("x", obeys)
				runtime.Goexit()
				return nil
			})
			return err
		})
		if !e.goexited {
			t.Errorf("Run: %+v, want a Goexit", e)
		}
		wantGoroutines(t, "Run", n)
	})
}
