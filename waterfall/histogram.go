package waterfall

import (
	"math"
	"math/bits"
	"slices"
	"time"
)

// histogram counts durations in classes that grow by a factor of 2^(1/16), so
// a percentile is off by 4.5 % at most. It is bounded: 64 powers of two. There
// are some for every task of every name, so it holds little more than it must.
type histogram struct {
	counts []classCount // by class, without empty ones
	n      int
	most   time.Duration
}

type classCount struct {
	class uint16
	n     uint32
}

const (
	classesPerPower = 16
	classCountBytes = 8
)

// bounds are the lower ends of the classes of one power of two, 2^63·2^(i/16);
// guess is the class in which the durations with the same first seven bits begin.
var bounds, guess = func() (b [classesPerPower + 1]uint64, g [64]uint8) {
	for i := range classesPerPower {
		b[i] = uint64(math.Exp2(63 + float64(i)/classesPerPower))
	}
	b[classesPerPower] = math.MaxUint64
	for i, c := 0, 0; i < len(g); i++ {
		for low := uint64(64+i) << 57; b[c+1] <= low; {
			c++
		}
		g[i] = uint8(c)
	}
	return b, g
}()

// class is 0 for no time at all, and 1 + 16·log2(d) without a logarithm.
func class(d time.Duration) uint16 {
	if d < 1 {
		return 0
	}
	zeros := bits.LeadingZeros64(uint64(d))
	m := uint64(d) << zeros
	c := guess[m>>57&63]
	for m >= bounds[c+1] {
		c++
	}
	return uint16((63-zeros)*classesPerPower + int(c) + 1)
}

// add adds a duration, and returns how many bytes the histogram has grown by.
func (h *histogram) add(d time.Duration) int {
	h.most = max(h.most, d)
	return h.count(class(d), 1)
}

// count adds n durations of one class.
func (h *histogram) count(c uint16, n uint32) int {
	before := cap(h.counts)
	at := h.place(c)
	if at == len(h.counts) || h.counts[at].class != c {
		h.counts = slices.Insert(h.counts, at, classCount{class: c})
	}
	h.counts[at].n += min(n, math.MaxUint32-h.counts[at].n)
	h.n += int(n)
	return (cap(h.counts) - before) * classCountBytes
}

// place is where a class is, or is to be. Each task asks for one: no function is called.
func (h *histogram) place(c uint16) int {
	lo, hi := 0, len(h.counts)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); h.counts[mid].class < c {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// merge adds what another one has counted.
func (h *histogram) merge(o *histogram) int {
	grown := 0
	for _, c := range o.counts {
		grown += h.count(c.class, c.n)
	}
	h.most = max(h.most, o.most)
	return grown
}

// upper is the end of a class.
func upper(class uint16) time.Duration {
	if class == 0 {
		return 0
	}
	end := math.Exp2(float64(class) / classesPerPower)
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
			out[next] = min(h.most, upper(c.class))
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
	Low  time.Duration `json:"low"`
	High time.Duration `json:"high"`
	Runs int           `json:"runs"`
}

func (h *histogram) buckets() []Bucket {
	out := make([]Bucket, 0, len(h.counts))
	for _, c := range h.counts {
		b := Bucket{High: upper(c.class), Runs: int(c.n)}
		if c.class > 0 {
			b.Low = upper(c.class - 1)
		}
		out = append(out, b)
	}
	return out
}
