package tail_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// TestPredicted: what runs without a Hedger predict of one with a budget is what comes.
func TestPredicted(t *testing.T) {
	for _, test := range []struct {
		name    string
		hedge   func() *tail.Hedger
		changes []waterfall.Change
	}{
		{"quantile", func() *tail.Hedger { return tail.Hedge(tail.At(.8), tail.Share(.05)) },
			[]waterfall.Change{waterfall.Hedge("a", .8), waterfall.Hedge("b", .8), waterfall.Budget(.05)}},
		{"fixed", func() *tail.Hedger { return tail.Hedge(tail.After(20*ms), tail.Share(.05)) },
			[]waterfall.Change{waterfall.HedgeAfter("a", 20*ms), waterfall.HedgeAfter("b", 20*ms), waterfall.Budget(.05)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				took := func() time.Duration { return time.Duration(float64(10*ms) * math.Exp(r.NormFloat64()*.9)) }
				page := func(n int, options ...asap.TaskOption) *waterfall.Stats {
					stats := new(waterfall.Stats)
					for range n {
						g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats))
						var a, b calls
						g.Go("a", a.took([]time.Duration{took(), took()}), options...)
						g.Go("b", b.took([]time.Duration{took(), took()}), options...)
						g.Do("other", func(context.Context) error { return nil })
						wait(t, g)
					}
					return stats
				}
				f, err := page(3000).Sample("home", waterfall.SinceStart).WhatIf(test.changes...)
				if err != nil {
					t.Fatal(err)
				}
				h := test.hedge()
				page(500, h) // to learn from
				before, n, _ := hedged(h)
				stats := page(6000, h)
				all, second, refused := hedged(h)
				got := float64(second-n) / float64(all-before)
				want := f.Calls * 3 / 2 // of three bodies two are hedged
				p99, _ := stats.Percentile("home", waterfall.SinceStart, .99)
				if math.Abs(got-want) > .01 || got > .0505 {
					t.Errorf("%.4f more calls, predicted %.4f", got, want)
				}
				if math.Abs(float64(p99)/float64(f.After.P99)-1) > .12 {
					t.Errorf("p99 %v, predicted %v, before %v", p99, f.After.P99, f.Before.P99)
				}
				if share := float64(refused) / float64(refused+second); math.Abs(share-f.Refused) > .1 {
					t.Errorf("%.3f refused, predicted %.3f", share, f.Refused)
				}
			})
		})
	}
}
