package waterfall_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// recordBubble records a group in virtual time.
func recordBubble(t *testing.T, program func(ctx context.Context, g *asap.Group), options ...asap.Option) (run *waterfall.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), append(options, asap.Observe(&rec))...)
		program(t.Context(), g)
		_ = g.Wait()
		run = rec.Run()
	})
	return run
}

// deafly is a body that sleeps, whatever becomes of its context.
func deafly(d time.Duration) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return nil }
}

var errLuck = errors.New("out of luck")

// A wait with a deadline of its own has that in the record, and no other wait.
func TestDeadlineOfWait(t *testing.T) {
	await := func(ctx context.Context, d time.Duration, on *asap.Task[struct{}]) error {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		_, err := on.Await(ctx)
		return err
	}
	run := recordBubble(t, func(ctx context.Context, g *asap.Group) {
		slow := g.Do("slow", deafly(30*ms))
		g.Do("patient", func(ctx context.Context) error { time.Sleep(10 * ms); return await(ctx, 50*ms, slow) })
		g.Do("hasty", func(ctx context.Context) error { _ = await(ctx, 5*ms, slow); return nil })
		g.Do("none", func(ctx context.Context) error { _, err := slow.Await(ctx); return err })
		g.Do("canceled", func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			_, err := slow.Await(ctx)
			return err
		})
		g.Do("limited", func(ctx context.Context) error { return await(ctx, time.Hour, slow) }, asap.Timeout(time.Minute))
		_ = await(ctx, 20*ms, slow)
	})
	for task, want := range map[string]time.Duration{"patient": 60 * ms, "hasty": 5 * ms, "none": 0, "canceled": 0, "limited": 0} {
		got := time.Duration(-1)
		for _, p := range run.Task(task).Pieces {
			if p.State == waterfall.Blocked {
				got = p.Deadline
			}
		}
		if got != want {
			t.Errorf("the deadline of the wait in %s is %v, want %v", task, got, want)
		}
	}
	if w := run.Groups[0].Waits; len(w) != 1 || w[0].Deadline != 20*ms {
		t.Errorf("Groups[0].Waits = %+v, want one with the deadline 20 ms", w)
	}
	if err := run.Validate(); err != nil {
		t.Error(err)
	}
}

// A body that its wait's deadline has woken is blocked until then, and after that it is in
// the queue for its slot.
func TestQueuedAfterDeadlineOfWait(t *testing.T) {
	run := recordBubble(t, func(_ context.Context, g *asap.Group) {
		slow := g.Do("slow", deafly(60*ms))
		g.Do("hasty", func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 10*ms)
			defer cancel()
			_, _ = slow.Await(ctx)
			return nil
		})
		g.Do("busy", deafly(30*ms))
	}, asap.Limit(2))
	var got []waterfall.State
	at := time.Duration(0)
	for _, p := range run.Task("hasty").Pieces {
		if p.State == waterfall.Blocked && p.End != 10*ms || p.State == waterfall.Queued && p.End != 30*ms || p.Start != at {
			t.Errorf("%v", p)
		}
		got, at = append(got, p.State), p.End
	}
	if want := []waterfall.State{waterfall.Running, waterfall.Blocked, waterfall.Queued, waterfall.Running}; !slices.Equal(got, want) {
		t.Errorf("states %v, want %v", got, want)
	}
	sameAgain(t, "no change", run)
	p, err := run.WhatIf(waterfall.Speed("busy", 1))
	if err != nil || p.Run.Task("hasty").End() != 10*ms {
		t.Errorf("WhatIf(busy=0) = %+v, %v, want that hasty ends at 10 ms", p, err)
	}
}

// A wait that does not begin, as its context has ended, is in the record.
func TestRefusedWait(t *testing.T) {
	run := recordBubble(t, func(ctx context.Context, g *asap.Group) {
		g.Do("fails", func(context.Context) error { time.Sleep(10 * ms); return errLuck })
		slow := g.Do("slow", deafly(50*ms))
		g.Do("late", func(ctx context.Context) error { time.Sleep(20 * ms); _, err := slow.Await(ctx); return err })
	})
	late, slow := run.Task("late"), run.Task("slow")
	for _, p := range late.Pieces {
		if p.State == waterfall.Blocked && p.On == slow.ID && p.Start == 20*ms && p.Len() == 0 {
			return
		}
	}
	t.Errorf("the pieces of late are %+v, want a wait for slow among them", late.Pieces)
}

// The record has who has ended a group, also where others ended in the same instant.
func TestEndedBy(t *testing.T) {
	for _, tt := range []struct {
		name string
		body func(exit *asap.Exit[int]) error
		want string
	}{
		{"exit", func(exit *asap.Exit[int]) error { return exit.With(1) }, "it"},
		{"failure", func(*asap.Exit[int]) error { return errLuck }, "it"},
		{"nobody", func(*asap.Exit[int]) error { return nil }, ""},
	} {
		run := recordBubble(t, func(ctx context.Context, g *asap.Group) {
			exit := g.NewExit[int]()
			first := g.Do("first", deafly(10*ms))
			g.Do("other", func(ctx context.Context) error { _, err := first.Await(ctx); time.Sleep(ms); return err })
			g.Do("it", func(ctx context.Context) error { _, _ = first.Await(ctx); return tt.body(exit) })
		})
		want := asap.ID(0)
		if tt.want != "" {
			want = run.Task(tt.want).ID
		}
		if got := run.Groups[0].EndedBy; got != want {
			t.Errorf("%s: EndedBy = %d, want %d (%q)", tt.name, got, want, tt.want)
		}
	}
}

// Files of version 2 are read as they are.
func TestReadJSONVersion2(t *testing.T) {
	eachFile(t, "testdata/v2/*.json", 3, func(name, old string, run *waterfall.Run) {
		if now := strings.Replace(render(t, run, waterfall.JSON), `"version":3`, `"version":2`, 1); now != old {
			t.Errorf("%s: written again it is\n%s", name, now)
		}
	})
}
