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
