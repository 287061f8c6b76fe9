package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// leaver is an executor whose Step never returns.
type leaver struct {
	engine
	leave  func()
	starts int
}

func (l *leaver) Start(call *flow.Call, done func(error)) {
	l.starts++
	if call.Task == "now" {
		done(call.Run(context.Background()))
	}
}
func (l *leaver) Step() error { l.leave(); return nil }

// An engine may take a group out of memory in the middle of Step.
func TestR29_StepDoesNotReturn(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic":  func() { panic("lost") },
		"Goexit": runtime.Goexit,
	} {
		for _, awaiting := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " in Await ", awaiting), func(t *testing.T) {
				e := &leaver{leave: leave}
				var now, user, page *asap.Task[int]
				var said any
				returned := false
				done := make(chan struct{})
				go func() {
					defer close(done)
					defer func() { said = recover() }()
					_, _ = asap.Run(t.Context(), func(g *asap.Group) func() int {
						now, user = g.Go("now", value(1)), g.Go("user", value(1))
						page = user.Then("page", never1[int](t))
						if awaiting {
							_, _ = user.Await(t.Context())
						}
						return page.Value
					}, flow.On(e))
					returned = true
				}()
				<-done // hangs if the group waits for what nobody will report
				if returned || name == "panic" && said != "lost" {
					t.Errorf("Run returned %t and raised %v, want what Step did", returned, said)
				}
				if now.Value() != 1 {
					t.Errorf("now: %d, want 1", now.Value())
				}
				for _, task := range []*asap.Task[int]{user, page} {
					if task.Result().Err == nil {
						t.Errorf("%s succeeded, want an error", task.Name())
					}
				}
				if len(e.canceled) != 0 || e.starts != 2 {
					t.Errorf("%d starts, Cancel %v; want 2 and none", e.starts, e.canceled)
				}
			})
		}
	}
}

// gone is an executor whose Start of the second call never returns.
type gone struct {
	engine
	leave  func()
	starts int
}

func (e *gone) Start(call *flow.Call, done func(error)) {
	if e.starts++; e.starts == 2 {
		e.leave()
	}
}

// Nor does a group wait for what is in flight when Start does not return.
func TestR29_StartDoesNotReturn(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("lost") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			e := &gone{leave: leave}
			var all []*asap.Task[int]
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() {
					if said := recover(); name == "panic" && said != "lost" {
						t.Errorf("Run raised %v, want what Start did", said)
					}
				}()
				_, _ = asap.Run(t.Context(), func(g *asap.Group) func() int {
					for range 3 {
						all = append(all, g.Go("user", value(1)))
					}
					return all[0].Value
				}, flow.On(e))
				t.Error("Run returned")
			}()
			<-done
			for _, task := range all {
				if task.Result().Err == nil {
					t.Errorf("%s succeeded, want an error", task.Name())
				}
			}
		})
	}
}

// waiter is an executor that sees the end of the context in Step.
type waiter struct {
	engine
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func (w *waiter) Step() error {
	if w.ctx.Err() == nil {
		w.cancel(errBoom)
		return nil // nothing is done, but the context has ended
	}
	return w.engine.Step()
}

func TestR29_StepReturnsWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	w := &waiter{ctx: ctx, cancel: cancel}
	g := asap.New(ctx, flow.On(w))
	user := g.Go("user", value(1))
	err := g.Wait()
	wantIs(t, "Wait", err, errBoom, context.Canceled)
	wantIs(t, "user", user.Result().Err, context.Canceled)
	if len(w.canceled) != 1 || w.canceled[0] != errBoom {
		t.Errorf("Cancel was called with %v, want once with the cause", w.canceled)
	}
}

// loser is an executor that can end one call.
type loser struct {
	engine
	lost []string
}

func (l *loser) CancelCall(call *flow.Call, cause error) {
	l.lost = append(l.lost, fmt.Sprint(call.Task, ": ", cause))
	for _, c := range l.calls {
		if c.Call == call {
			c.Run = func(context.Context) error { return context.Canceled }
			c.end = l.now
		}
	}
}

// deaf is an executor whose calls end a second after its context, and that may
// not be called while it steps.
type deaf struct {
	t        *testing.T
	ctx      context.Context
	dones    []func(error)
	stepping atomic.Bool
	canceled []error
}

func (e *deaf) Start(_ *flow.Call, done func(error)) { e.dones = append(e.dones, done) }

func (e *deaf) Step() error {
	e.stepping.Store(true)
	defer e.stepping.Store(false)
	<-e.ctx.Done()
	time.Sleep(sec)
	for _, done := range e.dones {
		done(context.Cause(e.ctx))
	}
	e.dones = nil
	return nil
}

func (e *deaf) Cancel(cause error) {
	if e.stepping.Load() {
		e.t.Error("Cancel was called while the executor stepped")
	}
	e.canceled = append(e.canceled, cause)
}

// What ends the group from outside, the executor hears from the goroutine that is
// inside the group's methods, whoever noticed it first.
func TestR29_TheEndComesFromInside(t *testing.T) {
	virtual(t, "of a limited group's parent", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		e := &deaf{t: t, ctx: ctx}
		g := asap.New(ctx, flow.On(e), asap.Limit(1))
		g.Go("a", value(1))
		b := g.Go("b", value(2))
		time.AfterFunc(sec, func() { cancel(errBoom) })
		wantIs(t, "Wait", g.Wait(), errBoom)
		wantIs(t, "b", b.Result().Err, asap.ErrSkipped, errBoom)
		if !slices.Equal(e.canceled, []error{errBoom}) {
			t.Errorf("Cancel was called with %v, want once with the parent's cause", e.canceled)
		}
	})
	virtual(t, "of the group around", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("bad", func(context.Context) (int, error) { time.Sleep(sec); return 0, errBoom })
		var e *deaf
		g.Do("nest", func(ctx context.Context) error {
			e = &deaf{t: t, ctx: ctx}
			nested := asap.New(ctx, flow.On(e))
			nested.Go("a", value(1))
			return nested.Wait()
		})
		wantFailed(t, g.Wait(), "bad")
		if len(e.canceled) != 1 || !errors.Is(e.canceled[0], errBoom) {
			t.Errorf("Cancel was called with %v, want once with the failure around", e.canceled)
		}
	})
}

func TestR29_CancelCall(t *testing.T) {
	l := &loser{takes: map[string]time.Duration{"mirror[0]": 9 * sec, "mirror[1]": sec, "mirror[2]": 8 * sec, "other": 2 * sec}}
	g := asap.New(t.Context(), flow.On(l))
	won := g.Race("mirror", value(1), value(2), value(3))
	g.Go("other", value(1))
	wantNil(t, "Wait", g.Wait())
	if want := []string{"mirror[0]: mirror: race lost", "mirror[2]: mirror: race lost"}; !slices.Equal(l.lost, want) || won.Value() != 2 || l.now != 2*sec {
		t.Errorf("CancelCall of %q, value %d after %v; want %q, 2 after 2s", l.lost, won.Value(), l.now, want)
	}
}

// The names of calls are unique however tasks are called.
func TestR32_NamesOfParts(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		list := in.Then("price[1]", func(context.Context, int) ([]int, error) { return []int{1, 2}, nil })
		g.Map("price", list, inc)
		in.Then("price[]", inc)
		g.Race("mirror", value(1), value(2))
		in.Then("mirror[1]", inc)
		return in.Then("text", func(_ context.Context, n int) (string, error) { return fmt.Sprint(n), nil })
	})
	bodies, err := f.Calls()
	wantNil(t, "Calls", err)
	var known []string
	for _, c := range bodies {
		known = append(known, c.Body)
	}
	if want := "price[1] price[] price[]#2 mirror[0] mirror[1] mirror[1]#2 text"; strings.Join(known, " ") != want {
		t.Errorf("Calls: %q, want %q", known, want)
	}
	var calls []*flow.Call
	_, err = f.With(flow.On(&recorder{calls: &calls})).Run(t.Context(), 1)
	wantNil(t, "Run", err)
	names := make(map[string]string)
	for _, c := range calls {
		if _, again := names[c.Task]; again || !slices.Contains(known, c.Body) {
			t.Errorf("call %s of body %s: again %t", c.Task, c.Body, again)
		}
		names[c.Task] = c.Body
	}
	if names["price[1]#2"] != "price[]" || names["price[0]"] != "price[]" || names["mirror[1]"] != "mirror[1]" {
		t.Errorf("calls and their bodies: %v", names)
	}
}

// What observers put into a body's context is there on an executor too.
func TestR29_ContextOfObservers(t *testing.T) {
	type key string
	ctx := context.WithValue(t.Context(), key("span"), "outer")
	engineCtx, cancel := context.WithCancelCause(context.WithValue(ctx, key("engine"), "far"))
	g := asap.New(ctx, flow.On(&inContext{engineCtx}), asap.Observe(spans{key("span")}))
	var saw string
	user := g.Do("user", func(ctx context.Context) error {
		saw = fmt.Sprint(ctx.Value(key("span")), " ", ctx.Value(key("engine")))
		cancel(errBoom)
		<-ctx.Done()
		return context.Cause(ctx)
	})
	err := g.Wait()
	wantIs(t, "Wait", err, errBoom)
	wantIs(t, "user", user.Result().Err, errBoom)
	if saw != "user far" {
		t.Errorf("the body saw %q, want %q", saw, "user far")
	}
}

// inContext runs bodies with a context of its own.
type inContext struct{ ctx context.Context }

func (e *inContext) Start(call *flow.Call, done func(error)) { done(call.Run(e.ctx)) }
func (e *inContext) Step() error                             { return errors.New("Step without calls") }
func (e *inContext) Cancel(error)                            {}

// spans puts the name of what starts into the context.
type spans struct{ key any }

func (s spans) Start(ctx context.Context, e asap.Event) context.Context {
	return context.WithValue(ctx, s.key, e.Name)
}
func (s spans) Observe(asap.Event) {}

func TestCall_InvokeOfWrongCalls(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("inc", inc) })
	calls, err := f.Calls()
	wantNil(t, "Calls", err)
	for name, test := range map[string]struct {
		change func(*flow.Call)
		want   string
	}{
		"no arguments":   {func(c *flow.Call) {}, "asap: call of task inc with 0 arguments, but its function takes 1 after the context"},
		"another type":   {func(c *flow.Call) { c.In = []any{"1"} }, "asap: call of task inc: argument 1 is of type string, but its function takes int"},
		"another result": {func(c *flow.Call) { c.In, c.Out = []any{1}, new(string) }, "asap: call of task inc: Out is a *string, but its function returns int"},
		"no function":    {func(c *flow.Call) { c.Func = nil }, "asap: call of task inc without a context or a function"},
	} {
		t.Run(name, func(t *testing.T) {
			c := *calls[0]
			test.change(&c)
			wantText(t, "Invoke", c.Invoke(t.Context()), test.want)
		})
	}
	var out int
	c := *calls[0]
	c.In, c.Out = []any{nil}, &out // a nil is the zero value: of an interface, say
	wantNil(t, "Invoke", c.Invoke(t.Context()))
	if out != 1 {
		t.Errorf("out = %d, want 1", out)
	}
	wantText(t, "Exit", c.Exit(0, nil), "asap: task inc took exit number 0 of flow shop, which has 0; run the same definition everywhere")
	if _, _, ok := c.Exited(errBoom); ok {
		t.Error("Exited(boom) = true")
	}
}

// A body that was recorded is far away from the flow's tasks.
func TestR29_HandlesInRecordedBodies(t *testing.T) {
	for name, use := range map[string]func(ctx context.Context, g *asap.Group, a *asap.Task[int]) error{
		"Await": func(ctx context.Context, _ *asap.Group, a *asap.Task[int]) error { _, err := a.Await(ctx); return err },
		"Await with another ctx": func(_ context.Context, _ *asap.Group, a *asap.Task[int]) error {
			_, err := a.Await(context.Background())
			return err
		},
		"Value":   func(_ context.Context, _ *asap.Group, a *asap.Task[int]) error { a.Value(); return nil },
		"Then":    func(_ context.Context, _ *asap.Group, a *asap.Task[int]) error { a.Then("slow", inc); return nil },
		"Wait":    func(_ context.Context, g *asap.Group, _ *asap.Task[int]) error { return g.Wait() },
		"NewExit": func(_ context.Context, g *asap.Group, _ *asap.Task[int]) error { g.NewExit[int](); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
				slow := in.Then("slow", inc)
				return in.Then("body", func(ctx context.Context, v int) (int, error) { return v, use(ctx, g, slow) })
			})
			calls, err := f.Calls()
			wantNil(t, "Calls", err)
			c := *calls[1]
			c.In = []any{1}
			err = c.Invoke(t.Context())
			if err == nil || !strings.Contains(err.Error(), "another engine") {
				t.Errorf("Invoke: got %v, want a refusal", err)
			}
		})
	}
}

// clocked is an executor with a clock of its own.
type clocked struct{ engine }

func (c *clocked) Now() time.Time { return time.Unix(1000, 0).Add(c.now) }

func (c *clocked) After(time.Duration, func()) {} // nothing has a limit of time here

// The times of events are the engine's.
func TestR24_ClockOfTheEngine(t *testing.T) {
	c := &clocked{engine{takes: map[string]time.Duration{"user": 2 * sec, "page": 3 * sec}}}
	var times instants
	g := asap.New(t.Context(), flow.On(c), asap.Observe(&times))
	g.Go("user", value(1)).Then("page", inc)
	wantNil(t, "Wait", g.Wait())
	want := "user Started 0s, user Ended 2s, page Started 2s, page Ended 5s"
	if got := strings.Join(times, ", "); got != want {
		t.Errorf("events: %s, want %s", got, want)
	}
}

// instants are the starts and ends of tasks.
type instants []string

func (i *instants) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (i *instants) Observe(e asap.Event) {
	if e.Kind == asap.Started || e.Kind == asap.Ended {
		*i = append(*i, fmt.Sprint(e.Name, " ", e.Kind, " ", e.At))
	}
}
