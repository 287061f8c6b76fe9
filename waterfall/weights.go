package waterfall

import (
	"math"
	"slices"
)

// weigh shares out the runs of a histogram to some of them: those of a class to whoever
// is of it, or else to those of the next class below and above, by how near it is. The
// runs come with the slowest first.
func weigh(h *histogram, runs []*kept) []float64 {
	weights := make([]float64, len(runs))
	if len(runs) == 0 {
		return weights
	}
	type span struct{ class, from, to int }
	var have []span // the slowest first
	for i, k := range runs {
		if c := int(class(k.Makespan)); len(have) == 0 || have[len(have)-1].class != c {
			have = append(have, span{c, i, i + 1})
		} else {
			have[len(have)-1].to = i + 1
		}
	}
	give := func(to span, n float64) {
		for i := to.from; i < to.to; i++ {
			weights[i] += n / float64(to.to-to.from)
		}
	}
	for _, c := range h.counts {
		at, found := slices.BinarySearchFunc(have, int(c.class), func(s span, class int) int { return class - s.class })
		n := float64(c.n)
		switch {
		case found:
			give(have[at], n)
		case at == 0:
			give(have[0], n)
		case at == len(have):
			give(have[at-1], n)
		default:
			above, below := have[at-1], have[at]
			part := float64(int(c.class)-below.class) / float64(above.class-below.class)
			give(above, n*part)
			give(below, n*(1-part))
		}
	}
	return weights
}

// luck is a share from 0 to 1 that depends on nothing but what it is for: so two
// questions meet the same luck, and one that is asked twice gets the same answer.
func luck(run, task, draw, what int) float64 {
	x := uint64(run)<<40 ^ uint64(task)<<16 ^ uint64(draw)<<4 ^ uint64(what)
	for range 2 { // splitmix64
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return (float64(x>>11) + .5) / (1 << 53)
}

// normalized are the weights of runs that were multiplied each by a number, with those of
// a class adding up to what they did.
func (s *Sample) normalized(by func(run int) float64) []float64 {
	out := make([]float64, len(s.runs))
	var before, after [66]float64
	for i, r := range s.runs {
		out[i] = r.weight * by(i)
		before[r.class] += r.weight
		after[r.class] += out[i]
	}
	for i, r := range s.runs {
		if r.class > 0 && after[r.class] > 0 {
			out[i] *= before[r.class] / after[r.class]
		}
	}
	return out
}

// resampled are weights as if other runs had been recorded, by luck: each run weighs an
// exponentially distributed part more or less, which is the Bayesian bootstrap.
func (s *Sample) resampled(round int) []float64 {
	return s.normalized(func(run int) float64 { return -math.Log(luck(run, round, 0, 3)) })
}
