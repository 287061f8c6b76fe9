package waterfall

import (
	"maps"
	"math"
	"slices"
	"time"
)

// histogram counts durations in classes that grow by a factor of 2^(1/16), so
// a percentile is off by 4.5 % at most. It is bounded: 64 powers of two.
type histogram struct {
	counts map[uint16]int
	n      int
	most   time.Duration
}

const classesPerPower = 16

func class(d time.Duration, perPower float64) uint16 {
	if d < 1 {
		return 0
	}
	return uint16(1 + math.Log2(float64(d))*perPower)
}

func (h *histogram) add(d time.Duration) {
	if h.counts == nil {
		h.counts = make(map[uint16]int)
	}
	h.counts[class(d, classesPerPower)]++
	h.n++
	h.most = max(h.most, d)
}

// upper is the end of a class.
func upper(class uint16, perPower float64) time.Duration {
	if class == 0 {
		return 0
	}
	end := math.Exp2(float64(class) / perPower)
	if end >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(end)
}

// percentiles are the upper ends of the classes in which the shares of all
// durations, from the shortest on, are reached; never more than the longest.
// The shares ascend.
func (h *histogram) percentiles(shares ...float64) []time.Duration {
	out := make([]time.Duration, len(shares))
	sum, next := 0, 0
	for _, c := range slices.Sorted(maps.Keys(h.counts)) {
		sum += h.counts[c]
		for next < len(shares) && sum >= int(math.Ceil(shares[next]*float64(h.n))) {
			out[next] = min(h.most, upper(c, classesPerPower))
			next++
		}
	}
	return out
}

// Bucket counts the runs of a [Report] that took at least Low and less than
// High. Each is 2^(1/16) times as wide as the one before, 4.4 %.
type Bucket struct {
	Low, High time.Duration
	Runs      int
}

func (h *histogram) buckets() []Bucket {
	out := make([]Bucket, 0, len(h.counts))
	for _, c := range slices.Sorted(maps.Keys(h.counts)) {
		b := Bucket{High: upper(c, classesPerPower), Runs: h.counts[c]}
		if c > 0 {
			b.Low = upper(c-1, classesPerPower)
		}
		out = append(out, b)
	}
	return out
}
