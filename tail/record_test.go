package tail_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/asap-go/asap/tail"
)

// TestQuantile: of what has happened it is the quantile, within the width of a class.
func TestQuantile(t *testing.T) {
	var s tail.Survival
	for i := 1; i <= 1000; i++ {
		s.Add(time.Duration(i)*ms, true)
	}
	for q, want := range map[float64]time.Duration{.5: 500 * ms, .9: 900 * ms, .95: 950 * ms, .99: 990 * ms, .999: 999 * ms} {
		if got := s.Quantile(q); got < want || float64(got) > 1.045*float64(want) {
			t.Errorf("quantile %v = %v, want %v or at most 4.5 %% more", q, got, want)
		}
	}
}

// TestCensored: what was cut short by something that has nothing to do with it does not
// change the quantiles, which leaving it out, or taking it as an end, would.
func TestCensored(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var all, cut tail.Survival
	for range 200_000 {
		d := time.Duration(r.ExpFloat64() * float64(50*ms))
		all.Add(d, true)
		by := 60*ms + time.Duration(r.ExpFloat64()*float64(50*ms)) // as of a second call
		cut.Add(min(d, by), d <= by)
	}
	for _, q := range []float64{.5, .9, .95, .99} {
		a, b := all.Quantile(q), cut.Quantile(q)
		if ratio := float64(b) / float64(a); ratio < .91 || ratio > 1.1 {
			t.Errorf("quantile %v = %v with what was cut short, %v without", q, b, a)
		}
	}
}

// TestOnlyCensored: when nobody knows, it is the longest that was seen.
func TestOnlyCensored(t *testing.T) {
	var s tail.Survival
	if got := s.Quantile(.9); got > 1 {
		t.Errorf("quantile of nothing = %v", got)
	}
	for range 100 {
		s.Add(30*ms, false)
	}
	s.Add(40*ms, false)
	if got, want := s.Quantile(.9), tail.Upper(40*ms); got != want {
		t.Errorf("quantile = %v, want %v", got, want)
	}
}

// TestUpper: a class has its durations, to the nanosecond.
func TestUpper(t *testing.T) {
	for d := time.Duration(1); d < 200*time.Hour; d += d/7 + 1 {
		if up := tail.Upper(d); up < d-1 || float64(up) > 1.0443*float64(d)+1 {
			t.Errorf("Upper(%d) = %d", d, up)
		}
	}
}
