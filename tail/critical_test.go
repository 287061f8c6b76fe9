package tail_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// page is a run of a group with a task that is slow one time in twenty and decides how
// long the run takes then, one that is as slow and never does, and one that always takes 40 ms.
func page(ctx context.Context, r *rand.Rand, stats *waterfall.Stats, h *tail.Hedger) time.Duration {
	start := time.Now()
	g := asap.New(ctx, asap.Name("home"), asap.Observe(stats))
	latency := func(most time.Duration) func(context.Context) (int, error) {
		var took []time.Duration
		for range 2 {
			took = append(took, 10*ms+time.Duration(r.IntN(5))*ms)
			if r.IntN(20) == 0 {
				took[len(took)-1] = most
			}
		}
		return new(calls).took(took)
	}
	ads := latency(400 * ms)
	tips := latency(30 * ms)
	a := g.Go("ads", ads, h)
	g.Go("tips", tips, h)
	g.Go("base", func(ctx context.Context) (int, error) { return 0, sleep(ctx, 40*ms) })
	a.Do("render", func(ctx context.Context, _ int) error { return sleep(ctx, ms) })
	g.Wait()
	return time.Since(start)
}

// TestCritical: only what makes slow runs slow is called twice, also for as long as that is
// why it does not.
func TestCritical(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := tail.Hedge(tail.At(.9), tail.Share(.2), tail.Critical(stats))
		r := rand.New(rand.NewPCG(3, 4))
		slow := func(n int) (slow int) {
			for range n {
				if page(t.Context(), r, stats, h) > 100*ms {
					slow++
				}
			}
			return slow
		}
		if n := slow(100); n < 2 {
			t.Fatalf("%d slow runs of the first 100, want some", n)
		}
		slow(100)
		rounds := 10 // of 1,000 runs each, which take 50 s
		if raceEnabled {
			rounds = 3
		}
		for i := range rounds {
			n := slow(1000)
			d := h.Decisions()
			if len(d) != 2 || d[0].Task != "ads" || d[1].Task != "tips" {
				t.Fatalf("%+v", d)
			}
			if !d[0].Hedge || n > 25 {
				t.Errorf("round %d: %d slow runs of 1000, %+v", i, n, d[0])
			}
			if d[1].Hedge || d[1].Hedged > 0 {
				t.Errorf("round %d: %+v, want no second calls of what is never waited for", i, d[1])
			}
		}
	})
}

// TestCriticalNames: until there are statistics it is the names.
func TestCriticalNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := tail.Hedge(tail.After(20*ms), tail.Share(1), tail.Critical(stats, "b"))
		g := asap.New(t.Context(), asap.Observe(stats))
		for _, name := range []string{"a", "b", "c"} {
			var c calls
			g.Go(name, c.took([]time.Duration{time.Second, ms}), h)
		}
		g.Wait()
		for _, d := range h.Decisions() {
			if want := d.Task == "b"; d.Hedge != want || d.Hedged != map[bool]int64{true: 1}[want] {
				t.Errorf("%+v, want only b called twice", d)
			}
		}
	})
}

// TestNoLonger: what has become quick is no longer called twice.
func TestNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		h := tail.Hedge(tail.After(50*ms), tail.Share(1), tail.Critical(stats))
		one := func(ads time.Duration) {
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats))
			var c calls
			g.Go("ads", c.took([]time.Duration{ads, ms}), h)
			g.Go("base", func(ctx context.Context) (int, error) { return 0, sleep(ctx, 30*ms) })
			g.Wait()
		}
		for range 500 {
			one(100 * ms)
		}
		if d := h.Decisions()[0]; !d.Hedge || d.Won < 300 {
			t.Errorf("%+v, want it called twice", d)
		}
		for range 6000 { // three minutes
			one(5 * ms)
		}
		if d := h.Decisions()[0]; d.Hedge {
			t.Errorf("%+v, want it called once", d)
		}
	})
}
