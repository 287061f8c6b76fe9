package waterfall

import (
	"math"
	"slices"
	"time"
)

// histogram counts durations in classes that grow by a factor of 2^(1/16), so
// a percentile is off by 4.5 % at most. It is bounded: 64 powers of two. There
// is one for every task of every name, so it holds little more than it must.
type histogram struct {
	counts []classCount // by class, without empty ones
	n      int
	most   time.Duration
}

type classCount struct {
	class uint16
	n     uint32
}

const classesPerPower = 16

func class(d time.Duration, perPower float64) uint16 {
	if d < 1 {
		return 0
	}
	return uint16(1 + math.Log2(float64(d))*perPower)
}

func (h *histogram) add(d time.Duration) {
	c := class(d, classesPerPower)
	at, found := slices.BinarySearchFunc(h.counts, c, func(a classCount, c uint16) int { return int(a.class) - int(c) })
	if !found {
		h.counts = slices.Insert(h.counts, at, classCount{class: c})
	}
	h.counts[at].n += min(1, math.MaxUint32-h.counts[at].n)
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
	for _, c := range h.counts {
		sum += int(c.n)
		for next < len(shares) && sum >= int(math.Ceil(shares[next]*float64(h.n))) {
			out[next] = min(h.most, upper(c.class, classesPerPower))
			next++
		}
	}
	for ; next < len(shares); next++ {
		out[next] = h.most
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
	for _, c := range h.counts {
		b := Bucket{High: upper(c.class, classesPerPower), Runs: int(c.n)}
		if c.class > 0 {
			b.Low = upper(c.class-1, classesPerPower)
		}
		out = append(out, b)
	}
	return out
}
