package watch_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap/internal/watch"
)

func TestIsWanted(t *testing.T) {
	outer, _ := watch.New(&watch.Config{Labels: true}, t.Context())
	for name, test := range map[string]struct {
		c    *watch.Config
		want bool
	}{
		"no Config":      {nil, false},
		"a name alone":   {&watch.Config{Name: "g", Owner: 1}, false},
		"labels":         {&watch.Config{Labels: true}, true},
		"an observer":    {&watch.Config{Tellers: []watch.Teller{&tape{}}}, true},
		"a group around": {&watch.Config{Outer: outer}, true},
	} {
		if got := watch.IsWanted(test.c); got != test.want {
			t.Errorf("IsWanted with %s: %t, want %t", name, got, test.want)
		}
	}
}

// deps yields the numbers of dependencies.
func deps(on ...uint32) func(int) (uint32, bool) {
	return func(i int) (uint32, bool) {
		if i == len(on) {
			return 0, false
		}
		return on[i], true
	}
}

func TestGroup_Steps(t *testing.T) {
	now := time.Unix(1000, 0)
	p, boom := &tape{}, errors.New("boom")
	w, _ := watch.New(&watch.Config{Name: "page", Tellers: []watch.Teller{p}, Clock: func() time.Time { return now }}, t.Context())
	now = now.Add(1)
	a := w.Declare("a", 0, 0, nil, deps())
	race := w.Declare("race", 0, 0, nil, nil)
	part := w.Declare("race[0]", race.Number, 0, nil, deps(a.Number))
	last := w.Declare("last", 0, 0, nil, deps(a.Number, 0, race.Number, part.Number, a.Number))
	w.Ready(a, 0, 1)
	w.Start(a, t.Context(), 1, "a")
	w.EndWaits(a)
	w.Ended(a, 1, nil, 3)
	w.Ready(part, a.Number, 3)
	w.Report(part, t.Context(), 2) // who starts it has read the clock before it was ready
	w.Ended(part, 2, boom, 5)
	w.Ended(race, 2, boom, 5)
	w.Ended(last, 3, nil, 5)
	now = now.Add(8)
	end(w, 2, boom)
	p.check(t, "page", "0s GroupStart", "9ns GroupEnd")
	p.check(t, "a", "1ns Declared", "1ns Ready", "1ns Started", "3ns Ended")
	p.check(t, "race[0]", "1ns Declared 2", fmt.Sprintf("3ns Ready on %x", w.ID(a.Number)), "3ns Started", "5ns Ended")
	p.check(t, "last", "1ns Declared 2 0 3 4 2", "5ns Ended")
	for _, s := range p.steps {
		parent, task := uint64(0), uint64(0)
		switch s.Name {
		case "race[0]":
			parent, task = w.ID(race.Number), w.ID(part.Number)
		case "a":
			task = w.ID(a.Number)
		case "race":
			task = w.ID(race.Number)
		case "last":
			task = w.ID(last.Number)
		}
		if s.Group != w.GroupID() || s.Task != task || s.Parent != parent {
			t.Errorf("%s of %s: group %x, task %x, parent %x; want %x, %x, %x", kinds[s.Kind], s.Name, s.Group, s.Task, s.Parent, w.GroupID(), task, parent)
		}
	}
	if end := p.steps[len(p.steps)-1]; end.Outcome != 2 || end.Err != boom {
		t.Errorf("GroupEnd: outcome %d, %v; want 2, boom", end.Outcome, end.Err)
	}
	if race.Err() != nil {
		t.Error("an error that nobody reads is kept")
	}
	if id := w.GroupID(); id>>32 == 0 || uint32(id) != 1 || w.ID(0) != 0 {
		t.Errorf("GroupID %x, ID(0) %x; want a run and 1, 0", id, w.ID(0))
	}
}

func TestGroup_Nested(t *testing.T) {
	p, q := &tape{}, &tape{}
	outer, ctx := watch.New(&watch.Config{Name: "outer", Tellers: []watch.Teller{p}}, t.Context())
	owner := outer.Declare("owner", 0, 0, nil, nil)
	inner, _ := watch.New(&watch.Config{Name: "inner", Tellers: []watch.Teller{q}, Outer: outer, Owner: owner.Number}, ctx)
	inner.Declare("in", 0, 0, nil, nil)
	end(inner, 1, nil)
	for name, tape := range map[string]*tape{"the outer observer": p, "the inner": q} {
		if a, b := tape.of("inner"), tape.of("in"); len(a) != 2 || len(b) != 1 {
			t.Errorf("%s was told %q and %q, want a start, an end and a task", name, a, b)
		}
		for _, s := range tape.steps {
			if want := outer.ID(owner.Number); s.Group == inner.GroupID() && s.Parent != want {
				t.Errorf("%s: the parent of %s is %x, want %x, the owner", name, s.Name, s.Parent, want)
			}
		}
	}
	if len(q.of("owner")) != 0 {
		t.Error("the inner observer was told of the outer group")
	}
	if outer.GroupID()>>32 != inner.GroupID()>>32 {
		t.Error("a nested group has a run of its own")
	}
}

func TestGroup_Start(t *testing.T) {
	type span struct{}
	p := &tape{started: func(ctx context.Context, s watch.Step) context.Context {
		outer, _ := ctx.Value(span{}).(string)
		return context.WithValue(ctx, span{}, outer+"/"+s.Name)
	}}
	w, ctx := watch.New(&watch.Config{Name: "g", Tellers: []watch.Teller{p, &tape{}}}, t.Context())
	e := w.Declare("a", 0, 0, nil, nil)
	body, region := w.Start(e, ctx, 0, "a")
	defer w.BodyEnd(region)
	if got := body.Value(span{}); got != "/g/a" {
		t.Errorf("the body's context has %v, want /g/a", got)
	}
	if reader, _ := watch.New(&watch.Config{Tellers: []watch.Teller{&tape{sink: &table{}, plain: true}}}, t.Context()); reader.Calls() || !w.Calls() {
		t.Errorf("Calls: %t with a reader alone, %t with observers that are called", reader.Calls(), w.Calls())
	}
	plain, ctx := watch.New(&watch.Config{Tellers: []watch.Teller{&tape{plain: true}}}, t.Context())
	if body, _ := plain.Start(plain.Declare("a", 0, 0, nil, nil), ctx, 0, "a"); ctx != t.Context() || body != ctx {
		t.Error("nobody makes a context, and it is another one")
	}
}

func TestGroup_Labels(t *testing.T) {
	labels := func(ctx context.Context) string {
		var all []string
		pprof.ForLabels(ctx, func(k, v string) bool { all = append(all, k+"="+v); return true })
		slices.Sort(all)
		return fmt.Sprint(all)
	}
	outer, _ := watch.New(&watch.Config{Name: "o", Labels: true}, t.Context())
	for name, test := range map[string]struct {
		c       watch.Config
		want    string
		entries bool
	}{
		"a name":                     {watch.Config{Name: "g", Labels: true}, "[group=g task=a]", false},
		"an observer":                {watch.Config{Tellers: []watch.Teller{&tape{}}}, "[group= task=a]", true},
		"one that does without":      {watch.Config{Tellers: []watch.Teller{&tape{plain: true}}}, "[]", true},
		"a reader":                   {watch.Config{Tellers: []watch.Teller{&tape{sink: &table{}}}}, "[group= task=a]", true},
		"inside a group with a name": {watch.Config{Name: "i", Outer: outer}, "[group=i task=a]", false},
	} {
		t.Run(name, func(t *testing.T) {
			w, ctx := watch.New(&test.c, t.Context())
			e := w.Declare("a", 0, 0, nil, nil)
			body, region := w.Start(e, ctx, 0, "a")
			w.BodyEnd(region)
			if body != ctx && !w.Calls() {
				t.Error("Start makes a context, but Calls is false")
			}
			if got := labels(body); got != test.want || w.Labels() != (test.want != "[]") {
				t.Errorf("labels %s, Labels %t; want %s", got, w.Labels(), test.want)
			}
			if w.Entries() != test.entries || (e != nil) != test.entries || (w.GroupID() != 0) != test.entries {
				t.Errorf("Entries %t, an entry %t, GroupID %x; want %t", w.Entries(), e != nil, w.GroupID(), test.entries)
			}
			end(w, 1, nil)
		})
	}
}

// Cold places of the engine ask no one whether there is a Group.
func TestGroup_Nil(t *testing.T) {
	var w *watch.Group
	named, ctx := watch.New(&watch.Config{Labels: true}, t.Context())
	for _, w := range []*watch.Group{w, named} {
		w.Ready(nil, 0, 0)
		w.Blocked(nil, 0, 0, time.Time{})
		w.Resumed(nil, 0, 0)
		w.EndWaits(nil)
		w.Ended(nil, 0, nil, 0)
		w.BodyEnd(nil)
		if w.Now() != 0 {
			t.Error("Now is not 0")
		}
	}
	if got := named.Report(nil, ctx, 0); got != ctx {
		t.Error("Report of no entry makes a context")
	}
}
