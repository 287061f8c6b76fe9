package asaptest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
)

// call is one call of an observer.
type call struct {
	start bool
	e     asap.Event
}

// recorded is a whole run: group 1 with tasks 2 (user) and 3 (page, after user).
func recorded() []call {
	at := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	group := asap.Event{Kind: asap.GroupStart, Group: 1, Name: "shop"}
	event := func(k asap.Kind, task asap.ID, name string, ms int) asap.Event {
		return asap.Event{Kind: k, Group: 1, Task: task, Name: name, At: at(ms)}
	}
	page := event(asap.Declared, 3, "page", 1)
	page.Deps = []asap.ID{2}
	ready := event(asap.Ready, 3, "page", 5)
	ready.On = 2
	blocked := event(asap.Blocked, 3, "page", 6)
	blocked.On = 2
	ended := func(task asap.ID, name string, ms int) asap.Event {
		e := event(asap.Ended, task, name, ms)
		e.Outcome = asap.Succeeded
		return e
	}
	end := event(asap.GroupEnd, 0, "shop", 9)
	end.Outcome = asap.Succeeded
	return []call{
		{true, group}, {false, group},
		{false, event(asap.Declared, 2, "user", 0)}, {false, event(asap.Ready, 2, "user", 0)},
		{false, page},
		{true, event(asap.Started, 2, "user", 1)}, {false, event(asap.Started, 2, "user", 1)},
		{false, ended(2, "user", 5)}, // 7
		{false, ready},
		{true, event(asap.Started, 3, "page", 5)}, {false, event(asap.Started, 3, "page", 5)}, // 9, 10
		{false, blocked}, {false, event(asap.Resumed, 3, "page", 7)}, // 11, 12
		{false, ended(3, "page", 9)}, {false, end}, // 13, 14
	}
}

// wait adds a wait of the group's own for user, at the given place and instant.
func wait(c []call, at, ms int) []call {
	e := asap.Event{Group: 1, Name: "shop", At: time.Duration(ms) * time.Millisecond}
	blocked, resumed := e, e
	blocked.Kind, blocked.On, resumed.Kind = asap.Blocked, 2, asap.Resumed
	return slices.Insert(c, at, call{false, blocked}, call{false, resumed})
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(c []call) []call
		say    string // "" for no breach
	}{
		{"nothing", func(c []call) []call { return nil }, ""},
		{"a whole run", func(c []call) []call { return c }, ""},
		{"no GroupStart", func(c []call) []call { return slices.Delete(c, 0, 2) }, "before GroupStart"},
		{"no Start of the group", func(c []call) []call { return slices.Delete(c, 0, 1) }, "before Start of the group"},
		{"GroupEnd is missing", func(c []call) []call { return c[:14] }, "the group has not ended"},
		{"a task has not ended", func(c []call) []call { return slices.Delete(c, 13, 14) }, `before task "page" has ended`},
		{"GroupEnd too early", func(c []call) []call { return slices.Insert(c, 13, c[14]) }, `before task "page" has ended`},
		{"GroupEnd twice", func(c []call) []call { return append(c, c[14]) }, "after GroupEnd"},
		{"Ready before the dependency's end", func(c []call) []call { c[7], c[8] = c[8], c[7]; return c }, "a dependency has not ended before"},
		{"Ready twice", func(c []call) []call { return slices.Insert(c, 9, c[8]) }, "out of order: the task is ready"},
		{"never Ready", func(c []call) []call { return slices.Delete(c, 8, 9) }, "Start is called when the task is not ready"},
		{"no Start of the task", func(c []call) []call { return slices.Delete(c, 9, 10) }, "without Start before it"},
		{"Started twice", func(c []call) []call { return slices.Insert(c, 11, c[10]) }, "out of order: the task is running"},
		{"Start for Ended", func(c []call) []call { c[13].start = true; return c }, "Start is called for GroupStart and Started alone"},
		{"never resumed", func(c []call) []call { return slices.Delete(c, 12, 13) }, "out of order: the task is blocked"},
		{"resumed twice", func(c []call) []call { return slices.Insert(c, 13, c[12]) }, "out of order: the task is running"},
		{"a step after Ended", func(c []call) []call { return slices.Insert(c, 14, c[12]) }, "after Ended"},
		{"Ended twice", func(c []call) []call { return slices.Insert(c, 14, c[13]) }, "after Ended"},
		{"declared twice", func(c []call) []call { return slices.Insert(c, 3, c[2]) }, "out of order: the task is declared"},
		{"not declared", func(c []call) []call { return slices.Delete(c, 4, 5) }, "before Declared"},
		{"time goes back", func(c []call) []call { c[12].e.At = time.Millisecond; return c }, "at 1ms, but the step before it was at 6ms"},
		{"the group ends before its task", func(c []call) []call { c[14].e.At = time.Millisecond; return c }, `at 1ms, but task "page" ended at 9ms`},
		{"the outermost starts late", func(c []call) []call { c[0].e.At, c[1].e.At = 1, 1; return c }, "want 0 for the outermost group"},
		{"unknown dependency", func(c []call) []call { c[4].e.Deps = []asap.ID{7}; return c }, "a dependency is not a task"},
		{"Ready on another", func(c []call) []call { c[8].e.On = 1; return c }, "On is not a dependency"},
		{"Blocked on nothing known", func(c []call) []call { c[11].e.On = 9; return c }, "On is neither a task nor a group"},
		{"unknown Parent", func(c []call) []call { c[4].e.Parent = 9; return c }, "Parent is neither"},
		{"IDs of two runs", func(c []call) []call { c[4].e.Task |= 1 << 32; return c[:5] }, "of another run than its group's"},
		{"IDs with a gap", func(c []call) []call {
			for i := range c {
				if c[i].e.Task == 3 {
					c[i].e.Task = 4
				}
			}
			return c
		}, "has 3 groups and tasks, but IDs up to 4"},
		{"no Outcome", func(c []call) []call { c[13].e.Outcome = 0; return c }, "without an Outcome"},
		{"success with an error", func(c []call) []call { c[13].e.Err = errDown; return c }, "Outcome Succeeded with the error down"},
		{"failure without one", func(c []call) []call { c[13].e.Outcome = asap.Failed; return c }, "Outcome Failed with the error <nil>"},
		{"failure of nobody", func(c []call) []call { c[13].e.Outcome, c[13].e.Err = asap.Failed, errDown; return c }, "Outcome Failed with the error down"},
		{"skipped after it ran", func(c []call) []call { c[13].e.Outcome, c[13].e.Err = asap.Skipped, asap.ErrSkipped; return c }, "Skipped, but its body ran"},
		{"the group's failure without an error", func(c []call) []call { c[14].e.Outcome = asap.Failed; return c }, "Outcome Failed without an error"},
		{"the group's error without failure", func(c []call) []call { c[14].e.Err = errDown; return c }, `Outcome Succeeded with the error "down"`},
		{"waits of the group", func(c []call) []call { return wait(wait(c, 13, 5), 9, 2) }, ""},
		{"a wait of the group for nothing known", func(c []call) []call { c = wait(c, 9, 2); c[9].e.On = 9; return c }, "On is neither a task of the group nor a group"},
		{"a wait of the group that goes on", func(c []call) []call { return slices.Delete(wait(c, 9, 2), 10, 11) }, "out of order"},
		{"a wait of the group that never began", func(c []call) []call { return slices.Delete(wait(c, 9, 2), 9, 10) }, "out of order"},
		{"a wait after the group's end", func(c []call) []call { return wait(c, 15, 10) }, "after GroupEnd"},
		{"an event of no group", func(c []call) []call { c[4].e.Group = 0; return c }, "without a group"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var events asaptest.Events
			events.Exact()
			for _, c := range test.change(recorded()) {
				if c.start {
					events.Start(t.Context(), c.e)
				} else {
					events.Observe(c.e)
				}
			}
			err := events.Check()
			if test.say == "" && err != nil {
				t.Errorf("Check = %v, want nil", err)
			}
			if test.say != "" && (err == nil || !strings.Contains(err.Error(), test.say)) {
				t.Errorf("Check = %v, want an error with %q", err, test.say)
			}
		})
	}
}

// The contract of Observer: one that panics is dropped, and the others see all.
func TestPanickingObserverIsDropped(t *testing.T) {
	var events asaptest.Events
	bad := &badObserver{fault: "panics"}
	g := asap.New(t.Context(), asap.Observe(bad), asap.Observe(&events))
	g.Input("in", 1).Then("user", takes(0)).Then("page", takes(0))
	if err := g.Wait(); err != nil {
		t.Errorf("Wait = %v, want nil", err)
	}
	if n := bad.calls.Load(); n != 1 {
		t.Errorf("the observer that panicked was called %d times, want once", n)
	}
	if err := events.Check(); err != nil {
		t.Error(err)
	}
}

// badObserver breaks what an observer has to keep to.
type badObserver struct {
	fault string
	calls atomic.Int32
}

func (b *badObserver) Start(ctx context.Context, e asap.Event) context.Context {
	b.calls.Add(1)
	switch b.fault {
	case "panics":
		panic("no span")
	case "forgets the context":
		return context.Background()
	case "returns nil":
		return nil
	case "cuts the context off":
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (b *badObserver) Observe(e asap.Event) {
	switch {
	case b.fault == "sleeps":
		time.Sleep(time.Millisecond)
	case b.fault == "panics at the end" && e.Kind == asap.GroupEnd:
		panic(errors.New("no span"))
	}
}
