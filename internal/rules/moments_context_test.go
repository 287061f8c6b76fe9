package rules_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// cutter gives each body a context with an end of its own.
type cutter struct {
	t    *testing.T
	name string
}

func (c cutter) Start(ctx context.Context, e asap.Event) context.Context {
	if e.Name != c.name {
		return ctx
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	c.t.Cleanup(cancel)
	return ctx
}
func (cutter) Observe(asap.Event) {}

// TestR3_NestedInAnObserversEnd: a group nested in a body whose context an observer ends
// starts nothing after that, and its sleeping bodies are told (R3, R7, R12a).
func TestR3_NestedInAnObserversEnd(t *testing.T) {
	virtual(t, "before it is made", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Observe(cutter{t, "body"}))
		g.Do("body", func(ctx context.Context) error {
			<-ctx.Done()
			in := asap.New(ctx)
			in.Go("x", never(t))
			wantIs(t, "Wait", in.Wait(), context.DeadlineExceeded)
			return nil
		})
		g.Wait()
	})
	virtual(t, "while a body sleeps", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Observe(cutter{t, "body"}))
		slow := g.Go("slow", after(time.Minute, 1))
		g.Do("body", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("x", slow.Await)
			wantIs(t, "Wait", in.Wait(), context.DeadlineExceeded)
			c.at(t, "Wait", time.Second)
			return nil
		})
		g.Wait()
	})
	virtual(t, "deadline", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Observe(cutter{t, "body"}))
		g.Do("body", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Do("x", func(ctx context.Context) error {
				if _, ok := ctx.Deadline(); !ok {
					t.Error("no deadline")
				}
				return nil
			})
			return in.Wait()
		})
		wantNil(t, "Wait", g.Wait())
	})
}

// TestR3_NestedInAGroupThatIsEnding: what is nested in a group that has begun to end ends
// before the context of the group around is seen dead, whoever ends that (R3, R12a).
func TestR3_NestedInAGroupThatIsEnding(t *testing.T) {
	virtual(t, "", func(t *testing.T) {
		made, ending, told := make(chan struct{}), make(chan struct{}), make(chan struct{})
		g := asap.New(t.Context(), asap.Observe(edgeHolds(func(e asap.Event) {
			if e.Kind == asap.Ended && e.Name == "fails" { // middle has an end, and inner has not
				close(ending)
				<-told
			}
		})))
		g.Do("around", func(ctx context.Context) error {
			middle := asap.New(ctx)
			middle.Do("body", func(ctx context.Context) error {
				inner := asap.New(ctx)
				close(made)
				<-ctx.Done()
				inner.Go("late", never(t))
				synctest.Wait()
				close(told)
				inner.Wait()
				return nil
			})
			middle.Do("fails", func(context.Context) error { <-made; return errors.New("boom") })
			return middle.Wait()
		})
		<-ending
		g.Stop()
	})
}

// TestR35_CauseAfterTheEnd: the context of a group that has ended by itself has a cause as
// soon as it has an error (R35).
func TestR35_CauseAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var kept context.Context
	g := asap.New(ctx)
	g.Do("x", func(ctx context.Context) error { kept = ctx; return nil })
	wantNil(t, "Wait", g.Wait())
	if err, cause := kept.Err(), context.Cause(kept); !errors.Is(err, context.Canceled) || cause != err {
		t.Errorf("Err %v, Cause %v", err, cause)
	}
	derived, cancel2 := context.WithCancel(kept)
	defer cancel2()
	if err := derived.Err(); err == nil {
		t.Error("derived after the end: no error")
	}
}

// TestR35_NestedWithValue: a group that is made with a context derived by WithValue has the
// value, and ends with the group around it (R35).
func TestR35_NestedWithValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		g := asap.New(t.Context(), asap.Settled())
		g.Do("body", func(ctx context.Context) error {
			in := asap.New(context.WithValue(ctx, key{}, 7))
			in.Do("x", func(ctx context.Context) error {
				if ctx.Value(key{}) != 7 {
					t.Error("no value")
				}
				<-ctx.Done()
				return nil
			})
			return in.Wait()
		})
		synctest.Wait()
		g.Stop()
	})
}
