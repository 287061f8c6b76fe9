package waterfall

import (
	"slices"
	"time"
)

// peak is the greatest number of bodies that ran at the same time.
func (r *Run) peak() int {
	var edges []edge
	for i := range r.Tasks {
		for _, p := range r.Tasks[i].Pieces {
			if p.State == Running && p.Len() > 0 {
				edges = append(edges, edge{p.Start, 1, 0}, edge{p.End, -1, 0})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.run - b.run // ends first: one that hands over does not count twice
	})
	n, most := 0, 0
	for _, e := range edges {
		n += e.run
		most = max(most, n)
	}
	return most
}

// work is T1, the time of all bodies together.
func (r *Run) work() time.Duration {
	var sum time.Duration
	for i := range r.Tasks {
		sum += r.Tasks[i].Took()
	}
	return sum
}
