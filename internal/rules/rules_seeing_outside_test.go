package rules_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// Who waits for a task outside of any body is seen in the group's own waits.
func TestR24_WaitsOutsideOfBodies(t *testing.T) {
	virtual(t, "a caller that awaits, and then declares more", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Name("page"), asap.Observe(p))
		user := g.Go("user", after(2*sec, 1))
		time.Sleep(sec)
		if _, err := user.Await(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(sec)
		user.Await(t.Context()) // done: a moment
		user.Then("page", inc)
		wantNil(t, "Wait", g.Wait())
		user.Await(t.Context()) // the group has ended: nobody is told
		p.complete()
		p.check("user", "0s Declared", "0s Ready", "0s Started", "2s Ended Succeeded")
		// The task and the group have one name: those of the group have no Task.
		var got []string
		for _, e := range p.events {
			if e.Task == 0 {
				got = append(got, e.At.String()+" "+e.Kind.String()+" "+e.Name+" "+p.names[e.On])
			}
		}
		want := []string{"0s GroupStart page ", "1s Blocked page user", "2s Resumed page ", "3s Blocked page user", "3s Resumed page ", "3s GroupEnd page "}
		if !slices.Equal(got, want) {
			t.Errorf("events of the group = %q, want %q", got, want)
		}
	})
	virtual(t, "several at once, and one that gives up", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Name("page"), asap.Observe(p))
		a, b := g.Go("a", after(2*sec, 1)), g.Go("b", after(4*sec, 1))
		ctx, cancel := context.WithTimeout(t.Context(), sec)
		defer cancel()
		go b.Await(t.Context())
		go func() { time.Sleep(time.Nanosecond); a.Await(ctx) }()
		synctest.Wait()
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("page", "0s GroupStart", "0s Blocked on b", "4s Resumed", "4s GroupEnd Succeeded")
	})
	virtual(t, "cut by the end of the waiter's context", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Name("page"), asap.Observe(p))
		a := g.Go("a", after(2*sec, 1))
		ctx, cancel := context.WithTimeout(t.Context(), sec)
		defer cancel()
		if _, err := a.Await(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Await = %v", err)
		}
		if _, err := a.Await(ctx); !errors.Is(err, context.DeadlineExceeded) { // no wait begins
			t.Errorf("Await = %v", err)
		}
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("page", "0s GroupStart", "0s Blocked on a", "1s Resumed", "2s GroupEnd Succeeded")
	})
	virtual(t, "of a nested group, by the body around and by somebody else", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Name("outer"), asap.Observe(p))
		g.Do("task", func(ctx context.Context) error {
			nested := asap.New(ctx, asap.Name("inner"))
			in := nested.Go("in", after(2*sec, 1))
			go in.Await(context.Background())
			time.Sleep(sec)
			in.Await(ctx)
			return nested.Wait()
		})
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("outer", "0s GroupStart", "2s GroupEnd Succeeded")
		p.check("inner", "0s GroupStart", "0s Blocked on in", "2s Resumed", "2s GroupEnd Succeeded")
		p.check("task", "0s Declared", "0s Ready", "0s Started", "1s Blocked on in", "2s Resumed", "2s Blocked on inner", "2s Resumed", "2s Ended Succeeded")
	})
}
