package rules_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// TestF14_BeforeTheEnd: Value, Result and Err before the end of the group panic every
// time, also when the task is done.
func TestF14_BeforeTheEnd(t *testing.T) {
	type reader interface {
		Name() string
		Err() error
	}
	reads := func(task *asap.Task[int]) map[string]func() {
		return map[string]func(){
			"Value": func() { task.Value() }, "Result": func() { task.Result() }, "Err": func() { task.Err() },
			"Dep.Err": func() { reader(task).Err() },
		}
	}
	check := func(t *testing.T, tasks ...*asap.Task[int]) {
		t.Helper()
		for _, task := range tasks {
			for name, read := range reads(task) {
				call := strings.TrimPrefix(name, "Dep.")
				want := "asap: " + call + " of task " + task.Name() + " before the end of its group; call Group.Wait first, or use Await, or Get in a body that needs it"
				if got := recovered(read); got != want {
					t.Errorf("%s of %s: panic %v, want %s", name, task.Name(), got, want)
				}
			}
		}
	}
	virtual(t, "of what has ended in whatever way, and of what has not", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		tasks := []*asap.Task[int]{
			g.Go("done", value(1)), g.Go("slow", after(sec, 1)), g.Go("bad", fails(0, errBoom)),
			g.Go("bad", fails(0, errBoom)).Then("skipped", next), g.Go("left", value(1), asap.When(false)), g.Race("race", value(1)),
		}
		synctest.Wait()
		check(t, tasks...)
		time.Sleep(2 * sec)
		check(t, tasks...) // all have ended, but nobody has waited
		if g.Wait() == nil {
			t.Error("Wait: nil, want failures")
		}
		for _, task := range tasks {
			task.Result()
			task.Err()
		}
	})
	virtual(t, "in a body, of what it needs and of what it does not", func(t *testing.T) {
		g := asap.New(t.Context())
		a := g.Go("a", value(1))
		b := g.Go("b", value(1))
		a.Then("x", func(ctx context.Context, _ int) (int, error) { check(t, a, b); return 0, nil }, asap.After(b))
		g.Go("y", func(ctx context.Context) (int, error) {
			if _, err := a.Await(ctx); err != nil {
				t.Error(err)
			}
			check(t, a)
			return 0, nil
		})
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "in a canceled group, and beside Wait", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("slow", func(context.Context) error { time.Sleep(2 * sec); return nil })
		synctest.Wait() // slow has started: it is not skipped, it is waited for
		bad := g.Go("bad", fails(0, errBoom))
		go g.Wait()
		time.Sleep(sec)
		check(t, bad)
		g.Stop()
		wantIs(t, "bad", bad.Err(), errBoom)
	})
	virtual(t, "an Input can be read at any time, of what has ended and of a failure", func(t *testing.T) {
		g := asap.New(t.Context())
		in := g.Input("in", 7)
		if in.Value() != 7 || in.Err() != nil || in.Result() != (asap.Result[int]{Value: 7}) {
			t.Errorf("in: %v", in.Result())
		}
		g.Do("x", func(context.Context) error {
			if in.Value() != 7 {
				t.Errorf("in a body: %d", in.Value())
			}
			return nil
		})
		wantNil(t, "Wait", g.Wait())
		if in.Value() != 7 {
			t.Errorf("at the end: %d", in.Value())
		}
	})
	virtual(t, "after the end Value panics for a failure alone, and says what else there is", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		bad := g.Go("bad", fails(0, errBoom))
		skipped := bad.Then("page", next)
		ok := g.Go("ok", value(1))
		g.Wait()
		for _, task := range []*asap.Task[int]{bad, skipped} {
			got, _ := recovered(func() { task.Value() }).(string)
			if !strings.HasPrefix(got, "asap: Value of a task without one: ") || !strings.Contains(got, "bad: boom") || !strings.HasSuffix(got, "; check the error of Group.Wait, or use Result or Exit.Value") {
				t.Errorf("Value of %s: panic %s", task.Name(), got)
			}
			wantIs(t, task.Name(), task.Err(), errBoom)
			if r := task.Result(); r.Value != 0 || !errors.Is(r.Err, errBoom) {
				t.Errorf("%s: %v", task.Name(), r)
			}
		}
		if ok.Value() != 1 || ok.Err() != nil {
			t.Errorf("ok: %v", ok.Result())
		}
	})
	virtual(t, "after an exit and after Stop", func(t *testing.T) {
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		x := g.Go("x", func(context.Context) (int, error) { return 0, hit.With(1) })
		wantNil(t, "Wait", g.Wait())
		wantIs(t, "x", x.Err(), asap.ErrExited)
		wantPanic(t, "Value", func() { x.Value() }, "Exit.Value")
		s := asap.New(t.Context())
		y := s.Go("y", obeys)
		s.Stop()
		wantIs(t, "y", y.Err(), context.Canceled)
	})
}

// TestR31_Options: what an option cannot do is told at the call.
func TestR31_Options(t *testing.T) {
	g := asap.New(t.Context())
	defer g.Stop()
	other := asap.New(t.Context())
	defer other.Stop()
	a, list := g.Input("a", 1), g.Input("list", []int{1})
	b := other.Input("b", 1)
	var nilTask *asap.Task[int]
	var nilDep asap.Dep
	zero := new(asap.Task[int])
	foreign := "asap: an option of task x with task b of another group; bring it in with Go(\"b\", task.Await)"
	rows := map[string]struct {
		call func()
		want string
	}{
		"Needs nil":           {func() { asap.Needs(a, nilTask) }, "asap: Needs with a nil Task; make one with Group.Go"},
		"Needs nil Dep":       {func() { asap.Needs(nilDep) }, "asap: Needs with a nil Task; make one with Group.Go"},
		"After nil":           {func() { asap.After(nil) }, "asap: After with a nil Task; make one with Group.Go"},
		"AfterEnd zero":       {func() { asap.AfterEnd(zero) }, "asap: AfterEnd with a zero Task; make one with Group.Go"},
		"Timeout 0":           {func() { asap.Timeout(0) }, "asap: Timeout(0s); pass a duration above 0, or leave Timeout out"},
		"Within -1":           {func() { asap.Within(-1) }, "asap: Within(-1ns); pass a duration above 0, or leave Within out"},
		"Around nil":          {func() { asap.Around(nil) }, "asap: Around with a nil function; leave it out"},
		"Limit 0 of a Map":    {func() { g.Map("x", list, next, asap.Limit(0)) }, "asap: Limit(0); pass at least 1, or leave Limit out"},
		"nil option":          {func() { g.Go("x", one, nil) }, "asap: task x with a nil option; leave it out"},
		"nil option of Then":  {func() { a.Then("x", next, asap.When(true), nil) }, "asap: task x with a nil option; leave it out"},
		"nil option of a Map": {func() { g.Map("x", list, next, nil) }, "asap: task x with a nil option; leave it out"},
		"foreign Needs":       {func() { g.Go("x", one, asap.Needs(a, b)) }, foreign},
		"foreign After":       {func() { g.Do("x", none, asap.After(b)) }, foreign},
		"foreign AfterEnd":    {func() { a.Optional("x", next, asap.AfterEnd(b)) }, foreign},
		"foreign of And":      {func() { a.And(a).Then("x", sum2, asap.After(b)) }, foreign},
		"foreign of a Map":    {func() { g.Map("x", list, next, asap.Needs(b)) }, foreign},
		"foreign of Maps":     {func() { g.MapOptional("x", list, next, asap.Needs(b)) }, foreign},
		"MapOptional nil":     {func() { g.MapOptional[[]int, int, int]("x", list, nil) }, "asap: task x: MapOptional with a nil function; pass one that "},
		"MapOptional foreign": {func() { g.MapOptional("x", other.Input("bs", []int{1}), next) }, "asap: MapOptional of task x with task bs of another group; bring it in with Go(\"bs\", task.Await)"},
		"Race nil":            {func() { a.Race("x", next, nil) }, "asap: task x: Race with a nil function; pass one that "},
		"Race none":           {func() { a.Race[int]("x") }, "asap: task x: Race without functions; pass at least one"},
		"And2.Race nil":       {func() { a.And(a).Race[int]("x", nil) }, "asap: task x: Race with a nil function; pass one that "},
		"And3.Race none":      {func() { a.And(a).And(a).Race[int]("x") }, "asap: task x: Race without functions; pass at least one"},
		"zero And2.Race":      {func() { asap.And2[int, int]{}.Race("x", sum2) }, "asap: And2.Race with a nil Task; make one with Group.Go"},
		"nil Task.Race":       {func() { nilTask.Race("x", next) }, "asap: Race with a nil Task; make one with Group.Go"},
		"Err of a zero Task":  {func() { zero.Err() }, "asap: Err of a zero Task; make one with Group.Go"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			if got, ok := recovered(row.call).(string); !ok || !strings.HasPrefix(got, row.want) {
				t.Errorf("panic: %q, want %s", got, row.want)
			}
		})
	}
	t.Run("nothing is half done", func(t *testing.T) {
		x := g.Do("x", none, asap.Needs(a))
		if _, err := x.Await(t.Context()); err != nil {
			t.Errorf("Await: %v", err)
		}
		if err := g.Wait(); err != nil {
			t.Errorf("Wait: %v", fmt.Sprint(err))
		}
	})
}
