package tail

import "time"

// Survival is a record of durations, for tests of the estimator.
type Survival struct{ s survival }

func (s *Survival) Add(d time.Duration, happened bool) { s.s.add(d, happened) }

func (s *Survival) Quantile(q float64) time.Duration { return quantileOf(q, &s.s) }

// Upper is the longest duration of the class of d: what d is reported as at most.
func Upper(d time.Duration) time.Duration { return upper(classOf(d)) }
