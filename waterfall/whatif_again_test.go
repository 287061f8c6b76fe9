package waterfall_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// A run is simulated as it was, so a change is predicted exactly. Each program has a task
// "apart" that hangs on d.
func TestSimulatedAsItWas(t *testing.T) {
	wait := func(on *asap.Task[struct{}]) func(context.Context) error {
		return func(ctx context.Context) error { _, err := on.Await(ctx); return err }
	}
	for name, program := range map[string]func(ctx context.Context, g *asap.Group, d time.Duration){
		// What an expired Within makes ready was made so by an end, and goes first.
		"order after a Within": func(_ context.Context, g *asap.Group, d time.Duration) {
			busy := g.Do("busy", deafly(50*ms))
			g.Do("first declared", deafly(40*ms))
			late := g.Optional("late", func(context.Context) (int, error) { return 0, nil }, asap.Within(20*ms), asap.After(busy))
			g.Do("goes first", deafly(30*ms), asap.AfterEnd(late))
			g.Do("apart", deafly(d))
		},
		// A body that goes on without a slot, as its group has ended, gives none back.
		"without a slot": func(_ context.Context, g *asap.Group, d time.Duration) {
			db := asap.SharedLimit(1)
			g.Optional("outer", func(ctx context.Context) (int, error) {
				in := asap.New(ctx)
				in.Do("middle", func(ctx context.Context) error {
					deep := asap.New(ctx)
					deep.Do("inner", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
					return deep.Wait()
				})
				return 0, in.Wait()
			}, db, asap.Within(20*ms))
			g.Do("second", deafly(30*ms), db)
			g.Do("third", deafly(40*ms), db)
			g.Do("apart", deafly(d))
		},
		// A body whose time was over before its group ended fails for that, which is tolerated.
		"the first reason": func(_ context.Context, g *asap.Group, d time.Duration) {
			slow := g.Optional("slow", func(ctx context.Context) (int, error) { time.Sleep(40 * ms); return 0, ctx.Err() }, asap.Timeout(10*ms))
			g.Do("fails", func(context.Context) error { time.Sleep(20 * ms); return errLuck })
			g.Do("goes on", func(ctx context.Context) error {
				time.Sleep(50 * ms)
				if _, err := slow.Await(ctx); err != nil {
					return err
				}
				time.Sleep(100 * ms)
				return nil
			})
			g.Do("apart", deafly(d))
		},
		// What was canceled did not make the caller declare something.
		"declared as others are canceled": func(_ context.Context, g *asap.Group, d time.Duration) {
			g.Do("apart", deafly(d))
			g.Go("heard", hears(70*ms))
			time.Sleep(30 * ms)
			g.Do("late", deafly(ms), asap.Within(10*ms))
		},
		// A body that the deadline of its wait has woken is in the queue from then on.
		"queued after a deadline": func(_ context.Context, g *asap.Group, d time.Duration) {
			db := asap.SharedLimit(1)
			slow := g.Do("slow", deafly(100*ms))
			g.Do("hasty", func(ctx context.Context) error {
				c, cancel := context.WithTimeout(ctx, 10*ms)
				defer cancel()
				_ = wait(slow)(c)
				time.Sleep(20 * ms)
				return nil
			}, db)
			g.Do("apart", deafly(4*d), db)
			g.Do("last", deafly(50*ms), db)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var options []asap.Option
			if strings.HasPrefix(name, "order") {
				options = append(options, asap.Limit(1))
			}
			was := recordBubble(t, func(ctx context.Context, g *asap.Group) { program(ctx, g, 10*ms) }, options...)
			real := recordBubble(t, func(ctx context.Context, g *asap.Group) { program(ctx, g, 5*ms) }, options...)
			p, err := was.WhatIf(waterfall.Speed("apart", .5))
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(p.Assumes, "\n"); strings.Contains(text, "the run as it was") {
				t.Errorf("it assumes %q", text)
			}
			for i := range real.Tasks {
				want := &real.Tasks[i]
				if got := p.Run.Task(want.Name); got.Start() != want.Start() || got.End() != want.End() || got.Outcome != want.Outcome {
					t.Errorf("%s: predicted %v to %v, %v, want %v to %v, %v", want.Name, got.Start(), got.End(), got.Outcome, want.Start(), want.End(), want.Outcome)
				}
			}
		})
	}
}

// A body whose time is over while it waits for a slot to go on returns when it has that, if
// it looks at its context.
func TestWhatIfOfTimeThatIsOverInTheQueue(t *testing.T) {
	program := func(busy time.Duration) *waterfall.Run {
		return recordBubble(t, func(_ context.Context, g *asap.Group) {
			db := asap.SharedLimit(1)
			never := g.Do("long", deafly(80*ms))
			g.Optional("limited", func(ctx context.Context) (int, error) {
				c, cancel := context.WithTimeout(ctx, 5*ms)
				defer cancel()
				_, _ = never.Await(c)
				return hears(5 * ms)(ctx)
			}, asap.Timeout(30*ms), db)
			g.Do("busy", deafly(busy), db)
			g.Do("last", deafly(40*ms), db)
		})
	}
	p, err := program(20 * ms).WhatIf(waterfall.Speed("busy", -1))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range program(40 * ms).Tasks {
		if got := p.Run.Task(want.Name); got.End() != want.End() || got.Outcome != want.Outcome {
			t.Errorf("%s: predicted until %v, %v, want %v, %v", want.Name, got.End(), got.Outcome, want.End(), want.Outcome)
		}
	}
	if !slices.Contains(p.Assumes, "limited returns when its context ends") {
		t.Errorf("Assumes = %q", p.Assumes)
	}
}

// How long a body takes that never began is unknown also where no other has ended by itself.
func TestWhatIfWithoutAnythingTypical(t *testing.T) {
	run := recordBubble(t, func(_ context.Context, g *asap.Group) {
		first := g.Go("first", hears(50*ms))
		g.Go("limited", hears(50*ms), asap.Needs(first), asap.Within(20*ms))
		g.Go("never", hears(50*ms), asap.Needs(first))
	})
	if p, err := run.WhatIf(waterfall.Drop("first")); err != nil || len(p.Assumes) == 0 {
		t.Errorf("WhatIf(first=0) = %v after %v, and it assumes nothing", err, p.Makespan)
	}
}

// A body that runs on for a while after the end of its context has not looked at it, also
// in a run of an hour.
func TestWhatIfInALongRun(t *testing.T) {
	run := recordBubble(t, func(_ context.Context, g *asap.Group) {
		g.Do("long", deafly(time.Hour))
		g.Race("mirror",
			func(context.Context) (int, error) { time.Sleep(30 * ms); return 1, nil },
			func(ctx context.Context) (int, error) { time.Sleep(80 * ms); return 0, ctx.Err() })
	})
	p, err := run.WhatIf(waterfall.Speed("mirror[0]", .5))
	if err != nil || p.Run.Task("mirror[1]").End() != 80*ms {
		t.Errorf("WhatIf() = %v, and mirror[1] ends after %v, want 80 ms", err, p.Run.Task("mirror[1]").End())
	}
}
