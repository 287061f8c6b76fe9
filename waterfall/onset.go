package waterfall

import (
	"math"
)

const (
	// surely is the least statistic of Kolmogorov and Smirnov for a change that is
	// no luck: of all the instants that are tried together, it is one time in
	// five hundred.
	surely = 2.4
	// fewBefore and fewAfter are the least numbers of runs for a change.
	fewBefore, fewAfter = 20, 5
)

// Changed finds out since when the runs of a name take longer than before, or less
// long. Of the instants within the last hour at which a stretch of time begins, as in
// [Stats.Timeline], it is the one since which the makespans differ most from those
// of the hour before it, by the test of Kolmogorov and Smirnov (Smirnov, "Table for
// Estimating the Goodness of Fit of Empirical Distributions", Annals of Mathematical
// Statistics 19, 1948). It is false if no change is larger than what comes by
// luck, or if neither p50 nor p99 has changed by a tenth, nor the rest (see
// [Comparison.Shift]). A change of the last few runs alone is not seen: see
// [Stats.Compare].
func (s *Stats) Changed(name string) (Comparison, bool) {
	s.lock()
	defer s.unlock()
	f := s.names[name]
	if f == nil {
		return Comparison{}, false
	}
	now := s.nowLocked()
	f.ageAll(s, now.unit)
	list := f.stretches(0, Hour.levels())
	n := onset(list)
	if n == 0 {
		return Comparison{}, false
	}
	at := s.instant(now, f.beginning(n))
	c := CompareReports(f.report(Hour, s.instant(now, firstOf(Hour.levels(), now.unit)), at, list[n:]), f.report(Hour, at, now.Time, list[:n]))
	_, shifted := c.Shift()
	return c, shifted || changed(c.Before.P99, c.After.P99) || changed(c.Before.P50, c.After.P50)
}

// beginning is the unit in which the nth of the newest stretches begins.
func (f *family) beginning(n int) int64 {
	for l, list := range f.levels {
		if n <= len(list) {
			return list[len(list)-n].at * levels[l].units
		}
		n -= len(list)
	}
	return 0
}

// onset is how many of the newest stretches differ most from the rest, 0 if none
// surely do.
func onset(list []*sums) int {
	var all histogram
	for _, s := range list {
		all.merge(&s.makespan)
	}
	var since histogram
	best, most := 0, surely
	for i, s := range list {
		since.merge(&s.makespan)
		after, before := float64(since.n), float64(all.n-since.n)
		if after < fewAfter || before < fewBefore {
			continue
		}
		if d := since.distance(&all) * math.Sqrt(after*before/(after+before)); d > most {
			best, most = i+1, d
		}
	}
	return best
}

// distance is the greatest between the distribution of h, whose durations are some
// of all, and that of the others.
func (h *histogram) distance(all *histogram) float64 {
	most, mine, others := 0.0, 0, 0
	n, rest := float64(h.n), float64(all.n-h.n)
	for _, c := range all.counts {
		own := 0
		if at := h.place(c.class); at < len(h.counts) && h.counts[at].class == c.class {
			own = int(h.counts[at].n)
		}
		mine += own
		others += int(c.n) - own
		most = max(most, math.Abs(float64(mine)/n-float64(others)/rest))
	}
	return most
}
