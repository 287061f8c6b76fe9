package watch_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap/internal/record"
	"github.com/asap-go/asap/internal/watch"
)

func TestGroup_Panics(t *testing.T) {
	for kind := watch.GroupStart; kind <= watch.GroupEnd; kind++ {
		broken, p, far := &tape{}, &tape{}, &tape{sink: &table{}}
		broken.hook = func(s watch.Step) {
			if s.Kind == kind {
				panic("boom")
			}
		}
		w, e := body(t, broken, p, far)
		w.Blocked(e, 0, 1, time.Time{})
		w.Resumed(e, 0, 2)
		w.EndWaits(e)
		w.Ended(e, 1, nil, 3)
		end(w, 1, nil)
		if n := len(broken.steps); n != int(kind) || broken.steps[n-1].Kind != kind {
			t.Errorf("the observer that panics at %s was called %d times", kinds[kind], n)
		}
		if len(p.steps) != 8 {
			t.Errorf("the observer beside it was called %d times, want 8", len(p.steps))
		}
		want := []string{kinds[kind] + " boom"}
		if !slices.Equal(p.dropped, want) || !slices.Equal(far.dropped, want) || len(broken.dropped) != 0 {
			t.Errorf("Dropped: %q, %q, %q; want %q for the others", p.dropped, far.dropped, broken.dropped, want)
		}
	}
	p := &tape{}
	w, _ := watch.New(&watch.Config{Tellers: []watch.Teller{p, &tape{sink: &badSink{}}}}, t.Context())
	end(w, 1, nil)
	if want := []string{"GroupEnd bad"}; !slices.Equal(p.dropped, want) {
		t.Errorf("Dropped for a reader: %q, want %q", p.dropped, want)
	}
}

type badSink struct{ table }

func (*badSink) Ended(*record.Table, any) { panic("bad") }

func TestGroup_Readers(t *testing.T) {
	r, s := &table{}, &table{}
	outer, ctx := watch.New(&watch.Config{Tellers: []watch.Teller{&tape{sink: r, plain: true}}}, t.Context())
	owner := outer.Declare("owner", 0, 0, nil, nil)
	inner, _ := watch.New(&watch.Config{Outer: outer, Owner: owner.Number, Tellers: []watch.Teller{&tape{sink: r, plain: true}, &tape{sink: s, plain: true}}}, ctx)
	boom := errors.New("boom")
	for i := range 300 { // more than a few chunks
		e := inner.Declare(fmt.Sprint(i), 0, 0, nil, nil)
		inner.Ended(e, 2, boom, 1)
	}
	end(inner, 2, boom)
	for name, sink := range map[string]*table{"outer": r, "inner": s} {
		seen := make(map[uint32]bool)
		sink.t.Each(func(e *record.Entry, state uint32) {
			if seen[e.Number] {
				t.Errorf("number %d is twice in the table", e.Number)
			}
			seen[e.Number] = true
			if state&record.SeenEnded != 0 && e.Err() != boom {
				t.Errorf("number %d has the error %v, want boom", e.Number, e.Err())
			}
		})
		if len(seen) != 303 || sink.t.Run != uint32(outer.GroupID()>>32) {
			t.Errorf("%s: %d entries of run %x, want 303 of %x", name, len(seen), sink.t.Run, outer.GroupID()>>32)
		}
	}
	group := func(w *watch.Group) string { return fmt.Sprint([]uint32{uint32(w.GroupID())}) }
	if fmt.Sprint(s.began) != group(inner) || fmt.Sprint(s.ended) != group(inner) || fmt.Sprint(r.began) != group(outer) || len(r.ended) != 0 {
		t.Errorf("groups that began and ended: outer %v %v, inner %v %v", r.began, r.ended, s.began, s.ended)
	}
	end(outer, 1, nil)
	if fmt.Sprint(r.ended) != group(outer) {
		t.Errorf("the outer reader was told of the end of %v", r.ended)
	}
}

// The observer's own waits, in a call, are told after it.
func TestWaits_ObserverThatWaits(t *testing.T) {
	p := &tape{}
	w, e := body(t, p)
	p.hook = func(s watch.Step) {
		if s.Kind == watch.Blocked && s.At == 1 {
			w.Resumed(e, w.ID(7), 2)
			w.Blocked(e, w.ID(8), 3, time.Time{})
			w.Resumed(e, w.ID(8), 4)
		}
	}
	w.Blocked(e, w.ID(7), 1, time.Time{})
	p.check(t, "body", p.of("body")[0], "0s Ready", began, fmt.Sprintf("1ns Blocked on %x", w.ID(7)), "2ns Resumed",
		fmt.Sprintf("3ns Blocked on %x", w.ID(8)), "4ns Resumed")
}
