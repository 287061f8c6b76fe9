package waterfall

import (
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

// percentile is the upper end of the class in which the share p of all
// durations, from the shortest on, is reached; never more than the longest.
func (h *histogram) percentile(p float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	classes := make([]uint16, 0, len(h.counts))
	for c := range h.counts {
		classes = append(classes, c)
	}
	slices.Sort(classes)
	left := int(math.Ceil(p * float64(h.n)))
	for _, c := range classes {
		if left -= h.counts[c]; left <= 0 {
			if c == 0 {
				return 0
			}
			return min(h.most, time.Duration(math.Exp2(float64(c)/classesPerPower)))
		}
	}
	return h.most
}
