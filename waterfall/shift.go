package waterfall

import (
	"math"
	"time"
)

// Shift is how many runs take longer than a time, after a change and before it: of those
// that are fast or slow, more may be slow though no percentile has moved, as p50 is among
// the fast ones and p99 among the slow ones all the same.
type Shift struct {
	Than          time.Duration
	Before, After int
}

// Shift returns the time at which the share of runs that take longer differs most. It is
// false if that is less than a twentieth of the runs, if luck makes as much of so many
// runs (by the test of Kolmogorov and Smirnov, as [Stats.Changed] does), or if it makes
// less than a tenth of the mean, in which what is beyond p99 before counts as that: a run
// that is a thousand times as long is no change of the others.
func (c Comparison) Shift() (Shift, bool) {
	before, after := c.Before.Buckets, c.After.Buckets
	n, m := float64(c.Before.Runs), float64(c.After.Runs)
	if n < fewBefore || m < fewAfter {
		return Shift{}, false
	}
	var s Shift
	most, was, is := 0.0, 0, 0 // runs that were and are no longer than
	for len(before) > 0 || len(after) > 0 {
		var at time.Duration
		switch {
		case len(after) == 0 || len(before) > 0 && before[0].High < after[0].High:
			at, was, before = before[0].High, was+before[0].Runs, before[1:]
		case len(before) == 0 || after[0].High < before[0].High:
			at, is, after = after[0].High, is+after[0].Runs, after[1:]
		default:
			at, was, is, before, after = before[0].High, was+before[0].Runs, is+after[0].Runs, before[1:], after[1:]
		}
		if d := math.Abs(float64(was)/n - float64(is)/m); d > most {
			most, s = d, Shift{at, c.Before.Runs - was, c.After.Runs - is}
		}
	}
	most *= math.Sqrt(n * m / (n + m))
	cut := c.Before.P99
	return s, most > surely && 20*math.Abs(float64(s.Before)/n-float64(s.After)/m) >= 1 && changed(c.Before.upTo(cut), c.After.upTo(cut))
}

// upTo is the mean makespan, of runs that took longer than a time as if they had taken
// that.
func (r *Report) upTo(most time.Duration) time.Duration {
	sum := 0.0
	for _, b := range r.Buckets {
		sum += float64(b.Runs) * float64(min(most, b.High))
	}
	return time.Duration(sum / float64(max(1, r.Runs)))
}
