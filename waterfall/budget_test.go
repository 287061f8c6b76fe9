package waterfall_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/waterfall"
)

// Second calls are at most the share of first ones that a budget lets them be, of all that
// is hedged together, also under a limit; a quantile is raised to what it pays for, which
// refuses nobody; and without a hedge it is nothing.
func TestBudget(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var runs, limited []*waterfall.Run
	for range 2000 {
		a, b := time.Duration(rnd.ExpFloat64()*1e9), time.Duration(rnd.ExpFloat64()*1e9)
		runs = append(runs, two(a, b))
		r := two(a, b)
		r.Groups[0].Limit = 3
		limited = append(limited, r)
	}
	for name, s := range map[string]*waterfall.Sample{"": sampleOf(t, runs), "under a limit": sampleOf(t, limited)} {
		before, _ := s.WhatIf(waterfall.HedgeAfter("a", 1e9), waterfall.HedgeAfter("b", 1e9), waterfall.Correlation(0))
		near(t, name+" without", before.Calls, math.Exp(-1), .08)
		last := before.After.P99
		for _, budget := range []float64{1, .2, .05, .01} {
			f, err := s.WhatIf(waterfall.HedgeAfter("a", 1e9), waterfall.HedgeAfter("b", 1e9), waterfall.Correlation(0), waterfall.Budget(budget))
			if err != nil {
				t.Fatal(err)
			}
			want := min(budget, before.Calls)
			if math.Abs(f.Calls-want) > .1*want+.004 {
				t.Errorf("%s, budget %v: %v more calls, want %v", name, budget, f.Calls, want)
			}
			near(t, name+" paid", 1-f.Refused, want/before.Calls, .1)
			if told := strings.Join(f.Words(), "\n"); strings.Contains(told, "nothing left") != (f.Refused > 0) {
				t.Errorf("%s, budget %v: %s", name, budget, told)
			}
			if f.After.P99 < last {
				t.Errorf("%s, budget %v: p99 %v, with a larger one %v", name, budget, f.After.P99, last)
			}
			last = f.After.P99
		}
		f, err := s.WhatIf(waterfall.Hedge("a", .5), waterfall.Hedge("b", .99), waterfall.Budget(.05))
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+" delay", f.Delays[0].Seconds(), math.Log(20), .1)
		near(t, name+" other delay", f.Delays[1].Seconds(), math.Log(100), .1)
		if f.Refused > 0 || f.Calls > .05 || !strings.HasPrefix(f.What(), "hedge a at p95 (") {
			t.Errorf("%s: %v of the calls refused, %v more, %s", name, f.Refused, f.Calls, f.What())
		}
		f, err = s.WhatIf(waterfall.Budget(.05))
		if err != nil || f.After != f.Before || f.Refused != 0 {
			t.Errorf("%s: %v, %+v, want no change", name, err, f)
		}
	}
}
