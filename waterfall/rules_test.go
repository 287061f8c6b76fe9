package waterfall_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// fails is deafly with a failure.
func fails(d time.Duration) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return errLuck }
}

// then is a body that sleeps, awaits, and sleeps again if that was well.
func then[T any](before time.Duration, on *asap.Task[T], after time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		time.Sleep(before)
		if _, err := on.Await(ctx); err != nil {
			return err
		}
		time.Sleep(after)
		return nil
	}
}

// What random programs have shown of the rules that a prediction keeps, each as a small
// program with a task slow: it is run, predicted with another time of that task, and run
// with that.
func TestPredictsByTheRules(t *testing.T) {
	for _, tt := range []struct {
		name    string
		was, is time.Duration
		says    string // all that it assumes
		options []asap.Option
		run     func(g *asap.Group, slow time.Duration)
	}{
		{name: "a wait comes to its own deadline", was: 30 * ms, is: 60 * ms, says: "asks goes on when a wait of it has come to its deadline",
			run: softly},
		{name: "a wait no longer comes to its own deadline", was: 60 * ms, is: 30 * ms, run: softly},
		{name: "who has ended the group, and not who ended in that instant", was: 15 * ms, is: 30 * ms, run: func(g *asap.Group, slow time.Duration) {
			exit := g.NewExit[int]()
			first := g.Do("first", deafly(20*ms))
			g.Do("other", then(15*ms, first, 0))
			g.Do("slow", func(ctx context.Context) error {
				if err := then(slow, first, 0)(ctx); err != nil {
					return err
				}
				return exit.With(1)
			})
			g.Do("next", deafly(70*ms), asap.After(first))
		}},
		{name: "what the finisher runs next has begun when the group ends", was: 40 * ms, is: 20 * ms, options: []asap.Option{asap.Limit(2)}, run: func(g *asap.Group, slow time.Duration) {
			it := g.Do("slow", fails(slow), asap.MayFail())
			g.Do("waits", then(10*ms, it, 0))
			g.Do("next", deafly(50*ms), asap.AfterEnd(it))
		}},
		{name: "a nested group fails by what is skipped in it", was: 60 * ms, is: 20 * ms, says: "around/n1 does not look at its context, as others do not",
			run: func(g *asap.Group, slow time.Duration) {
				g.Do("slow", fails(slow))
				g.Do("around", func(ctx context.Context) error {
					in := asap.New(ctx)
					n1 := in.Do("n1", deafly(30*ms))
					in.Do("n2", deafly(10*ms), asap.After(n1))
					err := in.Wait()
					if err == nil {
						time.Sleep(100 * ms)
					}
					return err
				})
			}},
		{name: "a nested group that an exit has ended has not failed", was: 10 * ms, is: 20 * ms, run: func(g *asap.Group, slow time.Duration) {
			g.Do("around", func(ctx context.Context) error {
				in := asap.New(ctx, asap.Settled())
				exit := in.NewExit[int]()
				in.Do("bad", fails(5*ms))
				in.Do("slow", func(context.Context) error { time.Sleep(slow); return exit.With(1) })
				err := in.Wait()
				if err == nil {
					time.Sleep(30 * ms)
				}
				return err
			})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			record := func(slow time.Duration) *waterfall.Run {
				return recordBubble(t, func(_ context.Context, g *asap.Group) { tt.run(g, slow) }, tt.options...)
			}
			was, is := usual(tt.was, record), usual(tt.is, record)
			p, err := was.WhatIf(waterfall.Speed("slow", 1-float64(tt.is)/float64(tt.was)))
			if err != nil {
				t.Fatal(err)
			}
			if p.Makespan != is.Makespan {
				t.Errorf("the prediction is %v and the run %v\n%s\n%s", p.Makespan, is.Makespan, p.Run.Text(100, false), is.Text(100, false))
			}
			if says := strings.Join(p.Assumes, "; "); says != tt.says {
				t.Errorf("it assumes %q, want %q", says, tt.says)
			}
		})
	}
}

// usual is a run that takes as long as most of nine do: what happens in one instant
// may come in another order now and then.
func usual(slow time.Duration, record func(time.Duration) *waterfall.Run) (run *waterfall.Run) {
	alike := make(map[time.Duration]int)
	for range 9 {
		r := record(slow)
		if alike[r.Makespan]++; run == nil || alike[r.Makespan] > alike[run.Makespan] {
			run = r
		}
	}
	return run
}

// softly waits with a deadline and goes on.
func softly(g *asap.Group, slow time.Duration) {
	on := g.Do("slow", deafly(slow))
	g.Do("asks", func(ctx context.Context) error {
		soft, cancel := context.WithTimeout(ctx, 40*ms)
		defer cancel()
		_, _ = on.Await(soft)
		time.Sleep(50 * ms)
		return nil
	})
}

// A body whose wait no longer fails goes on, as in another run, also after the end of its
// context if it does not look at that.
func TestPredictWaitThatNoLongerFails(t *testing.T) {
	record := func(other time.Duration, fail func(time.Duration) func(context.Context) error) *waterfall.Run {
		return recordBubble(t, func(_ context.Context, g *asap.Group) {
			g.Do("fails", fail(10*ms))
			on := g.Do("other", deafly(other))
			g.Do("late", then(20*ms, on, 70*ms))
		})
	}
	was, is, known := record(40*ms, fails), record(15*ms, fails), record(40*ms, deafly)
	s, err := waterfall.NewSample(known)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Predict(was, waterfall.Speed("other", 1-15./40))
	if err != nil || p.Makespan != is.Makespan {
		t.Errorf("Predict() = %v, %v; want %v", p, err, is.Makespan)
	}
	if p, err = was.WhatIf(waterfall.Speed("other", 1-15./40)); err != nil || !strings.Contains(strings.Join(p.Assumes, " "), "late, which a failed wait had ended") {
		t.Errorf("WhatIf() = %+v, %v; want it to say what it assumes of late", p, err)
	}
}
