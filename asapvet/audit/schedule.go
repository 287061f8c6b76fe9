package audit

import "math"

// stretch is when a call runs, in milliseconds.
type stretch struct{ start, end float64 }

// schedule starts each call when those that it needs have ended.
func schedule(calls []Call, took []float64) (list []stretch, total float64) {
	list = make([]stretch, len(calls))
	for i, c := range calls {
		start := 0.0
		for _, n := range c.Needs {
			start = max(start, list[n].end)
		}
		list[i] = stretch{start, start + took[i]}
		total = max(total, list[i].end)
	}
	return list, total
}

// oneByOne starts each call when the one before has ended.
func oneByOne(took []float64) (list []stretch, total float64) {
	for _, t := range took {
		list = append(list, stretch{total, total + t})
		total += t
	}
	return list, total
}

// measure fills in what a site's calls took, from what they took in each call of the
// function. The end of what runs at once is the mean of the ends, not the end of the
// means: of two calls that take turns in being slow, each is the slow one.
func (s *Site) measure(samples [][]float64, min float64) {
	s.Count = len(samples)
	if s.Count == 0 {
		return
	}
	n := float64(s.Count)
	s.after = make([]stretch, len(s.Calls))
	for _, took := range samples {
		_, before := oneByOne(took)
		list, after := schedule(s.Calls, took)
		s.Before += before / n
		s.After += after / n
		for i := range s.Calls {
			s.Calls[i].MS += took[i] / n
			s.after[i].start += list[i].start / n
			s.after[i].end += list[i].end / n
		}
	}
	s.Saves = rounded(s.Before - s.After)
	s.Before, s.After = rounded(s.Before), rounded(s.After)
	for i := range s.Calls {
		s.Calls[i].MS = rounded(s.Calls[i].MS)
	}
	s.worth = s.twoLong(min)
	s.Levels = s.levels(min)
}

// rounded is a number of milliseconds without what is less than a microsecond.
func rounded(ms float64) float64 { return math.Round(ms*1000) / 1000 }

// twoLong tells whether two calls that do not need each other take min at least.
func (s *Site) twoLong(min float64) bool {
	for j := range s.Calls {
		for i := range j {
			if s.Calls[i].MS >= min && s.Calls[j].MS >= min && !s.reaches(j, i) {
				return true
			}
		}
	}
	return false
}

func (s *Site) reaches(j, i int) bool {
	for _, n := range s.Calls[j].Needs {
		if n == i || s.reaches(n, i) {
			return true
		}
	}
	return false
}

// levels counts the calls that come one after the other, before and after; of those
// that are measured, only the ones that take min at least.
func (s *Site) levels(min float64) (levels [2]int) {
	of := make([]int, len(s.Calls))
	for i, c := range s.Calls {
		for _, n := range c.Needs {
			of[i] = max(of[i], of[n])
		}
		if c.MS >= min || s.Count == 0 {
			of[i]++
			levels[0]++
		}
		levels[1] = max(levels[1], of[i])
	}
	return levels
}
