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
	r.Groups[0].Limit = x.inferred(x.all())
	if r.Groups[0].Limit > 0 {
		return // nested scopes that are narrower cannot be told apart
	}
	for g := 1; g < len(r.Groups); g++ {
		r.Groups[g].Limit = x.inferred(x.within(x.members[g]))
	}
	for c := range r.Tasks {
		if x.container(c) {
			r.Tasks[c].Limit = x.inferred(x.within(x.children[c]))
		}
	}
}

// within is the tasks of a list and those inside them.
func (x *index) within(list []int) []int {
	out := slices.Clone(list)
	seen := make(map[int]bool, len(list)) // the parts of a Map are in its group's list as well
	for _, t := range list {
		seen[t] = true
	}
	for k := 0; k < len(out); k++ {
		for _, c := range x.children[out[k]] {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	return out
}

func (x *index) all() []int {
	all := make([]int, len(x.run.Tasks))
	for i := range all {
		all[i] = i
	}
	return all
}

// inGroup tells whether task t is in group g or in one nested in it.
func (x *index) inGroup(t, g int) bool {
	for n := 0; t >= 0 && n <= len(x.run.Tasks); n++ {
		if x.run.Tasks[t].Group == x.run.Groups[g].ID {
			return true
		}
		t = x.parent(t)
	}
	return false
}

// edge is a change in the number of running or queued bodies.
type edge struct {
	at           time.Duration
	run, waiting int
}

// inferred is the limit of a scope of tasks, or 0.
func (x *index) inferred(scope []int) int {
	var edges []edge
	cancel := x.run.Makespan // afterwards limits do not hold, by R22
	for _, i := range scope {
		t := &x.run.Tasks[i]
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
