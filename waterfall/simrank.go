package waterfall

import "container/heap"

// Ranks, by the engine's rules: that of a task is how deep its group is nested,
// and what a body waits for, with all that this still needs, ranks above the
// body. So a free slot goes to what somebody who has begun is waiting for.

const maxRank = 31

// rank is that of task i: its own, its group's, or that of the Map or Race that
// it is part of.
func (s *sim) rank(i int) int {
	r := max(s.tasks[i].rank, s.groups[s.m.groupOf(i)].rank)
	if p := s.whole(i); p >= 0 {
		r = max(r, s.tasks[p].rank)
	}
	return r
}

// whole is the Map or Race that task i is part of, or -1.
func (s *sim) whole(i int) int {
	if w := s.m.wholeOf(i); w != i {
		return w
	}
	return -1
}

// wholeOf is the Map or Race that task i is part of, or i itself.
func (x *index) wholeOf(i int) int {
	if p := x.parent(i); p >= 0 && x.run.Tasks[p].Group == x.run.Tasks[i].Group {
		return p
	}
	return i
}

// need is a task, or a group, that a body waits for, or that such a task still
// needs, and the rank that it is to have; top is the limit under which the
// search has come to it.
type need struct {
	task, group, rank int // task or group is -1
	top               *limiter
}

// raiseWait ranks what body i waits for above it.
func (s *sim) raiseWait(i int) {
	todo := s.awaited(nil, i, s.rank(i))
	for k := len(todo) - 1; k >= 0; k = len(todo) - 1 {
		n := todo[k]
		if todo = todo[:k]; n.task >= 0 {
			todo = s.raise(todo, n.task, n.rank)
		} else {
			todo = s.raiseGroup(todo, n)
		}
	}
}

// awaited adds what body i of the given rank waits for.
func (s *sim) awaited(todo []need, i, rank int) []need {
	rank = min(rank+1, maxRank)
	switch o := s.m.tasks[i].ops[s.tasks[i].next-1]; {
	case o.kind == opWaitGroup:
		return append(todo, need{-1, o.on, rank, s.limit[i].top()})
	case o.on >= 0:
		return append(todo, need{o.on, -1, rank, nil})
	}
	return todo
}

// raise ranks task i and adds what it needs.
func (s *sim) raise(todo []need, i, rank int) []need {
	t, top := &s.tasks[i], s.limit[i].top()
	if t.ended || top == nil || max(t.rank, s.groups[s.m.groupOf(i)].rank) >= rank {
		return todo
	}
	t.rank = rank
	top.raised = true
	switch {
	case t.waiting:
		return s.awaited(todo, i, rank)
	case t.started:
	case t.queuedAt != nil:
		s.move(i)
	default:
		for _, d := range s.m.tasks[i].deps {
			todo = append(todo, need{d, -1, rank, nil})
		}
		for _, p := range s.m.tasks[i].parts {
			todo = append(todo, need{p.task, -1, rank, nil})
		}
	}
	return todo
}

// raiseGroup ranks a group that its owner waits for, under one limit, and adds
// what its bodies wait for; its other tasks have the rank when they are ready.
func (s *sim) raiseGroup(todo []need, n need) []need {
	if n.top == nil || s.groups[n.group].rank >= n.rank {
		return todo
	}
	s.groups[n.group].rank = n.rank
	n.top.raised = true
	for _, i := range s.m.members[n.group] {
		t := &s.tasks[i]
		switch {
		case s.limit[i].top() != n.top:
		case t.waiting:
			todo = s.awaited(todo, i, n.rank)
		case t.queuedAt != nil && !t.started && t.rank < n.rank:
			t.rank = n.rank
			s.move(i)
		}
	}
	return todo
}

// move gives task i, which is to start, the place of its rank in its queue,
// where it keeps its turn.
func (s *sim) move(i int) {
	t := &s.tasks[i]
	t.place.rank = t.rank
	heap.Push(&t.queuedAt.queue, t.place)
}
