package waterfall

import "container/heap"

// limiter counts the slots of one limit in a simulation, by the engine's
// rules: a body takes a slot of each level, from its own to the outermost, and
// queues where there is none.
type limiter struct {
	free   int
	up     *limiter
	raised bool // of the outermost: some rank under it is higher than its group's
	queue  placeHeap
	left   int // of queue, without the places that were left for a higher one
}

// place is that of a task in a queue; the task may have another by now.
type place struct {
	task         int
	turn         int // of when it became ready, or its wait ended
	rank         int
	woken, byEnd bool // goes on after a wait, or was made ready by another's end
}

// placeHeap has those that go on first; then those that start, by rank, and of
// one rank those that another's end made ready.
type placeHeap []place

func (h placeHeap) Len() int      { return len(h) }
func (h placeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h placeHeap) Less(i, j int) bool {
	switch a, b := h[i], h[j]; {
	case a.woken != b.woken:
		return a.woken
	case !a.woken && a.rank != b.rank:
		return a.rank > b.rank
	case !a.woken && a.byEnd != b.byEnd:
		return a.byEnd
	default:
		return a.turn < b.turn
	}
}
func (h *placeHeap) Push(x any) { *h = append(*h, x.(place)) }
func (h *placeHeap) Pop() any {
	p := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return p
}

// contended tells whether anybody waits at l or above.
func (l *limiter) contended() bool {
	for ; l != nil; l = l.up {
		if l.left > 0 {
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

// enter gives task i slots, to start or to go on, or lets it queue.
func (s *sim) enter(i int, woken bool) {
	t := &s.tasks[i]
	t.queued = s.limit[i] != nil
	s.turn++
	t.place = place{i, s.turn, 0, woken, t.byEnd}
	s.climb(s.limit[i], i)
}

// climb takes a slot at l and every level above for task i; where there is
// none, the task queues.
func (s *sim) climb(l *limiter, i int) {
	t := &s.tasks[i]
	for ; l != nil; l = l.up {
		if l.free > 0 && l.left == 0 {
			l.free--
			continue
		}
		t.rank = s.rank(i)
		t.place.rank, t.queuedAt = t.rank, l
		l.left++
		heap.Push(&l.queue, t.place)
		return
	}
	s.granted(i)
}

// release gives back the slots from l up.
func (s *sim) release(l *limiter) {
	for ; l != nil; l = l.up {
		if l.left == 0 {
			l.free++
		} else {
			s.climb(l.up, s.next(l))
		}
	}
}

// next takes the first out of a queue.
func (s *sim) next(l *limiter) int {
	for {
		p := heap.Pop(&l.queue).(place)
		if t := &s.tasks[p.task]; t.queuedAt == l && t.place == p {
			t.queuedAt = nil
			l.left--
			return p.task
		}
	}
}

// dequeue lets a body go on without slots that was queued for that.
func (s *sim) dequeue(i int) {
	t := &s.tasks[i]
	if at := t.queuedAt; at != nil {
		t.queuedAt = nil
		at.left--
		for l := s.limit[i]; l != at; l = l.up {
			s.releaseOne(l)
		}
		t.bare = true
		s.granted(i)
	}
}

// releaseOne gives back a slot of l alone.
func (s *sim) releaseOne(l *limiter) {
	if l.left == 0 {
		l.free++
	} else {
		s.climb(l.up, s.next(l))
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
