package rules_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// engine is an executor with a clock of its own. A call takes as long as takes
// says of its task; of calls that end at the same time, the first started is
// the first to end. So two runs of one flow are the same.
type engine struct {
	takes    map[string]time.Duration
	now      time.Duration
	calls    []*engineCall
	log      []string
	canceled []error
	broken   error // what Step returns once nothing else is left
}

type engineCall struct {
	*flow.Call
	done func(error)
	end  time.Duration
}

func (e *engine) Start(call *flow.Call, done func(error)) {
	e.say("start", call)
	e.calls = append(e.calls, &engineCall{call, done, e.now + e.takes[call.Task]})
}

func (e *engine) say(what string, call *flow.Call) {
	e.log = append(e.log, fmt.Sprint(e.now, " ", what, " ", call.Task))
}

func (e *engine) Step() error {
	if e.broken != nil {
		return e.broken
	}
	if len(e.calls) == 0 {
		return errors.New("Step with nothing in flight")
	}
	next := slices.MinFunc(e.calls, func(a, b *engineCall) int { return cmp.Compare(a.end, b.end) })
	e.calls = slices.DeleteFunc(e.calls, func(c *engineCall) bool { return c == next })
	e.now = max(e.now, next.end)
	err := error(context.Canceled)
	if len(e.canceled) == 0 || next.Undo {
		err = next.Run(context.Background())
	}
	e.say("end", next.Call)
	next.done(err)
	return nil
}

func (e *engine) Cancel(cause error) {
	e.canceled = append(e.canceled, cause)
	for _, c := range e.calls {
		c.end = e.now
	}
}

func (e *engine) check(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(e.log, want) {
		t.Errorf("the engine was asked:\n\t%s\nwant:\n\t%s", strings.Join(e.log, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func value[T any](v T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { return v, nil }
}

func TestR29_On(t *testing.T) {
	t.Run("order and instants", func(t *testing.T) {
		for range 3 {
			e := &engine{takes: map[string]time.Duration{"user": sec, "config": 10 * sec, "profile": 10 * sec, "page": sec}}
			g := asap.New(t.Context(), flow.On(e))
			user, config := g.Go("user", value(1)), g.Go("config", value(2))
			profile := user.Then("profile", inc)
			page := user.And(config).And(profile).Then("page", func(_ context.Context, u, c, p int) (string, error) { return fmt.Sprint(u, c, p), nil })
			all := g.Gather("all", profile, user)
			wantNil(t, "Wait", g.Wait())
			if page.Value() != "1 2 2" || fmt.Sprint(all.Value()) != "[2 1]" {
				t.Errorf("page %s, all %v", page.Value(), all.Value())
			}
			e.check(t, "0s start user", "0s start config", "1s end user", "1s start profile", "10s end config",
				"11s end profile", "11s start page", "12s end page")
		}
	})
	t.Run("Await steps the engine", func(t *testing.T) {
		e := &engine{takes: map[string]time.Duration{"a": sec, "b": 2 * sec}}
		g := asap.New(t.Context(), flow.On(e))
		a, b := g.Go("a", value(1)), g.Go("b", value(2))
		if v, err := a.Await(t.Context()); v != 1 || err != nil || e.now != sec {
			t.Errorf("Await: got %d, %v at %v, want 1, nil at 1s", v, err, e.now)
		}
		wantNil(t, "Wait", g.Wait())
		if b.Value() != 2 {
			t.Errorf("b: %d, want 2", b.Value())
		}
	})
	t.Run("calls", func(t *testing.T) {
		var calls []*flow.Call
		e := &recorder{engine: engine{}, calls: &calls}
		f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
			g.Map("price", in.Then("ids", func(context.Context, int) ([]string, error) { return []string{"x", "y"}, nil }),
				func(_ context.Context, id string) (int, error) { return len(id), nil })
			in.Do("log", func(context.Context, int) error { return nil })
			in.Optional("price", func(context.Context, int) (int, error) { return 1, nil })
			g.Race("race", value(1))
			return in.And(in).Then("out", func(_ context.Context, a, b int) (string, error) { return fmt.Sprint(a + b), nil })
		}, flow.On(e))
		out, err := f.Run(t.Context(), 4)
		if out != "8" || err != nil {
			t.Errorf("Run: got %s, %v, want 8, nil", out, err)
		}
		names := make(map[string]bool)
		for _, c := range calls {
			if c.Flow != "shop" || names[c.Task] || c.Func == nil || c.Run == nil {
				t.Errorf("call %s: flow %s, again %v, Func %T", c.Task, c.Flow, names[c.Task], c.Func)
			}
			names[c.Task] = true
			switch c.Task {
			case "out":
				if fmt.Sprint(c.In) != "[4 4]" || *c.Out.(*string) != "8" {
					t.Errorf("call out: In %v, Out %v", c.In, c.Out)
				}
			case "log":
				if c.Out != nil || fmt.Sprint(c.In) != "[4]" {
					t.Errorf("call log: In %v, Out %v, want 4 and none", c.In, c.Out)
				}
			case "price[1]":
				if fmt.Sprint(c.In) != "[y]" || *c.Out.(*int) != 1 {
					t.Errorf("call price[1]: In %v, Out %v", c.In, c.Out)
				}
			}
		}
		if len(calls) != 7 {
			t.Errorf("calls of %v, want 7", names)
		}
	})
	t.Run("panic and Goexit are the task's error", func(t *testing.T) {
		for name, die := range dying {
			e := &engine{}
			g := asap.New(t.Context(), flow.On(e))
			dead := g.Go("dead", func(context.Context) (int, error) { die(); return 1, nil })
			next := dead.Then("next", never1[int](t))
			err := g.Wait()
			wantFailed(t, err, "dead")
			if name == "Goexit" {
				wantIs(t, "Wait", err, asap.ErrGoexit)
			} else if p, ok := errors.AsType[*asap.PanicError](err); !ok || p.Value != "ouch" || p.Task != "dead" {
				t.Errorf("Wait: got %v, want the PanicError of dead", err)
			}
			wantIs(t, "next", next.Result().Err, asap.ErrSkipped)
		}
	})
	t.Run("handles in bodies are refused", func(t *testing.T) {
		for name, use := range map[string]func(ctx context.Context, a *asap.Task[int]) error{
			"Await":                  func(ctx context.Context, a *asap.Task[int]) error { _, err := a.Await(ctx); return err },
			"Await with another ctx": func(_ context.Context, a *asap.Task[int]) error { _, err := a.Await(context.Background()); return err },
		} {
			for _, inFlow := range []bool{false, true} {
				build := func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
					slow := in.Then("slow", inc)
					return in.Then("body", func(ctx context.Context, v int) (int, error) { return v, use(ctx, slow) })
				}
				e := &engine{takes: map[string]time.Duration{"slow": sec}}
				var err error
				if inFlow {
					_, err = flow.Define("flow", build, flow.On(e)).Run(t.Context(), 1)
				} else {
					g := asap.New(t.Context(), flow.On(e))
					build(g, g.Input("in", 1))
					err = g.Wait()
				}
				if err == nil || !strings.Contains(err.Error(), "slow") || !strings.Contains(err.Error(), "declare") {
					t.Errorf("%s in a body: got %v, want a refusal that names slow and what to declare", name, err)
				}
			}
		}
	})
	t.Run("a broken engine", func(t *testing.T) {
		e := &engine{broken: errBoom}
		g := asap.New(t.Context(), flow.On(e))
		a := g.Go("a", value(1))
		b := a.Then("b", never1[int](t))
		err := g.Wait()
		wantIs(t, "Wait", err, errBoom)
		wantText(t, "Wait", err, "asap: executor: boom")
		wantIs(t, "b", b.Result().Err, asap.ErrSkipped, errBoom)
	})
	t.Run("done in Start", func(t *testing.T) {
		g := asap.New(t.Context(), flow.On(atOnce{}), asap.Limit(1))
		task := g.Go("first", value(1))
		for range 100 {
			task = task.Then("next", inc)
		}
		fan := g.Map("fan", g.Input("in", make([]int, 50)), inc)
		wantNil(t, "Wait", g.Wait())
		if task.Value() != 101 || len(fan.Value()) != 50 {
			t.Errorf("chain %d, fan of %d, want 101 and 50", task.Value(), len(fan.Value()))
		}
	})
	virtual(t, "nested in a limited group", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Do("outer", func(ctx context.Context) error {
			time.Sleep(sec) // other waits for the slot by now
			nested := asap.New(ctx, flow.On(&engine{}))
			in := nested.Go("in", value(7))
			if err := nested.Wait(); err != nil {
				return err
			}
			if in.Value() != 7 {
				t.Errorf("in: %d, want 7", in.Value())
			}
			return nil
		})
		g.Go("other", after(sec, 1))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
	})
}

// recorder keeps the calls of an engine.
type recorder struct {
	engine
	calls *[]*flow.Call
}

func (r *recorder) Start(call *flow.Call, done func(error)) {
	*r.calls = append(*r.calls, call)
	r.engine.Start(call, done)
}

// atOnce runs each call when it is started.
type atOnce struct{}

func (atOnce) Start(call *flow.Call, done func(error)) { done(call.Run(context.Background())) }
func (atOnce) Step() error                             { return errors.New("Step without calls") }
func (atOnce) Cancel(error)                            {}
