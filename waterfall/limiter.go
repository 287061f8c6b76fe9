package waterfall

import (
	"cmp"
	"container/heap"
)

// limiter counts the slots of one limit in a simulation, by the engine's
// rules: a body takes a slot of each level, from its own to the outermost, and
// queues where there is none. Those that go on after a wait come first; then
// those that start, by rank, and of one rank those that another's end made
// ready.
type limiter struct {
	free   int
	up     *limiter
	raised bool // of the outermost: some rank under it is higher than its group's

	woken []int
	ready placeHeap
	left  int // of ready, without the places that were left for a higher one
	turn  int // of the last that came to start
}

// place is that of a task in a queue; the task may have another by now.
type place struct {
	task, turn, rank int
	byEnd            bool
}

type placeHeap []place

func (h placeHeap) Len() int      { return len(h) }
func (h placeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h placeHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	if a.rank == b.rank && a.byEnd != b.byEnd {
		return a.byEnd
	}
	return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.turn, b.turn)) < 0
}
func (h *placeHeap) Push(x any) { *h = append(*h, x.(place)) }
func (h *placeHeap) Pop() any {
	p := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return p
}

func (l *limiter) waited() bool { return len(l.woken)+l.left > 0 }

// contended tells whether anybody waits at l or above.
func (l *limiter) contended() bool {
	for ; l != nil; l = l.up {
		if l.waited() {
			return true
		}
	}
	return false
}

// top is the outermost limiter around l.
func (l *limiter) top() *limiter {
	for l != nil && l.up != nil {
		l = l.up
	}
	return l
}

// climb takes a slot at l and every level above for task i; where there is
// none, the task queues. It reports whether the task has all of them.
func (s *sim) climb(l *limiter, i int, woken bool) bool {
	t := &s.tasks[i]
	for ; l != nil; l = l.up {
		if l.free > 0 && !l.waited() {
			l.free--
			continue
		}
		if woken {
			l.woken = append(l.woken, i)
			return false
		}
		l.turn++
		l.left++
		t.queuedAt, t.rank = l, s.rank(i)
		t.place = place{i, l.turn, t.rank, t.byEnd}
		heap.Push(&l.ready, t.place)
		return false
	}
	return true
}

// release gives back the slots from l up.
func (s *sim) release(l *limiter) {
	for ; l != nil; l = l.up {
		i, woken := -1, len(l.woken) > 0
		switch {
		case woken:
			i, l.woken = l.woken[0], l.woken[1:]
		case l.left > 0:
			i = s.pop(l)
		default:
			l.free++
			continue
		}
		if s.climb(l.up, i, woken) {
			s.granted(i)
		}
	}
}

// pop takes the next that starts.
func (s *sim) pop(l *limiter) int {
	for {
		p := heap.Pop(&l.ready).(place)
		if t := &s.tasks[p.task]; t.queuedAt == l && t.place == p {
			t.queuedAt = nil
			l.left--
			return p.task
		}
	}
}

// limiters finds the limiter of every task: that of its Map, of its group, and
// of what is around them.
func (m *model) limiters(outermost int) []*limiter {
	groups := make(map[int]*limiter)
	maps := make(map[int]*limiter)
	var ofTask func(t int) *limiter
	ofGroup := func(g int) *limiter {
		if l, ok := groups[g]; ok {
			return l
		}
		var up *limiter
		if owner, ok := m.task[m.run.Groups[g].Parent]; ok {
			up = ofTask(owner)
		}
		n := m.run.Groups[g].Limit
		if g == 0 {
			n = outermost
		}
		if n > 0 {
			up = &limiter{free: n, up: up}
		}
		groups[g] = up
		return up
	}
	ofTask = func(t int) *limiter {
		p := m.parent(t)
		if p < 0 || m.run.Tasks[p].Group != m.run.Tasks[t].Group {
			return ofGroup(m.group[m.run.Tasks[t].Group])
		}
		if l, ok := maps[p]; ok {
			return l
		}
		l := ofTask(p)
		if n := m.run.Tasks[p].Limit; n > 0 {
			l = &limiter{free: n, up: l}
		}
		maps[p] = l
		return l
	}
	out := make([]*limiter, len(m.tasks))
	for t := range out {
		if !m.unbegun(t) {
			out[t] = ofTask(t)
		}
	}
	return out
}
