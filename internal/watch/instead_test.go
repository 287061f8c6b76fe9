package watch_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/asap-go/asap/internal/record"
	"github.com/asap-go/asap/internal/watch"
)

// An observer leaves a group, and what is nested in it, to others.
func TestGroup_Instead(t *testing.T) {
	other, sink := &tape{plain: true}, &table{}
	reader := &tape{sink: sink, plain: true}
	for _, test := range []struct {
		name          string
		list          func(p *tape) []watch.Teller
		own, others   bool // who is told
		read, unknown bool
	}{
		{"itself", func(p *tape) []watch.Teller { return []watch.Teller{p} }, true, false, false, false},
		{"itself and a reader", func(p *tape) []watch.Teller { return []watch.Teller{p, reader} }, true, false, true, false},
		{"another", func(*tape) []watch.Teller { return []watch.Teller{other} }, false, true, false, false},
		{"a reader", func(*tape) []watch.Teller { return []watch.Teller{reader, reader} }, false, false, true, false},
		{"nobody", func(*tape) []watch.Teller { return nil }, false, false, false, true},
		{"a panic", func(*tape) []watch.Teller { panic("boom") }, false, false, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			type key struct{}
			other.steps, sink.began, sink.ended = nil, nil, nil
			p := &tape{plain: true, started: func(ctx context.Context, s watch.Step) context.Context {
				return context.WithValue(ctx, key{}, 1)
			}}
			asked := 0
			p.instead = func(ctx context.Context, s watch.Step) []watch.Teller {
				if asked++; ctx.Value(key{}) != 1 || s.Kind != watch.GroupStart {
					t.Errorf("it was asked with %v at %v, want the context of Start", ctx, s.Kind)
				}
				return test.list(p)
			}
			outer, ctx := watch.New(&watch.Config{Tellers: []watch.Teller{p}}, t.Context())
			if ctx.Value(key{}) != 1 {
				t.Error("the group does not have the context of Start")
			}
			if test.unknown {
				if outer != nil {
					t.Error("somebody sees the group, want nobody")
				}
				return
			}
			owner := outer.Declare("owner", 0, record.Race, nil, nil)
			inner, _ := watch.New(&watch.Config{Outer: outer, Owner: owner.Number}, ctx)
			e := inner.Declare("part", 0, 0, nil, nil)
			inner.Ended(e, 1, nil, 1)
			end(inner, 1, nil)
			outer.Ended(owner, 1, nil, 1)
			end(outer, 1, nil)
			told := func(p *tape) string {
				var kinds []watch.Kind
				for _, s := range p.steps {
					if s.Kind == watch.Declared && s.Race != (s.Name == "owner") {
						t.Errorf("%s is a Race: %v", s.Name, s.Race)
					}
					kinds = append(kinds, s.Kind)
				}
				slices.Sort(kinds)
				return fmt.Sprint(kinds)
			}
			want := map[bool]string{false: "[]", true: "[1 1 2 2 7 7 8 8]"}
			if got := told(p); test.name != "a panic" && got != want[test.own] {
				t.Errorf("it was told %s, want %s", got, want[test.own])
			}
			if got := told(other); got != want[test.others] {
				t.Errorf("the other was told %s, want %s", got, want[test.others])
			}
			if got := len(sink.began) == 1 && len(sink.ended) == 1; got != test.read {
				t.Errorf("the reader was told of %v and %v", sink.began, sink.ended)
			}
			if asked != 1 {
				t.Errorf("it was asked %d times, want once", asked)
			}
		})
	}
}

// A group that nobody sees any more keeps its labels, and no step.
func TestGroup_InsteadNobodyWithLabels(t *testing.T) {
	p := &tape{plain: true, instead: func(context.Context, watch.Step) []watch.Teller { return nil }}
	w, ctx := watch.New(&watch.Config{Name: "page", Labels: true, Tellers: []watch.Teller{p}}, t.Context())
	if w == nil || !w.Labels() || w.Entries() || w.GroupID() != 0 || w.Declare("task", 0, 0, nil, nil) != nil {
		t.Fatal("want a group with labels and without entries")
	}
	inner, _ := watch.New(&watch.Config{Outer: w, Tellers: []watch.Teller{&tape{plain: true}}}, ctx)
	if !inner.Entries() {
		t.Error("nobody sees the group nested in it, which has an observer of its own")
	}
	end(inner, 1, nil)
	end(w, 1, nil)
	if len(p.steps) != 0 {
		t.Errorf("it was told %v", p.steps)
	}
}
