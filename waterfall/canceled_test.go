package waterfall_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// recorded runs a group in virtual time and returns what a recorder has of it.
func recorded(t *testing.T, declare func(g *asap.Group), options ...asap.Option) *waterfall.Run {
	t.Helper()
	var run *waterfall.Run
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), append(options, asap.Observe(&rec))...)
		declare(g)
		_ = g.Wait()
		run = rec.Run()
	})
	return run
}

// hears sleeps until its context ends.
func hears(d time.Duration) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		select {
		case <-time.After(d):
			return 1, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// What a body gave up waiting for ends while it waits for something else: that
// does not wake it.
func TestWhatIfOfAWaitThatGaveUp(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		slow, slower := g.Go("slow", sleep(30*ms, 1)), g.Go("slower", sleep(50*ms, 1))
		g.Do("impatient", func(ctx context.Context) error {
			short, cancel := context.WithTimeout(ctx, 10*ms)
			defer cancel()
			if _, err := slow.Await(short); err == nil {
				t.Error("the wait for slow did not give up")
			}
			_, err := slower.Await(ctx)
			time.Sleep(10 * ms)
			return err
		})
	})
	sameAgain(t, "no change", run)
	for share, want := range map[float64]time.Duration{1: 30 * ms, 0.5: 35 * ms, -1: 110 * ms} {
		if p, err := run.WhatIf(waterfall.Speed("slower", share)); err != nil || p.Makespan != want {
			t.Errorf("WhatIf(Speed(slower, %g)) = %+v, %v, want %v", share, p, err, want)
		}
	}
}

// A group waits for no part of a Race or a Map that is left out.
func TestDropARaceAndAMap(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		g.Do("outer", func(ctx context.Context) error {
			inner := asap.New(ctx)
			inner.Race("race", hears(30*ms), hears(40*ms))
			list := inner.Go("list", func(context.Context) ([]int, error) { return []int{1, 2}, nil })
			inner.Map("map", list, func(ctx context.Context, n int) (int, error) { return sleep(20*ms, n)(ctx) })
			inner.Go("other", sleep(10*ms, 1))
			return inner.Wait()
		})
	})
	for _, row := range []struct {
		drop []string
		want time.Duration
	}{{[]string{"race"}, 20 * ms}, {[]string{"map"}, 30 * ms}, {[]string{"race", "map"}, 10 * ms}, {[]string{"outer"}, 0}} {
		var changes []waterfall.Change
		for _, name := range row.drop {
			changes = append(changes, waterfall.Drop(name))
		}
		if p, err := run.WhatIf(changes...); err != nil || p.Makespan != row.want {
			t.Errorf("WhatIf of %q dropped = %+v, %v, want %v", row.drop, p, err, row.want)
		}
	}
}

// A cancel reaches a Map and a Race through their parts, some of which do not
// look at their contexts.
func TestWhatIfOfCanceledParts(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		g.Race("deaf race", sleep(100*ms, 1), sleep(150*ms, 1))
		g.Race("race", hears(100*ms), hears(150*ms))
		list := g.Input("list", []time.Duration{100 * ms, 150 * ms})
		g.Map("deaf map", list, func(ctx context.Context, d time.Duration) (int, error) { return sleep(d, 1)(ctx) })
		g.Map("map", list, func(ctx context.Context, d time.Duration) (int, error) { return hears(d)(ctx) })
		g.Map("half map", list, func(ctx context.Context, d time.Duration) (int, error) { return hears(d - 100*ms)(ctx) })
		g.Go("early", hears(15*ms))
		g.Do("fails", func(context.Context) error { time.Sleep(20 * ms); return errors.New("no") })
	})
	sameAgain(t, "no change", run)
	p, err := run.WhatIf(waterfall.Speed("fails", .5))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		o   asap.Outcome
		end time.Duration
	}{
		"deaf race": {asap.Succeeded, 100 * ms}, "race": {asap.Canceled, 10 * ms}, "deaf map": {asap.Succeeded, 150 * ms},
		"map": {asap.Skipped, 10 * ms}, "half map": {asap.Skipped, 10 * ms}, "early": {asap.Canceled, 10 * ms},
	} {
		if got := p.Run.Task(name); got.Outcome != want.o || got.End() != want.end {
			t.Errorf("with a failure at 10 ms, %s is predicted %v until %v, want %v until %v", name, got.Outcome, got.End(), want.o, want.end)
		}
	}
}

// After a failure in a group that settles, a panic cancels the rest.
func TestWhatIfOfASettledGroupThatPanics(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		defer func() {
			if recover() == nil {
				t.Error("Wait did not raise the panic")
			}
		}()
		first := g.Optional("first", sleep(20*ms, 1))
		g.Do("fails", func(context.Context) error { time.Sleep(10 * ms); return errors.New("no") })
		first.Do("goes on", func(ctx context.Context, _ asap.Result[int]) error { _, err := hears(100 * ms)(ctx); return err })
		g.Do("panics", func(context.Context) error { time.Sleep(50 * ms); panic("lost") })
		_ = g.Wait()
	}, asap.Settled())
	sameAgain(t, "no change", run)
	if p, err := run.WhatIf(waterfall.Speed("panics", -1)); err != nil || p.Makespan != 100*ms {
		t.Errorf("WhatIf of a panic at 100 ms = %+v, %v, want 100ms", p, err)
	}
}
