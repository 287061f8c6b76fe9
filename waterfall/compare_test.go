package waterfall_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap"
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

// Under a limit the changes, and the shares of a Stats, are those of who held the slots.
func TestSharesUnderALimit(t *testing.T) {
	calls := func(third time.Duration) *waterfall.Run {
		return pathRun(t, func(t *testing.T, g *asap.Group) {
			for i, d := range []time.Duration{10 * ms, 50 * ms, third, 20 * ms} {
				g.Go("call"+string(rune('A'+i)), sleep(d, 1))
			}
		}, asap.Name("calls"), asap.Limit(2))
	}
	a, b := calls(15*ms), calls(65*ms) // B beside A, C and D; then A and C beside B and D
	got := map[string]time.Duration{}
	for _, d := range waterfall.Compare(a, b) {
		got[d.Name] = d.Change()
	}
	if want := map[string]time.Duration{"callA": 10 * ms, "callB": -50 * ms, "callC": 65 * ms}; !maps.Equal(got, want) {
		t.Errorf("Compare() says %v, want %v", got, want)
	}
	var stats waterfall.Stats
	stats.Add(b)
	for _, task := range stats.Reports(waterfall.SinceStart)[0].Tasks {
		want := map[string]float64{"callA": 10. / 75, "callC": 65. / 75}[task.Name]
		if share := task.Share; share < want-1e-9 || share > want+1e-9 {
			t.Errorf("the share of %s is %g, want %g", task.Name, share, want)
		}
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

// What is folded in pictures is one in a comparison: which of two hundred elements had
// the slots says nothing.
func TestCompareFolds(t *testing.T) {
	catalog := func(each time.Duration) *waterfall.Run {
		return pathRun(t, func(t *testing.T, g *asap.Group) {
			items := make([]int, 60)
			for i := range items {
				items[i] = i * 7 % 5
			}
			g.Map("price", g.Input("items", items), func(_ context.Context, n int) (int, error) {
				time.Sleep(each + time.Duration(n)*ms)
				return n, nil
			}, asap.Limit(8)).Do("page", func(context.Context, []int) error { time.Sleep(5 * ms); return nil })
			g.Map("few", g.Input("two", []int{1, 2}), func(_ context.Context, n int) (int, error) { time.Sleep(each); return n, nil })
		})
	}
	a, b := catalog(10*ms), catalog(15*ms)
	deltas := waterfall.Compare(a, b)
	var names []string
	for _, d := range deltas {
		names = append(names, d.Name)
	}
	if want := []string{"price[]", "few[0]", "few[1]"}; !slices.Equal(names, want) {
		t.Fatalf("Compare() is about %v, want %v", names, want)
	}
	if d := deltas[0]; d.Change() != b.Makespan-a.Makespan || d.TookB-d.TookA != 300*ms || d.Fix <= 0 {
		t.Errorf("price[] is %+v, of a difference of %v", d, b.Makespan-a.Makespan)
	}
}
