package rules_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/asap-go/asap"
)

// TestR39_WithinBeforeItBegins: a task whose Within ends before its body began fails at
// that instant, whatever it waits for.
func TestR39_WithinBeforeItBegins(t *testing.T) {
	virtual(t, "a dependency runs", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Settled())
		slow := g.Go("slow", after(5*sec, 1))
		late := slow.Then("late", never1[int](t), asap.Within(2*sec))
		late.Do("next", func(context.Context, int) error { t.Error("a dependent ran"); return nil })
		g.Do("end", func(context.Context) error { c.at(t, "AfterEnd", 2*sec); return nil }, asap.AfterEnd(late))
		err := g.Wait()
		c.at(t, "Wait", 5*sec)
		wantFailed(t, err, "late")
		wantIs(t, "Wait", err, context.DeadlineExceeded)
		if errors.Is(late.Err(), asap.ErrSkipped) {
			t.Errorf("late is skipped: %v", late.Err())
		}
		if _, ok := errors.AsType[*asap.TaskError](late.Err()); !ok {
			t.Errorf("late has %v (%T)", late.Err(), late.Err())
		}
	})
	virtual(t, "it ends a group", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		slow := g.Go("slow", obeys)
		slow.Then("late", never1[int](t), asap.Within(2*sec))
		wantIs(t, "Wait", g.Wait(), context.DeadlineExceeded)
		c.at(t, "Wait", 2*sec)
	})
	virtual(t, "an Optional tolerates it", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		slow := g.Go("slow", after(5*sec, 1))
		late := slow.Optional("late", never1[int](t), asap.Within(2*sec))
		page := late.Then("page", func(_ context.Context, r asap.Result[int]) (int, error) {
			c.at(t, "page", 2*sec)
			return r.Or(7), nil
		})
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 5*sec)
		if page.Value() != 7 || !errors.Is(late.Value().Err, context.DeadlineExceeded) {
			t.Errorf("page is %d, the Optional %v", page.Value(), late.Value())
		}
	})
	virtual(t, "in a queue", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1), asap.Settled())
		g.Go("busy", after(5*sec, 1))
		synctest.Wait()
		late := g.Go("late", never(t), asap.Within(2*sec))
		g.Go("after", after(sec, 1))
		_, err := late.Await(context.Background())
		c.at(t, "Await", 2*sec)
		wantIs(t, "Await", err, context.DeadlineExceeded)
		wantFailed(t, g.Wait(), "late")
		c.at(t, "Wait", 6*sec)
	})
	virtual(t, "at the instant itself, by the last dependency or the slot", func(t *testing.T) {
		for range 20 {
			g := asap.New(t.Context(), asap.Limit(1), asap.Settled())
			a := g.Go("a", after(2*sec, 1))
			synctest.Wait()
			a.Then("b", never1[int](t), asap.Within(2*sec))
			g.Go("c", never(t), asap.Within(2*sec))
			wantFailed(t, g.Wait(), "b", "c")
		}
	})
	virtual(t, "a moment before", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		a := g.Go("a", after(2*sec-1, 1))
		b := a.Then("b", func(context.Context, int) (int, error) { time.Sleep(sec); return 2, nil }, asap.Within(2*sec))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 3*sec-1)
		if b.Value() != 2 {
			t.Errorf("b, which ignores its context: %d", b.Value())
		}
	})
	virtual(t, "in order of declaration, of each instant", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		slow := g.Go("slow", after(9*sec, 1))
		var want []string
		for _, d := range []time.Duration{3, 1, 2} {
			for i := range 10 {
				slow.Then(fmt.Sprint(d, ".", i), never1[int](t), asap.Within(d*sec))
			}
		}
		for _, d := range []time.Duration{1, 2, 3} {
			for i := range 10 {
				want = append(want, fmt.Sprint(d, ".", i))
			}
		}
		wantFailed(t, g.Wait(), want...)
	})
	virtual(t, "from the making of the group on, also in one that is nested", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Settled())
		time.Sleep(sec)
		slow := g.Go("slow", after(9*sec, 1))
		late := slow.Then("late", never1[int](t), asap.Within(2*sec))
		g.Do("nest", func(ctx context.Context) error {
			time.Sleep(3 * sec)
			in := asap.New(ctx, asap.Settled())
			s := in.Go("slow", after(9*sec, 1))
			x := s.Then("x", never1[int](t), asap.Within(2*sec))
			_, err := x.Await(context.Background())
			c.at(t, "x", 6*sec)
			wantIs(t, "x", err, context.DeadlineExceeded)
			in.Wait()
			return nil
		})
		late.Await(context.Background())
		c.at(t, "late", 2*sec)
		gone := slow.Then("gone", never1[int](t), asap.Within(sec))
		_, err := gone.Await(context.Background())
		c.at(t, "gone, declared too late", 2*sec)
		wantIs(t, "gone", err, context.DeadlineExceeded)
		wantFailed(t, g.Wait(), "late", "gone")
	})
	virtual(t, "elements of a Map", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		likes := g.MapOptional("likes", g.Input("in", []int{0, 1, 2, 3}), func(_ context.Context, i int) (int, error) {
			time.Sleep(sec)
			return i, nil
		}, asap.Limit(1), asap.Within(3*sec))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 3*sec)
		for i, r := range likes.Value() {
			if late := errors.Is(r.Err, context.DeadlineExceeded); late != (i == 3) {
				t.Errorf("likes[%d]: %v", i, r)
			}
		}
		m := asap.New(t.Context(), asap.Settled())
		slow := m.Go("slow", after(5*sec, []int{1}))
		whole := m.Map("whole", slow, func(context.Context, int) (int, error) { t.Error("an element ran"); return 0, nil }, asap.Within(sec))
		wantFailed(t, m.Wait(), "whole")
		_ = whole
	})
	virtual(t, "elements of a MapOptional whose slice is late", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		slow := g.Go("slow", after(5*sec, []int{1, 2}))
		likes := g.MapOptional("likes", slow, func(context.Context, int) (int, error) { t.Error("an element ran"); return 0, nil }, asap.Within(sec))
		page := likes.Then("page", func(_ context.Context, all []asap.Result[int]) (int, error) { return len(all), nil })
		gone := slow.Then("gone", func(ctx context.Context, list []int) (int, error) {
			late := g.MapOptional("late", g.Input("in", list), func(context.Context, int) (int, error) { t.Error("an element ran"); return 0, nil }, asap.Within(2*sec))
			all, err := late.Await(ctx)
			if err == nil {
				wantText(t, "late[1]", all[1].Err, "late[1]: within 2s")
			}
			return len(all), err
		})
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 5*sec)
		wantText(t, "likes[1]", likes.Value()[1].Err, "likes[1]: within 1s")
		if page.Value() != 2 || gone.Value() != 2 {
			t.Errorf("%d and %d elements, want 2 each", page.Value(), gone.Value())
		}
	})
	virtual(t, "it begins in time, and nothing is left", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		for i := range 100 {
			g.Go("x", after(sec, i), asap.Within(time.Hour))
		}
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", sec)
	})
	virtual(t, "the group ends first", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		slow := g.Go("slow", obeys)
		late := slow.Then("late", never1[int](t), asap.Within(2*sec))
		g.Go("bad", fails(sec, errBoom))
		wantFailed(t, g.Wait(), "bad")
		c.at(t, "Wait", sec)
		wantIs(t, "late", late.Err(), asap.ErrSkipped)
	})
	virtual(t, "one that another's end makes ready in the moment when both are late", func(t *testing.T) {
		g := asap.New(t.Context())
		slow := g.Go("slow", after(5*sec, 1))
		a := slow.Then("a", never1[int](t), asap.Within(sec), asap.MayFail())
		b := g.Go("b", never(t), asap.Within(sec), asap.AfterEnd(a))
		wantFailed(t, g.Wait(), "b")
		wantText(t, "a", a.Err(), "a: within 1s")
		wantText(t, "b", b.Err(), "b: within 1s")
	})
}

// TestR39_WithinAsADependencyFails: what is late at the instant at which it is skipped
// has failed or is skipped, and ends the group if it has failed.
func TestR39_WithinAsADependencyFails(t *testing.T) {
	for range 300 {
		synctest.Test(t, func(t *testing.T) {
			c := startClock()
			g := asap.New(t.Context(), asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
				return body(ctx)
			}))
			bad := g.Go("bad", fails(2*sec, errBoom), asap.MayFail())
			var late []*asap.Task[int]
			for i := range 4 {
				late = append(late, bad.Then(fmt.Sprint("late", i), never1[int](t), asap.Within(2*sec)))
			}
			g.Do("other", func(ctx context.Context) error {
				select {
				case <-ctx.Done():
					c.at(t, "the end", 2*sec)
				case <-time.After(9 * sec):
				}
				return nil
			})
			err := g.Wait()
			failed := false
			for _, l := range late {
				failed = failed || !errors.Is(l.Err(), asap.ErrSkipped)
			}
			if failed {
				c.at(t, "Wait", 2*sec)
			} else {
				wantNil(t, "Wait of a group in which all are skipped", err)
				c.at(t, "Wait", 9*sec)
			}
		})
	}
}

// slowToEnd is an observer that is told of a task's end for three seconds.
type slowToEnd struct{ task string }

func (slowToEnd) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }

func (o slowToEnd) Observe(e asap.Event) {
	if e.Kind == asap.Ended && e.Name == o.task {
		time.Sleep(3 * sec)
	}
}

// TestR39_WithinAsItIsSkipped: what is skipped is not late, though its end is not
// published yet.
func TestR39_WithinAsItIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Observe(slowToEnd{"late"}))
		bad := g.Go("bad", fails(sec, errBoom), asap.MayFail())
		late := bad.Then("late", never1[int](t), asap.Within(2*sec))
		g.Do("other", func(ctx context.Context) error {
			select {
			case <-ctx.Done():
			case <-time.After(9 * sec):
			}
			return ctx.Err()
		})
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 9*sec)
		wantIs(t, "late", late.Err(), asap.ErrSkipped)
	})
}

// TestR20_DeclaredLate: a group that lives on does not keep what was late when it was
// declared.
func TestR20_DeclaredLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		defer g.Wait()
		time.Sleep(2 * sec)
		gone := make([]weak.Pointer[asap.Task[int]], 0, 3)
		for range cap(gone) {
			late := g.Go("late", never(t), asap.Within(sec))
			_, err := late.Await(t.Context())
			wantIs(t, "late", err, context.DeadlineExceeded)
			gone = append(gone, weak.Make(late))
		}
		for _, p := range gone[:len(gone)-1] {
			if !collected(p) {
				t.Error("a task that was late when it was declared is kept")
			}
		}
	})
}

// TestR34_WithinOfElements: a timer that looks at the first elements of a Map while the
// last are declared is no data race, under the Around of a group either.
func TestR34_WithinOfElements(t *testing.T) {
	g := asap.New(t.Context(), asap.Settled(), asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
		return body(ctx)
	}))
	in := g.Input("in", make([]int, 2000))
	g.Map("m", in, func(context.Context, int) (int, error) { return 0, nil }, asap.Within(time.Millisecond), asap.Limit(1))
	g.Wait()
}
