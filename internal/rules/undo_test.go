package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// undoes is an undo that notes its value.
func undoes[T any](j *journal, name string) func(context.Context, T) error {
	return func(_ context.Context, v T) error {
		j.add(fmt.Sprintf("undo %s %v", name, v))
		return nil
	}
}

// waited waits for g, whatever comes of it.
func waited(g *asap.Group) ending { return ended(g.Wait) }

// TestR42_Group: what a group has done is undone unless it has succeeded, or is settled
// and only tasks of it have failed.
func TestR42_Group(t *testing.T) {
	type group struct {
		*asap.Group
		cancel context.CancelFunc
	}
	rest := func(f func()) func(context.Context) error { // after charge
		return func(context.Context) error { time.Sleep(2 * sec); f(); return nil }
	}
	for name, c := range map[string]struct {
		options []asap.Option
		end     func(group)
		undone  bool
	}{
		"success": {nil, func(g group) { g.Do("ship", rest(func() {})) }, false},
		"failure": {nil, func(g group) { g.Go("ship", fails(2*sec, errBoom)) }, true},
		"failure before it": {nil, func(g group) {
			g.Go("ship", fails(sec/2, errBoom))
		}, true},
		"panic":  {nil, func(g group) { g.Do("ship", rest(dying["panic"])) }, true},
		"Goexit": {nil, func(g group) { g.Do("ship", rest(dying["Goexit"])) }, true},
		"parent's end": {nil, func(g group) {
			g.Go("ship", obeys)
			time.AfterFunc(2*sec, g.cancel)
		}, true},
		"parent's end after the last task": {nil, func(g group) {
			g.Do("ship", rest(func() {}))
			time.AfterFunc(3*sec, g.cancel)
		}, false},
		"Stop": {nil, func(g group) {
			g.Go("ship", obeys)
			time.Sleep(2 * sec)
			g.Stop()
		}, true},
		"Stop after the last task": {nil, func(g group) {
			g.Do("ship", rest(func() {}))
			time.Sleep(3 * sec)
			g.Stop()
		}, false},
		"settled failure": {[]asap.Option{asap.Settled()}, func(g group) { g.Go("ship", fails(2*sec, errBoom)) }, false},
		"settled failure and Stop after the last task": {[]asap.Option{asap.Settled()}, func(g group) {
			g.Go("ship", fails(2*sec, errBoom))
			time.Sleep(3 * sec)
			g.Stop()
		}, false},
		"settled panic":  {[]asap.Option{asap.Settled()}, func(g group) { g.Do("ship", rest(dying["panic"])) }, true},
		"settled Goexit": {[]asap.Option{asap.Settled()}, func(g group) { g.Do("ship", rest(dying["Goexit"])) }, true},
		"settled failure and Stop": {[]asap.Option{asap.Settled()}, func(g group) {
			g.Go("bill", fails(sec/2, errBoom))
			g.Go("ship", obeys)
			time.Sleep(2 * sec)
			g.Stop()
		}, true},
		"settled parent's end": {[]asap.Option{asap.Settled()}, func(g group) {
			g.Go("ship", obeys)
			time.AfterFunc(2*sec, g.cancel)
		}, true},
		"exit": {nil, func(g group) {
			exit := g.NewExit[int]()
			g.Go("ship", fails(2*sec, exit.With(1)))
		}, false},
		"exit and then a panic": {nil, func(g group) {
			exit := g.NewExit[int]()
			g.Go("ship", fails(2*sec, exit.With(1)))
			g.Do("late", func(context.Context) error { time.Sleep(3 * sec); panic("ouch") })
		}, true},
	} {
		virtual(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			j := newJournal()
			g := asap.New(ctx, c.options...)
			g.Go("charge", after(sec, 7)).Undo(undoes[int](j, "charge"))
			g.Go("fraud", after(sec/8, 1)).Then("skipped", func(context.Context, int) (int, error) { return 1, nil }, asap.When(false)).
				Undo(undoes[int](j, "left out"))
			c.end(group{g, cancel})
			waited(g)
			if undone := len(j.lines) == 1; undone != c.undone || len(j.lines) > 1 {
				t.Errorf("undone: %v, want %t", j.lines, c.undone)
			}
		})
	}
}

// TestR42_Order: the latest success comes first.
func TestR42_Order(t *testing.T) {
	inc := func(d time.Duration) func(context.Context, int) (int, error) {
		return func(_ context.Context, v int) (int, error) { time.Sleep(d); return v + 1, nil }
	}
	virtual(t, "of a chain in one instant", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		a := g.Go("a", after(0, 1)).Undo(undoes[int](j, "a"))
		b := a.Then("b", inc(0)).Undo(undoes[int](j, "b"))
		c := b.And(a).Then("c", func(_ context.Context, b, a int) (int, error) { return a + b, nil }).Undo(undoes[int](j, "c"))
		c.Then("d", func(context.Context, int) (int, error) { return 0, errBoom }).Undo(undoes[int](j, "d"))
		wantFailed(t, g.Wait(), "d")
		j.check(t, "0s undo c 3", "0s undo b 2", "0s undo a 1")
	})
	virtual(t, "of tasks that await each other", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		set := make(chan bool)
		var b *asap.Task[int]
		a := g.Go("a", func(ctx context.Context) (int, error) {
			<-set
			v, err := b.Await(ctx)
			return v + 1, err
		}).Undo(undoes[int](j, "a"))
		b = g.Go("b", after(0, 1)).Undo(undoes[int](j, "b"))
		close(set)
		g.Go("c", func(ctx context.Context) (int, error) { a.Await(ctx); return 0, errBoom })
		wantFailed(t, g.Wait(), "c")
		j.check(t, "0s undo a 2", "0s undo b 1")
	})
	virtual(t, "of tasks that do not depend on each other", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		for _, d := range []time.Duration{3, 1, 2} {
			g.Go("x", after(d*sec, d)).Undo(undoes[time.Duration](j, "x"))
		}
		g.Go("z", fails(4*sec, errBoom))
		g.Wait()
		j.check(t, "4s undo x 3ns", "4s undo x 2ns", "4s undo x 1ns")
	})
	virtual(t, "of undos that were declared late", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		a, b, c := g.Go("a", after(sec, 1)), g.Go("b", after(2*sec, 2)), g.Go("c", after(5*sec, 3))
		time.Sleep(3 * sec)
		b.Undo(undoes[int](j, "b"))
		a.Undo(undoes[int](j, "a")).Undo(undoes[int](j, "a again"))
		c.Undo(undoes[int](j, "c")).Undo(undoes[int](j, "c again"))
		g.Go("z", fails(4*sec, errBoom))
		g.Wait()
		j.check(t, "7s undo c again 3", "7s undo c 3", "7s undo a again 1", "7s undo a 1", "7s undo b 2")
	})
	virtual(t, "by options, under a limit, in Gather, Map and Race", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		a := g.Go("a", after(0, 1)).Undo(undoes[int](j, "a"))
		b := g.Do("b", func(context.Context) error { return nil }, asap.After(a)).Undo(undoes[struct{}](j, "b"))
		c := g.Go("c", func(ctx context.Context) (int, error) { return a.Get(ctx) + 1, nil }, asap.AfterEnd(b), asap.Needs(a)).Undo(undoes[int](j, "c"))
		all := g.Gather("all", a, c).Undo(undoes[[]int](j, "all"))
		m := g.Map("m", all, inc(0)).Undo(undoes[[]int](j, "m"))
		r := m.Race("r", func(_ context.Context, m []int) (int, error) { return m[1], nil }).Undo(undoes[int](j, "r"))
		o := r.Optional("o", inc(0)).Undo(undoes[asap.Result[int]](j, "o"))
		o.Optional("p", func(context.Context, asap.Result[int]) (int, error) { return 0, errBoom }).
			Undo(func(_ context.Context, r asap.Result[int]) error {
				if r.Err == nil || r.Value != 0 {
					t.Errorf("p: got %v, want a failure", r)
				}
				j.add("undo p")
				return nil
			}).
			Do("z", func(context.Context, asap.Result[int]) error { return errBoom })
		wantFailed(t, g.Wait(), "z")
		j.check(t, "0s undo p", "0s undo o {4 <nil>}", "0s undo r 3", "0s undo m [2 3]", "0s undo all [1 2]",
			"0s undo c 2", "0s undo b {}", "0s undo a 1")
	})
	t.Run("of dependents that start at once", func(t *testing.T) { // in real time: they race with who settles a
		for range 2000 {
			j := newJournal()
			g := asap.New(t.Context())
			a := g.Go("a", after(0, 1))
			names := ""
			a.Undo(func(context.Context, int) error { names += "a"; return nil })
			b := a.Then("b", inc(0))
			b.Undo(func(context.Context, int) error { names += "b"; return nil })
			b.Then("c", inc(0)).Undo(func(context.Context, int) error { names += "c"; return nil }).
				Do("z", func(context.Context, int) error { return errBoom })
			g.Wait()
			if names != "cba" {
				t.Fatalf("undone in the order %q, want cba", names)
			}
			j.check(t)
		}
	})
	virtual(t, "an Input comes with the others", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		in := g.Input("in", 1).Undo(undoes[int](j, "in"))
		in.Then("a", inc(sec)).Undo(undoes[int](j, "a")).Do("z", func(context.Context, int) error { return errBoom })
		g.Wait()
		j.check(t, "1s undo a 2", "1s undo in 1")
	})
}

// TestR42_Errors: what undos return is with the failures, whatever became of the rest.
func TestR42_Errors(t *testing.T) {
	down := errors.New("card service down")
	refuse := func(context.Context, int) error { return down }
	virtual(t, "beside a failure", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Name("order"))
		g.Go("hold", after(sec, 1)).Undo(undoes[int](j, "hold"))
		g.Go("charge", after(2*sec, 1)).Undo(refuse)
		g.Go("pack", after(3*sec, 1)).Undo(refuse)
		g.Go("ship", fails(4*sec, errBoom))
		err := g.Wait()
		wantFailed(t, err, "ship", "pack", "charge")
		wantIs(t, "Wait", err, down, errBoom)
		wantText(t, "Wait", err, "ship: boom; pack: undo: card service down; charge: undo: card service down")
		j.check(t, "4s undo hold 1")
	})
	virtual(t, "in a group that was stopped", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("charge", after(sec, 1)).Undo(refuse)
		g.Go("ship", obeys)
		time.Sleep(2 * sec)
		g.Stop()
		err := g.Wait()
		wantFailed(t, err, "charge")
		wantIs(t, "Wait", err, down, context.Canceled)
		wantText(t, "Wait", err, "group (running: ship): context canceled; charge: undo: card service down")
		wantIs(t, "the cause", asap.Cause(err), context.Canceled)
	})
	virtual(t, "of a Race in a group that has succeeded", func(t *testing.T) {
		page, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
			return g.Race("dial", after(sec, 1), after(2*sec, 2)).Undo(refuse).Value
		})
		wantFailed(t, err, "dial")
		wantText(t, "Run", err, "dial: undo: card service down")
		if page != 0 {
			t.Errorf("Run: value %d beside an error", page)
		}
	})
	virtual(t, "in a settled group", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled(), asap.Name("cart"))
		dial := g.Race("dial", after(sec, 1), after(2*sec, 2), after(3*sec, 3)).Undo(refuse)
		err := g.Wait()
		wantFailed(t, err, "dial", "dial")
		wantText(t, "Wait", err, "group cart: 2 undos failed: dial: undo: card service down; dial: undo: card service down")
		if dial.Value() != 1 {
			t.Errorf("dial: %d, want 1", dial.Value())
		}
	})
	virtual(t, "of a group that an exit has ended", func(t *testing.T) {
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
			exit := g.NewExit[int]()
			g.Go("hit", fails(sec, exit.With(1)))
			g.Go("late", after(2*sec, 2)).Undo(refuse)
			return nil
		})
		wantFailed(t, err, "late")
		wantIs(t, "Run", err, down)
		if v != 0 {
			t.Errorf("Run: %d beside an error", v)
		}
	})
	virtual(t, "that say that a context has ended are failures", func(t *testing.T) {
		outer := asap.New(t.Context())
		outer.Do("order", func(ctx context.Context) error {
			g := asap.New(ctx)
			g.Go("charge", after(sec, 1)).Undo(func(ctx context.Context, _ int) error {
				ctx, cancel := context.WithTimeout(ctx, sec)
				defer cancel()
				<-ctx.Done()
				return ctx.Err()
			})
			g.Go("ship", obeys)
			return g.Wait()
		})
		time.Sleep(2 * sec)
		outer.Stop()
		err := outer.Wait()
		wantFailed(t, err, "order")
		if te, ok := errors.AsType[*asap.TaskError](err); !ok || !errors.Is(te, context.DeadlineExceeded) {
			t.Errorf("Wait: %v, want the undo's error in it", err)
		}
	})
	virtual(t, "without the names", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Race("dial", after(sec, 1), after(2*sec, 2)).Undo(refuse)
		if err := asap.Cause(g.Wait()); err != down {
			t.Errorf("Cause: %v, want %v", err, down)
		}
	})
	virtual(t, "beside later failures", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("charge", after(sec, 1)).Undo(refuse)
		g.Go("ship", fails(2*sec, errBoom))
		g.Go("bill", fails(3*sec, errBoom))
		err := g.Wait()
		wantFailed(t, err, "ship", "bill", "charge")
		wantText(t, "Wait", err, "ship: boom (and 1 more after it); charge: undo: card service down")
	})
	virtual(t, "cross to another process", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("charge", after(sec, 1)).Undo(refuse)
		g.Go("ship", fails(2*sec, errBoom))
		err := g.Wait().(*asap.GroupError)
		data, bad := err.MarshalJSON()
		wantNil(t, "MarshalJSON", bad)
		var back asap.GroupError
		wantNil(t, "UnmarshalJSON", back.UnmarshalJSON(data))
		wantText(t, "decoded", &back, err.Error())
	})
}

// TestR42_Dying: the rest is undone all the same, and the death is raised after it.
func TestR42_Dying(t *testing.T) {
	build := func(t *testing.T, die func()) (*asap.Group, *journal) {
		j := newJournal()
		g := asap.New(t.Context())
		g.Go("a", after(sec, 1)).Undo(undoes[int](j, "a"))
		g.Go("b", after(2*sec, 2)).Undo(func(context.Context, int) error {
			j.add("b dies")
			time.Sleep(sec)
			die()
			return nil
		})
		g.Go("c", after(3*sec, 3)).Undo(undoes[int](j, "c"))
		g.Go("z", fails(4*sec, errBoom))
		return g, j
	}
	want := []string{"4s undo c 3", "4s b dies", "5s undo a 1"}
	virtual(t, "panic", func(t *testing.T) {
		g, j := build(t, dying["panic"])
		e := waited(g)
		p, ok := e.panicked.(*asap.PanicError)
		if !ok || p.Task != "b" || p.Value != "ouch" || len(p.Stack) == 0 {
			t.Errorf("Wait: %v, want the panic of b", e.panicked)
		}
		j.check(t, want...)
	})
	virtual(t, "panic in Stop", func(t *testing.T) {
		g, j := build(t, dying["panic"])
		time.Sleep(3*sec + sec/2)
		if p, ok := recovered(g.Stop).(*asap.PanicError); !ok || p.Task != "b" {
			t.Errorf("Stop panics with %v, want the panic of b", p)
		}
		j.check(t, want...)
	})
	virtual(t, "Goexit", func(t *testing.T) {
		before := goroutines()
		g, j := build(t, dying["Goexit"])
		if e := waited(g); !e.goexited {
			t.Errorf("Wait: %v, want Goexit", e)
		}
		j.check(t, want...)
		wantGoroutines(t, "Wait", before)
	})
	virtual(t, "Goexit, and a panic in what it has deferred", func(t *testing.T) {
		g, j := build(t, func() { defer panic("ouch"); runtime.Goexit() })
		if p, ok := waited(g).panicked.(*asap.PanicError); !ok || p.Task != "b" {
			t.Errorf("Wait: panics with %v, want the panic of b", p)
		}
		j.check(t, want...)
	})
	virtual(t, "the last one", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("a", after(sec, 1)).Undo(func(context.Context, int) error { runtime.Goexit(); return nil })
		g.Go("z", fails(2*sec, errBoom))
		if e := waited(g); !e.goexited {
			t.Errorf("Wait: %v, want Goexit", e)
		}
	})
	virtual(t, "in a method of the error", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("a", after(sec, 1)).Undo(func(context.Context, int) error { return badUnwrap{} })
		g.Go("z", fails(2*sec, errBoom))
		if p, ok := waited(g).panicked.(*asap.PanicError); !ok || p.Task != "a" {
			t.Errorf("Wait: panics with %v, want the panic of a", p)
		}
	})
	virtual(t, "the first panic counts", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("a", after(sec, 1)).Undo(func(context.Context, int) error { panic("undo") })
		g.Do("z", func(context.Context) error { time.Sleep(2 * sec); panic("body") })
		if p, ok := waited(g).panicked.(*asap.PanicError); !ok || p.Task != "z" {
			t.Errorf("Wait: panics with %v, want the panic of z", p)
		}
	})
	virtual(t, "in a group that has succeeded", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Race("dial", after(sec, 1), after(2*sec, 2)).Undo(func(context.Context, int) error { panic("undo") })
		if p, ok := waited(g).panicked.(*asap.PanicError); !ok || p.Task != "dial" {
			t.Errorf("Wait: panics with %v, want the panic of dial", p)
		}
	})
}

type badUnwrap struct{}

func (badUnwrap) Error() string { return "bad" }
func (badUnwrap) Unwrap() error { panic("bad Unwrap") }
