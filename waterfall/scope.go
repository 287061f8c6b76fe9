package waterfall

import (
	"slices"
	"time"
)

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

// edge is a change in the number of running or queued bodies.
type edge struct {
	at           time.Duration
	run, waiting int
}
