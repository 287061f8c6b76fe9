package waterfall_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// A Map's own limit is its own: beside it, and in a group with a wider one or with none,
// what is predicted of no change is the run, and of a change what it then takes.
func TestWhatIfOfAMapsOwnLimit(t *testing.T) {
	group := func(limit int, quote time.Duration) *waterfall.Run {
		var options []asap.Option
		if limit > 0 {
			options = append(options, asap.Limit(limit))
		}
		return recorded(t, func(g *asap.Group) {
			items := g.Input("items", []int{1, 2, 3, 4, 5, 6})
			g.Map("items", items, func(ctx context.Context, _ int) (int, error) { return sleep(15*ms, 1)(ctx) }, asap.Limit(2))
			for _, name := range []string{"user", "cart", "price"} {
				g.Go(name, sleep(20*ms, 1)).Then(name+"2", func(ctx context.Context, _ int) (int, error) { return sleep(25*ms, 1)(ctx) })
			}
			g.Go("quote", sleep(quote, 1))
		}, options...)
	}
	for _, limit := range []int{0, 4} {
		was := group(limit, 120*ms)
		sameAgain(t, "no change", was)
		want := group(limit, 60*ms).Makespan
		p, err := was.WhatIf(waterfall.Speed("quote", 0.5))
		if err != nil || p.Makespan != want || p.Baseline != was.Makespan || len(p.Assumes) > 0 {
			t.Errorf("limit %d: WhatIf(Speed(quote, 0.5)) = %+v, %v, want %v instead of %v", limit, p, err, want, was.Makespan)
		}
	}
}

// A handler awaits a task and declares others then: without that wait they would have
// been declared earlier.
func TestWhatIfOfACallerThatWaits(t *testing.T) {
	var run *waterfall.Run
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), asap.Observe(&rec))
		user := g.Go("user", sleep(80*ms, 1))
		time.Sleep(5 * ms)
		if _, err := user.Await(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * ms)
		g.Go("page", sleep(30*ms, 1))
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		run = rec.Run()
	})
	sameAgain(t, "no change", run)
	for share, want := range map[float64]time.Duration{0.5: 75 * ms, 1: 40 * ms, -1: 195 * ms} {
		if p, err := run.WhatIf(waterfall.Speed("user", share)); err != nil || p.Makespan != want || len(p.Assumes) > 0 {
			t.Errorf("WhatIf(Speed(user, %g)) = %+v, %v, want %v", share, p, err, want)
		}
	}
	gains := run.Ranking()
	if len(gains) == 0 || gains[0].Name != "user" || gains[0].Saves != 40*ms {
		t.Errorf("Ranking() = %+v, want user first, which saves 40 ms by half its time", gains)
	}
}

// What the record does not tell is said.
func TestPredictionAssumes(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		g.Race("mirror", hears(10*ms), hears(50*ms))
		g.Do("fails", func(context.Context) error { time.Sleep(20 * ms); return context.DeadlineExceeded })
		g.Go("slow", hears(100*ms)).Then("late", nop1)
	})
	tests := []struct {
		change waterfall.Change
		want   []string
	}{
		{waterfall.Speed("fails", 0.25), nil},
		{waterfall.Speed("fails", 0.6), []string{"mirror[0] returns when its context ends"}},
		{waterfall.Speed("mirror[0]", -4), []string{"mirror[1], whose context had ended, takes as long again", "mirror[0] returns when its context ends"}},
		{waterfall.Drop("fails"), []string{"slow, whose context had ended, takes as long again", "late, whose body never ran, takes as long as others"}},
	}
	for _, tt := range tests {
		p, err := run.WhatIf(tt.change)
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(p.Assumes, "\n"); len(p.Assumes) != len(tt.want) {
			t.Errorf("WhatIf(%v) assumes %q, want %q", tt.change, p.Assumes, tt.want)
		} else {
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("WhatIf(%v) assumes %q, want %q", tt.change, p.Assumes, want)
				}
			}
		}
	}
}
