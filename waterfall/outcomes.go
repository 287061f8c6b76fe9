package waterfall

import (
	"slices"
	"time"
)

// outcomes are what became of the runs, one or several times each.
type outcomes struct {
	list []outcome // by makespan
	told map[toldOf]float64
	uses map[int]bool // the durations that were drawn from for canceled bodies
}

type toldOf struct {
	what assumed
	name string
}

type outcome struct {
	run          int
	part         float64 // of the run's weight
	took         time.Duration
	full, failed bool
	calls        int
	first        int // calls of what is hedged
	second       int // and second ones
}

// totals are what outcomes add up to.
type totals struct{ weight, full, failed, calls, first, second float64 }

func (o *outcomes) totals(weights []float64) (t totals) {
	for i := range o.list {
		e := &o.list[i]
		w := e.part * weights[e.run]
		t.weight += w
		t.calls += w * float64(e.calls)
		t.first += w * float64(e.first)
		t.second += w * float64(e.second)
		if e.full {
			t.full += w
		}
		if e.failed {
			t.failed += w
		}
	}
	return t
}

func (o *outcomes) percentiles(weights []float64) Percentiles {
	total := 0.0
	for i := range o.list {
		total += o.list[i].part * weights[o.list[i].run]
	}
	var p Percentiles
	sum, next := 0.0, 0
	goals := [...]struct {
		share float64
		to    *time.Duration
	}{{.5, &p.P50}, {.95, &p.P95}, {.99, &p.P99}}
	for i := range o.list {
		sum += o.list[i].part * weights[o.list[i].run]
		for next < len(goals) && sum >= goals[next].share*total*(1-1e-12) {
			*goals[next].to = o.list[i].took
			next++
		}
	}
	return p
}

// slowest is the mean of those beyond a share.
func (o *outcomes) slowest(weights []float64, share float64) float64 {
	total := 0.0
	for i := range o.list {
		total += o.list[i].part * weights[o.list[i].run]
	}
	left, sum := total*(1-share), 0.0
	for i := range slices.Backward(o.list) {
		w := min(left, o.list[i].part*weights[o.list[i].run])
		sum += w * float64(o.list[i].took)
		if left -= w; left <= 0 {
			break
		}
	}
	return sum / (total * (1 - share))
}
