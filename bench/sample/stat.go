package sample

import (
	"math"
	"slices"
)

// Quantile is the q-quantile of xs, 0 ≤ q ≤ 1, by linear interpolation
// between the two nearest of the sorted values (Hyndman and Fan's type 7).
// It is NaN if there are none.
func Quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(xs))
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

// Median is the middle of xs.
func Median(xs []float64) float64 { return Quantile(xs, 0.5) }

// Ratios divides round by round: what a busy machine does to one round it
// does to both. It stops at the shorter.
func Ratios(xs, base []float64) []float64 {
	n := min(len(xs), len(base))
	rs := make([]float64, n)
	for i := range n {
		rs[i] = xs[i] / base[i]
	}
	return rs
}
