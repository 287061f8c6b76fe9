package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// inferLimits finds the limits that were reached: no event tells them. A scope
// had the limit n if n of its bodies, and never more, ran whenever one of them
// was queued. With busy processors and no limit that is their number, which
// then was the limit indeed.
func inferLimits(r *Run) {
	if len(r.Groups) == 0 {
		return
	}
	x := r.index()
	r.Groups[0].Limit = x.inferred(func(int) bool { return true })
	if r.Groups[0].Limit > 0 {
		return // nested scopes that are narrower cannot be told apart
	}
	for g := 1; g < len(r.Groups); g++ {
		r.Groups[g].Limit = x.inferred(func(t int) bool { return x.inGroup(t, g) })
	}
	for c := range r.Tasks {
		if x.container(c) {
			r.Tasks[c].Limit = x.inferred(func(t int) bool { return x.inTask(t, c) })
		}
	}
}

func (x *index) inGroup(t, g int) bool {
	for n := 0; t >= 0 && n <= len(x.run.Tasks); n++ {
		if x.run.Tasks[t].Group == x.run.Groups[g].ID {
			return true
		}
		t = x.parent(t)
	}
	return false
}

func (x *index) inTask(t, c int) bool {
	for n := 0; t >= 0 && n <= len(x.run.Tasks); n++ {
		if t = x.parent(t); t == c {
			return true
		}
	}
	return false
}

// edge is a change in the number of running or queued bodies.
type edge struct {
	at           time.Duration
	run, waiting int
}

func (x *index) inferred(in func(t int) bool) int {
	var edges []edge
	cancel := x.run.Makespan // afterwards limits do not hold, by R22
	for i := range x.run.Tasks {
		t := &x.run.Tasks[i]
		if !in(i) {
			continue
		}
		if bad(t.Outcome) || t.Outcome == asap.Exited {
			cancel = min(cancel, t.End())
		}
		for _, p := range t.Pieces {
			switch {
			case p.Len() == 0:
			case p.State == Running:
				edges = append(edges, edge{p.Start, 1, 0}, edge{p.End, -1, 0})
			case p.State == Queued:
				edges = append(edges, edge{p.Start, 0, 1}, edge{p.End, 0, -1})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Compare(a.at, b.at) })
	var at, queued time.Duration
	full := make(map[int]time.Duration) // time with something queued, by bodies running
	run, waiting, peak := 0, 0, 0
	for _, e := range edges {
		if d := min(e.at, cancel) - at; d > 0 {
			peak = max(peak, run)
			if waiting > 0 {
				full[run] += d
				queued += d
			}
		}
		at = max(at, e.at)
		run += e.run
		waiting += e.waiting
	}
	if queued == 0 || queued < x.run.Makespan/200 || full[peak] < queued-queued/50 {
		return 0
	}
	return peak
}
