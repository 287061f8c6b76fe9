package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

type body = func(context.Context) error

// tries is an Around that calls the body up to n times, one after the other.
func tries(n int) func(context.Context, string, body) error {
	return func(ctx context.Context, _ string, body body) (err error) {
		for range n {
			if err = body(ctx); err == nil {
				return nil
			}
		}
		return err
	}
}

// failsTwice is a body that succeeds at the third call.
func failsTwice(calls *int, v int) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		*calls++
		if *calls < 3 {
			return -1, fmt.Errorf("call %d: %w", *calls, errBoom)
		}
		return v, nil
	}
}

// TestR38_Calls: an Around calls the body not at all, once, or several times.
func TestR38_Calls(t *testing.T) {
	swallows := func(ctx context.Context, _ string, body body) error { body(ctx); return nil }
	for name, c := range map[string]struct {
		around func(context.Context, string, body) error
		body   func(calls *int) func(context.Context) (int, error)
		want   int
		err    string
		calls  int
	}{
		"retry": {tries(3), func(n *int) func(context.Context) (int, error) { return failsTwice(n, 7) }, 7, "", 3},
		"gives up": {tries(2), func(n *int) func(context.Context) (int, error) { return failsTwice(n, 7) },
			0, "call 2: boom", 2},
		"once": {tries(1), func(n *int) func(context.Context) (int, error) {
			return func(context.Context) (int, error) { *n++; return 1, nil }
		}, 1, "", 1},
		"not at all": {func(context.Context, string, body) error { return errors.New("open") },
			func(n *int) func(context.Context) (int, error) { return failsTwice(n, 7) }, 0, "open", 0},
		"not at all, and nil": {func(context.Context, string, body) error { return nil },
			func(n *int) func(context.Context) (int, error) { return failsTwice(n, 7) }, 0, "Around returned nil before a call of the body had succeeded", 0},
		"swallows": {swallows, func(n *int) func(context.Context) (int, error) { return failsTwice(n, 7) },
			0, "call 1: boom", 1},
		"an error beside a success": {func(ctx context.Context, _ string, body body) error { body(ctx); return errors.New("audit") },
			func(n *int) func(context.Context) (int, error) {
				return func(context.Context) (int, error) { *n++; return 1, nil }
			}, 0, "audit", 1},
	} {
		virtual(t, name, func(t *testing.T) {
			calls := 0
			g := asap.New(t.Context(), asap.Settled())
			x := g.Go("x", c.body(&calls), asap.Around(c.around))
			y := x.Then("y", func(_ context.Context, v int) (int, error) { return v + 1, nil })
			g.Wait()
			r := x.Result()
			if c.err == "" {
				wantNil(t, "x", r.Err)
				if r.Value != c.want || y.Value() != c.want+1 {
					t.Errorf("x is %d, y is %d", r.Value, y.Value())
				}
			} else {
				if te, ok := errors.AsType[*asap.TaskError](r.Err); !ok || te.Task != "x" || te.Err.Error() != c.err || r.Value != 0 {
					t.Errorf("x: %v, %v, want %s of x", r.Value, r.Err, c.err)
				}
				wantIs(t, "y", y.Err(), asap.ErrSkipped)
			}
			if calls != c.calls {
				t.Errorf("%d calls, want %d", calls, c.calls)
			}
		})
	}
}

// TestR38_Arities: one Around does for all arities, elements, functions of a Race
// and Optionals, by their names, a group's outside a task's.
func TestR38_Arities(t *testing.T) {
	virtual(t, "names", func(t *testing.T) {
		j := newJournal()
		wrap := func(who string) func(context.Context, string, body) error {
			return func(ctx context.Context, task string, body body) error {
				j.add(who + " " + task)
				return body(ctx)
			}
		}
		g := asap.New(t.Context(), asap.Limit(1), asap.Around(wrap("group")), asap.Around(wrap("second")))
		a := g.Go("a", after(sec, 1), asap.Around(wrap("task")))
		a.Do("b", func(context.Context, int) error { return nil })
		a.And(a).Then("c", func(context.Context, int, int) (int, error) { return 0, nil })
		opt := a.Optional("d", func(context.Context, int) (int, error) { return 0, errBoom }, asap.Around(tries(2)))
		g.Map("m", g.Input("in", []int{1}), func(context.Context, int) (int, error) { return 0, nil }, asap.Around(wrap("each")))
		g.MapOptional("o", g.Input("in", []int{1}), func(context.Context, int) (int, error) { return 0, errBoom })
		g.Race("r", after(0, 1))
		g.Go("left", never(t), asap.When(false), asap.Around(wrap("none")))
		g.Do("nested", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("inner", after(0, 1)) // its group does not inherit
			return in.Wait()
		})
		wantNil(t, "Wait", g.Wait())
		if opt.Value().Err == nil {
			t.Error("the Optional has no error")
		}
		var lines []string
		for _, line := range j.lines {
			lines = append(lines, line[slices.Index([]byte(line), ' ')+1:])
		}
		want := []string{
			"group a", "second a", "task a",
			"group b", "second b", "group c", "second c", "group d", "second d",
			"group m[0]", "second m[0]", "each m[0]", "group o[0]", "second o[0]",
			"group r[0]", "second r[0]", "group nested", "second nested",
		}
		slices.Sort(lines)
		slices.Sort(want)
		if !slices.Equal(lines, want) {
			t.Errorf("calls of Arounds:\n%q\nwant\n%q", lines, want)
		}
	})
}

// TestR38_AtOnce: the value is that of the first call that succeeded.
func TestR38_AtOnce(t *testing.T) {
	// hedge calls the body a second time after a second, and takes the first answer.
	hedge := func(ctx context.Context, _ string, body body) error {
		done := make(chan error, 2)
		for range 2 {
			go func() { done <- body(ctx) }()
			select {
			case err := <-done:
				return err
			case <-time.After(sec):
			}
		}
		return <-done
	}
	virtual(t, "the second is faster", func(t *testing.T) {
		c := startClock()
		var calls atomic.Int32
		var first context.Context
		g := asap.New(t.Context(), asap.Limit(1))
		x := g.Go("x", func(ctx context.Context) (int, error) {
			n := int(calls.Add(1))
			if n == 1 { // hangs until it is told to end, and is slow in that
				first = ctx
				<-ctx.Done()
				time.Sleep(10 * sec)
				return 99, nil
			}
			time.Sleep(sec)
			return n, nil
		}, asap.Around(hedge))
		x.Do("next", func(_ context.Context, v int) error {
			c.at(t, "next, which has to wait for the slot", 12*sec)
			if v != 2 {
				t.Errorf("next got %d, want the value of the second call", v)
			}
			return nil
		})
		g.Do("watch", func(ctx context.Context) error { return nil })
		if v, err := x.Await(context.Background()); v != 2 || err != nil {
			t.Errorf("Await: %d, %v", v, err)
		}
		c.at(t, "Await", 2*sec)
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 12*sec)
		if x.Value() != 2 || first.Err() == nil {
			t.Errorf("x is %d, the context of the first call: %v", x.Value(), first.Err())
		}
	})
	virtual(t, "without a limit dependents do not wait for what is left behind", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		user := g.Go("user", after(0, "ann"))
		var calls atomic.Int32
		x := g.Go("x", func(ctx context.Context) (string, error) {
			if calls.Add(1) == 1 {
				<-ctx.Done()
				time.Sleep(5 * sec)
			}
			time.Sleep(2 * sec)
			return user.Get(ctx), nil // still there
		}, asap.Needs(user), asap.Around(func(ctx context.Context, _ string, body body) error {
			go body(ctx)
			time.Sleep(sec)
			return body(ctx)
		}))
		x.Do("next", func(context.Context, string) error { c.at(t, "next", 3*sec); return nil })
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 10*sec)
	})
	virtual(t, "a call that comes too late", func(t *testing.T) {
		later := make(chan error, 1)
		ran := 0
		g := asap.New(t.Context())
		g.Go("x", func(context.Context) (int, error) { ran++; return 1, nil }, asap.Around(func(ctx context.Context, _ string, body body) error {
			go func() { time.Sleep(sec); later <- body(ctx) }()
			return body(ctx)
		}))
		wantNil(t, "Wait", g.Wait())
		wantText(t, "the late call", <-later, "asap: body of task x called after its Around has returned")
		if ran != 1 {
			t.Errorf("the body ran %d times", ran)
		}
	})
	virtual(t, "hundred at once", func(t *testing.T) {
		g := asap.New(t.Context())
		x := g.Go("x", func(context.Context) (int, error) { return 7, nil }, asap.Around(func(ctx context.Context, _ string, body body) error {
			done := make(chan error)
			for range 100 {
				go func() { done <- body(ctx) }()
			}
			for range 100 {
				<-done
			}
			return nil
		}))
		wantNil(t, "Wait", g.Wait())
		if x.Value() != 7 {
			t.Errorf("x is %d", x.Value())
		}
	})
}

// TestR38_Dying: a panic, a Goexit and an exit in a call are the body's at once,
// whatever the Around makes of them.
func TestR38_Dying(t *testing.T) {
	recovers := func(ctx context.Context, _ string, body body) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("recovered: %v", v)
			}
		}()
		for range 3 {
			if err = body(ctx); err == nil {
				return nil
			}
		}
		return nil
	}
	elsewhere := func(ctx context.Context, name string, body body) error {
		done := make(chan error, 1)
		go func() {
			defer close(done)
			done <- recovers(ctx, name, body)
		}()
		<-done
		time.Sleep(sec) // long after
		return nil
	}
	for where, around := range map[string]func(context.Context, string, body) error{"": recovers, " on another goroutine": elsewhere} {
		for how, die := range dying {
			virtual(t, how+where, func(t *testing.T) {
				c, calls := startClock(), 0
				g := asap.New(t.Context())
				g.Go("other", func(ctx context.Context) (int, error) {
					<-ctx.Done()
					c.at(t, "the others are canceled", sec)
					return 0, ctx.Err()
				})
				x := g.Go("x", func(context.Context) (int, error) { calls++; time.Sleep(sec); die(); return 0, nil }, asap.Around(around))
				e := ended(g.Wait)
				if how == "panic" {
					p, ok := e.panicked.(*asap.PanicError)
					if !ok || p.Task != "x" || p.Value != "ouch" {
						t.Errorf("Wait: %+v, want a panic of x", e)
					}
				} else if !e.goexited {
					t.Errorf("Wait: %+v, want a Goexit", e)
				}
				if calls != 1 || x.Err() == nil {
					t.Errorf("%d calls, x: %v", calls, x.Err())
				}
			})
		}
		virtual(t, "exit"+where, func(t *testing.T) {
			c, calls := startClock(), 0
			g := asap.New(t.Context())
			hit := g.NewExit[int]()
			g.Go("other", func(ctx context.Context) (int, error) {
				<-ctx.Done()
				c.at(t, "the others are canceled", sec)
				return 0, ctx.Err()
			})
			g.Go("x", func(context.Context) (int, error) { calls++; time.Sleep(sec); return 0, hit.With(5) }, asap.Around(around))
			wantNil(t, "Wait", g.Wait())
			if v, ok := hit.Value(); !ok || v != 5 || calls != 1 {
				t.Errorf("the exit has %d, %v after %d calls", v, ok, calls)
			}
		})
	}
	virtual(t, "the Around panics", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("x", after(0, 1), asap.Around(func(ctx context.Context, _ string, body body) error {
			go body(ctx)
			panic("ouch")
		}))
		if p, ok := ended(g.Wait).panicked.(*asap.PanicError); !ok || p.Task != "x" {
			t.Errorf("Wait panicked with %v", p)
		}
	})
	virtual(t, "what is left behind panics", func(t *testing.T) {
		g := asap.New(t.Context())
		x := g.Go("x", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			time.Sleep(sec) // else it may be x that fails by it
			panic("late")
		}, asap.Around(func(ctx context.Context, _ string, body body) error {
			go body(ctx)
			time.Sleep(sec)
			return errBoom
		}))
		if p, ok := ended(g.Wait).panicked.(*asap.PanicError); !ok || p.Task != "x" || p.Value != "late" {
			t.Errorf("Wait panicked with %v", p)
		}
		wantIs(t, "x", x.Err(), errBoom)
	})
	virtual(t, "Goexit of the Around", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("x", obeys, asap.Around(func(ctx context.Context, _ string, body body) error {
			go body(ctx)
			time.Sleep(sec)
			runtime.Goexit()
			return nil
		}))
		if e := ended(g.Wait); !e.goexited {
			t.Errorf("Wait: %+v", e)
		}
	})
}

// TestR38_Waits: awaits in a call are the body's, with the context that the Around
// was given, or soft ones with one that ends by itself.
func TestR38_Waits(t *testing.T) {
	virtual(t, "a cycle is found", func(t *testing.T) {
		g := asap.New(t.Context())
		declared := make(chan struct{})
		var b *asap.Task[int]
		a := g.Go("a", func(ctx context.Context) (int, error) { <-declared; return b.Await(ctx) }, asap.Around(tries(1)))
		b = g.Go("b", func(ctx context.Context) (int, error) { <-declared; return a.Await(ctx) }, asap.Around(tries(1)))
		close(declared)
		if ce, ok := errors.AsType[*asap.CycleError](g.Wait()); !ok {
			t.Errorf("no cycle: %v", ce)
		}
	})
	type key struct{}
	for name, derive := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"its own": func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		"with a value": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithValue(ctx, key{}, 1), func() {}
		},
		"with an end": context.WithCancel,
	} {
		virtual(t, "the slot is given back, with "+name, func(t *testing.T) {
			c := startClock()
			g := asap.New(t.Context(), asap.Limit(1))
			var b *asap.Task[int]
			declared := make(chan struct{})
			g.Go("a", func(ctx context.Context) (int, error) { <-declared; return b.Await(ctx) },
				asap.Around(func(ctx context.Context, _ string, body body) error {
					ctx, cancel := derive(ctx)
					defer cancel()
					return body(ctx)
				}))
			b = g.Go("b", after(sec, 1))
			close(declared)
			wantNil(t, "Wait", g.Wait())
			c.at(t, "Wait", sec)
		})
	}
	virtual(t, "the context of the call that succeeded lives until the end", func(t *testing.T) {
		var ctxs []context.Context
		g := asap.New(t.Context())
		x := g.Go("x", func(ctx context.Context) (int, error) {
			ctxs = append(ctxs, ctx)
			if len(ctxs) == 1 {
				return 0, errBoom
			}
			return 1, nil
		}, asap.Around(tries(2)))
		x.Do("next", func(context.Context, int) error {
			time.Sleep(sec)
			if ctxs[0].Err() == nil || ctxs[1].Err() != nil {
				t.Errorf("the contexts of the calls: %v, %v", ctxs[0].Err(), ctxs[1].Err())
			}
			return nil
		})
		wantNil(t, "Wait", g.Wait())
		if ctxs[1].Err() == nil {
			t.Error("the context outlives the group")
		}
	})
	virtual(t, "values and slots", func(t *testing.T) {
		c := startClock()
		var running, most atomic.Int32
		g := asap.New(t.Context(), asap.Limit(2), asap.Around(func(ctx context.Context, task string, body body) error {
			if n := running.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer running.Add(-1)
			time.Sleep(sec) // in the slot
			return body(context.WithValue(ctx, key{}, task))
		}))
		for i := range 4 {
			g.Do(fmt.Sprint("t", i), func(ctx context.Context) error {
				if got := ctx.Value(key{}); got != fmt.Sprint("t", i) {
					t.Errorf("the value of t%d is %v", i, got)
				}
				return nil
			})
			synctest.Wait()
		}
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
		if most.Load() != 2 {
			t.Errorf("%d ran at once", most.Load())
		}
	})
}

// stopping is a context that takes a second to let a derived one go.
type stopping struct {
	context.Context
	done    chan struct{}
	stopped *bool
}

func (c stopping) Done() <-chan struct{} { return c.done }

func (c stopping) AfterFunc(f func()) (stop func() bool) {
	off := context.AfterFunc(c.Context, f)
	return func() bool {
		time.Sleep(sec)
		*c.stopped = true
		return off()
	}
}

// TestR18_CallLeftBehind: Wait returns after a call has let go of its context.
func TestR18_CallLeftBehind(t *testing.T) {
	virtual(t, "", func(t *testing.T) {
		c := startClock()
		var stopped bool
		done := make(chan struct{})
		g := asap.New(t.Context())
		g.Go("a", fails(sec, errBoom), asap.MayFail(), asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
			go func() {
				defer close(done)
				body(stopping{ctx, make(chan struct{}), &stopped})
			}()
			time.Sleep(1500 * time.Millisecond)
			return nil
		}))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
		<-done
		if !stopped {
			t.Error("the context of the call is registered still")
		}
	})
}
