package waterfall_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/asap-go/asap/waterfall"
)

func TestCompare(t *testing.T) {
	a := record(t, scripts["nested"])
	b := record(t, `
		0 group storefront
		0 declare user
		0 ready user
		0 start user
		50 end user
		0 declare checkout deps user
		50 ready checkout on user
		50 start checkout
		50 group payment in checkout
		50 declare stock
		50 ready stock
		50 start stock
		50 declare charge deps stock
		50 block checkout on payment
		80 end stock
		80 ready charge on stock
		80 start charge
		130 end charge
		130 close payment
		130 resume checkout
		140 end checkout
		140 close storefront`)
	got := waterfall.Compare(a, b)
	want := []waterfall.Delta{
		{Name: "user", InA: true, InB: true, TookA: 20 * ms, TookB: 50 * ms, CriticalA: 20 * ms, CriticalB: 50 * ms, Fix: 30 * ms},
		{Name: "checkout/charge", InA: true, InB: true, TookA: 60 * ms, TookB: 50 * ms, CriticalA: 60 * ms, CriticalB: 50 * ms, Fix: -10 * ms},
	}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("Compare() = %+v, want %+v", got, want)
	}
	if same := waterfall.Compare(a, a); len(same) != 0 {
		t.Errorf("Compare(a, a) = %+v, want nothing", same)
	}
}

// The changes add up to the difference, whatever the runs.
func TestCompareAddsUp(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		p := newPlan(rnd, 2+rnd.IntN(20), true)
		p.limit = rnd.IntN(4)
		a := p.run(t)
		p.change(rnd)
		b := p.run(t)
		var sum time.Duration
		for _, d := range waterfall.Compare(a, b) {
			sum += d.Change()
		}
		if sum != b.Makespan-a.Makespan {
			t.Errorf("seed %d: changes add up to %v, want %v − %v = %v", seed, sum, b.Makespan, a.Makespan, b.Makespan-a.Makespan)
		}
	}
}
