package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// weight is how much a row tells about the run.
func (x *index) weight(r row, critical map[asap.ID]bool) int64 {
	var v, top int64
	see := func(i int) {
		t := &x.run.Tasks[i]
		v = int64(add(time.Duration(v), t.Took()))
		switch {
		case bad(t.Outcome), t.Outcome == 0 && r.band == nil:
			top = 2
		case critical[t.ID]:
			top = max(top, 1)
		}
	}
	switch {
	case r.band != nil:
		for _, i := range r.band.tasks {
			see(i)
		}
	case r.task >= 0:
		see(r.task)
	}
	return min(v, 1<<61-1) + top<<61
}

// important picks the n rows that tell most: what failed or has not ended, the
// critical path, then what took longest, each with what is around it, in no more than room
// rows. What is too deep for that stands without, under its path. It keeps their order;
// left are the tasks that have no row and are in no band.
func (x *index) important(rows []row, critical map[asap.ID]bool, n, room int) (picked []row, left []int) {
	weights := make([]int64, len(rows))
	order, around := make([]int, len(rows)), make([]int, len(rows))
	var open []int // the row before, and those around it
	for i := range rows {
		order[i], weights[i], around[i] = i, x.weight(rows[i], critical), -1
		for len(open) > 0 && rows[open[len(open)-1]].depth >= rows[i].depth {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			around[i] = open[len(open)-1]
		}
		open = append(open, i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	picks := make([]bool, len(rows))
	var taken []int
	for _, o := range order {
		if n == 0 || len(taken) == room {
			break
		}
		if picks[o] {
			continue
		}
		n--
		with := len(taken)
		for up := o; up >= 0 && !picks[up] && len(taken) <= room; up = around[up] {
			taken, picks[up] = append(taken, up), true
		}
		if len(taken) > room {
			for _, up := range taken[with+1:] {
				picks[up] = false
			}
			taken = taken[:with+1]
		}
	}
	order = taken
	slices.Sort(order)
	shown := make([]bool, len(x.run.Tasks))
	depth := make([]int, len(rows)) // among what is picked
	for i, up := range around {
		if up >= 0 {
			if depth[i] = depth[up]; picks[up] {
				depth[i]++
			} else if picks[i] {
				rows[i].apart = true
			}
			if !picks[i] && rows[up].band != nil && (rows[i].band == nil || rows[i].band.sort == onTheWay) {
				rows[up].still = true
			}
		}
	}
	for _, o := range order {
		r := rows[o]
		r.depth = depth[o]
		picked = append(picked, r)
		if r.band != nil {
			for _, i := range r.band.tasks {
				shown[i] = true
			}
		} else if r.task >= 0 {
			shown[r.task] = true
		}
	}
	for i := range shown {
		if !shown[i] {
			left = append(left, i)
		}
	}
	return picked, left
}
