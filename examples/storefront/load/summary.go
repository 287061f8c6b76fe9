package load

import (
	"math"
	"slices"
	"time"
)

// Summary is what a load showed.
type Summary struct {
	Requests      int
	Failed        int // have no part in the percentiles
	P50, P95, P99 time.Duration
	Late          time.Duration // how long the unluckiest request waited for a place
}

// Summarize counts samples and takes the percentiles of their latencies.
func Summarize(samples []Sample) Summary {
	s := Summary{Requests: len(samples)}
	var ok []time.Duration
	for _, x := range samples {
		s.Late = max(s.Late, x.Sent-x.Due)
		if x.Err != nil {
			s.Failed++
			continue
		}
		ok = append(ok, x.Latency())
	}
	slices.Sort(ok)
	s.P50, s.P95, s.P99 = percentile(ok, 50), percentile(ok, 95), percentile(ok, 99)
	return s
}

// percentile is the nearest rank: the smallest value such that p percent of
// all are not above it. Of nothing it is 0.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}
