package asaptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// groupCase uses handles after the group's end, so it needs engine and test in
// one process.
type groupCase struct {
	rule   string
	queues bool // a limit holds tasks back
	away   bool // not in this process
	run    func(e *engine)
}

func (c *groupCase) label() string { return strings.ReplaceAll(c.rule, " ", "_") }

func (e *engine) errorText(what string, err error, want string) {
	e.t.Helper()
	if fmt.Sprint(err) != want {
		e.t.Errorf("%s: error %q, want %q", what, fmt.Sprint(err), want)
	}
}

func (e *engine) is(what string, err, target error) {
	e.t.Helper()
	if !errors.Is(err, target) {
		e.t.Errorf("%s: errors.Is(%v, %v) = false, want true", what, err, target)
	}
}

var groupCases = []groupCase{
	{rule: "R2 a body runs once", run: func(e *engine) {
		ran := 0
		g := e.group()
		user := g.Go("user", func(context.Context) (int, error) { ran++; return 1, nil })
		a, b := user.Then("a", plus(1)), user.Then("b", plus(2))
		a.And(b).Then("c", sum)
		e.errorText("Wait", g.Wait(), "<nil>")
		if ran != 1 {
			e.t.Errorf("the body ran %d times, want once", ran)
		}
	}},
	{rule: "R3 nothing starts with a dead context", run: func(e *engine) {
		e.cancel(errDown)
		g := e.group()
		ran := false
		user := g.Do("user", func(context.Context) error { ran = true; return nil })
		err := g.Wait()
		e.is("Wait", err, context.Canceled)
		e.is("Wait", err, errDown)
		e.is("user", user.Result().Err, asap.ErrSkipped)
		e.is("user", user.Result().Err, errDown)
		if ran {
			e.t.Error("the body ran, want it skipped")
		}
	}},
	{rule: "R3 nothing starts after a failure", run: func(e *engine) {
		g := e.group()
		user := g.Go("user", always(0, errDown))
		_, _ = user.Await(e.ctx)
		late := g.Go("late", always(1, nil))
		e.errorText("Wait", g.Wait(), "user: down")
		e.is("late", late.Result().Err, asap.ErrSkipped)
		e.errorText("late", late.Result().Err, "late skipped: user: down")
	}},
	{rule: "R6 Await outside of bodies", run: func(e *engine) {
		g := e.group()
		user := g.Go("user", always(2, nil))
		v, err := user.Then("doubled", double).Await(e.ctx)
		if v != 4 || err != nil {
			e.t.Errorf("Await = %d, %v, want 4, nil", v, err)
		}
		more := user.Then("more", plus(3)) // declared after the engine has been busy
		e.errorText("Wait", g.Wait(), "<nil>")
		if more.Value() != 5 {
			e.t.Errorf("Value = %d, want 5", more.Value())
		}
	}},
	{rule: "R12 errors of several tasks", run: func(e *engine) {
		g := e.group(asap.Settled(), asap.Name("shop"))
		first := g.Go("first", always(0, errDown))
		_, _ = first.Await(e.ctx)
		g.Go("second", func(context.Context) (int, error) { return 7, &asap.CycleError{Path: []string{"x"}} })
		err := g.Wait()
		e.errorText("Wait", err, "group shop: 2 tasks failed: first: down; second: cycle: x")
		e.is("Wait", err, errDown)
		ge, ok := errors.AsType[*asap.GroupError](err)
		if !ok || len(ge.Failures) != 2 || ge.Failures[0].Task != "first" || ge.Group != "shop" {
			e.t.Errorf("Wait = %#v, want a *GroupError of group shop with first and second", err)
		}
		if _, ok := errors.AsType[*asap.CycleError](err); !ok {
			e.t.Errorf("errors.As finds no *CycleError in %v", err)
		}
		if v := first.Result(); v.Value != 0 || v.Or(5) != 5 {
			e.t.Errorf("Result = %v, want no value beside the error", v)
		}
	}},
	{rule: "R12a canceled by its caller", run: func(e *engine) {
		g := e.group()
		user := g.Do("user", func(context.Context) error { e.cancel(errDown); return nil })
		page := user.Then("page", func(context.Context, struct{}) (int, error) { return 1, nil })
		err := g.Wait()
		e.is("Wait", err, context.Canceled)
		e.is("Wait", err, errDown)
		e.is("page", page.Result().Err, errDown)
		e.errorText("user", user.Result().Err, "<nil>")
	}},
	{rule: "R12a stopped", run: func(e *engine) {
		g := e.group()
		user := g.Go("user", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
		page := user.Then("page", text)
		g.Stop()
		e.is("page", page.Result().Err, asap.ErrSkipped)
		e.is("Wait", g.Wait(), context.Canceled)
	}},
	{rule: "R13 skipped names the root", run: func(e *engine) {
		g := e.group(asap.Settled())
		user := g.Go("user", always(0, errDown))
		other := g.Go("other", always(1, nil))
		page := user.Then("profile", double).And(other).Then("page", sum)
		_ = g.Wait()
		err := page.Result().Err
		e.errorText("page", err, "page skipped: user: down")
		te, ok := errors.AsType[*asap.TaskError](err)
		if !ok || te.Task != "user" {
			e.t.Errorf("errors.As(%v) = %v, want the error of user", err, te)
		}
		e.is("page", err, errDown)
	}},
	{rule: "R17 exit and its handles", run: func(e *engine) {
		g := e.group()
		first, second := g.NewExit[int](), g.NewExit[int]()
		cache := g.Optional("cache", func(context.Context) (int, error) { return 0, fmt.Errorf("found: %w", second.With(7)) })
		page := cache.Then("page", func(context.Context, asap.Result[int]) (int, error) { return 1, nil })
		e.errorText("Wait", g.Wait(), "<nil>")
		if v, ok := second.Value(); v != 7 || !ok {
			e.t.Errorf("Value of the exit that was used = %d, %t, want 7, true", v, ok)
		}
		if v, ok := first.Value(); v != 0 || ok {
			e.t.Errorf("Value of the other exit = %d, %t, want 0, false", v, ok)
		}
		e.is("cache", cache.Result().Err, asap.ErrExited)
		e.is("page", page.Result().Err, asap.ErrExited)
		e.is("page", page.Result().Err, asap.ErrSkipped)
	}},
	{rule: "R21 limit of one and first ready first started", queues: true, run: func(e *engine) {
		g := e.group(asap.Limit(1))
		var order []string
		note := func(name string) func(context.Context) error {
			return func(context.Context) error { order = append(order, name); return nil }
		}
		a := g.Do("a", note("a"))
		a.Do("d", func(ctx context.Context, _ struct{}) error { return note("d")(ctx) })
		g.Do("b", note("b"))
		g.Do("c", note("c"))
		e.errorText("Wait", g.Wait(), "<nil>")
		if want := []string{"a", "b", "c", "d"}; len(order) != 4 || order[0] != "a" || slices.Compare(slices.Sorted(slices.Values(order)), want) != 0 {
			e.t.Errorf("the bodies ran in order %q, want %q", order, want)
		}
	}},
	{rule: "R21 limit and a failure", queues: true, run: func(e *engine) {
		g := e.group(asap.Limit(1))
		g.Go("user", always(0, errDown))
		queued := g.Go("queued", always(1, nil))
		e.errorText("Wait", g.Wait(), "user: down")
		e.is("queued", queued.Result().Err, asap.ErrSkipped)
	}},
	{rule: "R29 panic is the task's error", away: true, run: func(e *engine) {
		g := e.group(asap.Settled())
		user := g.Do("user", func(context.Context) error { panic(errDown) })
		other := g.Go("other", always(1, nil))
		err := g.Wait()
		pe, ok := errors.AsType[*asap.PanicError](err)
		if !ok || pe.Task != "user" {
			e.t.Errorf("Wait = %v, want a *PanicError of user in it", err)
		}
		e.is("user", user.Result().Err, errDown)
		e.errorText("other", other.Result().Err, "<nil>")
	}},
	{rule: "R29 await in a body is refused", away: true, run: func(e *engine) { refuses(e, false, func(ctx context.Context) context.Context { return ctx }) }},
	{rule: "R29 await of a finished task in a body is refused", away: true, run: func(e *engine) { refuses(e, true, func(ctx context.Context) context.Context { return ctx }) }},
	{rule: "R29 await in a body is refused with another context", away: true, run: func(e *engine) {
		refuses(e, false, func(context.Context) context.Context { return context.Background() })
	}},
	{rule: "R29 declaring in a body is refused", away: true, run: func(e *engine) {
		g := e.group()
		page := g.Do("page", func(context.Context) error { g.Go("user", always(1, nil)); return nil })
		_ = g.Wait()
		if text := fmt.Sprint(page.Result().Err); !strings.Contains(text, "asap: task user") || !strings.Contains(text, "page") {
			e.t.Errorf("group: a body declares a task: %s, want an error that names both", text)
		}
	}},
	{rule: "R32 unique names", away: true, run: func(e *engine) {
		g := e.group()
		for range 3 {
			g.Go("price", always(1, nil))
		}
		g.Go("price#2", always(1, nil))
		e.errorText("Wait", g.Wait(), "<nil>")
		want := []string{"price", "price#2", "price#3", "price#2#2"}
		if got := e.probes[0].names; !slices.Equal(got, want) {
			e.t.Errorf("group: the calls are named %q, want %q", got, want)
		}
	}},
}

// refuses checks that a body that awaits a task gets an error.
func refuses(e *engine, done bool, from func(context.Context) context.Context) {
	var user *asap.Task[int]
	g := e.group(asap.Settled())
	if done {
		user = g.Go("user", always(1, nil))
		_, _ = user.Await(e.ctx)
	}
	set := make(chan struct{})
	page := g.Go("page", func(ctx context.Context) (int, error) {
		<-set
		return user.Await(from(ctx))
	})
	if !done {
		user = page.Then("user", plus(1))
	}
	close(set)
	_ = g.Wait()
	if text := fmt.Sprint(page.Result().Err); !strings.Contains(text, "task user") || !strings.Contains(text, "await") || !strings.Contains(text, "declare") {
		e.t.Errorf("group: a body awaits a task: %s, want an error that names it and says what to declare", text)
	}
}
