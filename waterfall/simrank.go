package waterfall

import "container/heap"

// Ranks, by the engine's rules: that of a task is how deep its group is nested,
// and what a body waits for, with all that this still needs, ranks above the
// body. So a free slot goes to what somebody who has begun is waiting for.

const maxRank = 31

// guard are the ranks that count for task i, nil if no place in a queue depends on it.
// Where some body shares a limit, those without any have theirs as well.
func (s *sim) guard(i int) *ranks { return s.guardOf(s.limit[i]) }

func (s *sim) guardOf(l *bodyLimits) *ranks {
	if l == nil && len(s.sharings) > 0 {
		return &s.unlimited
	}
	return l.guard()
}

// rank is that of task i: its own, its group's, or that of the Map or Race that
// it is part of.
func (s *sim) rank(i int) int {
	r := max(s.tasks[i].rank, s.groups[s.m.groupAt(i)].rank)
	if p := s.whole(i); p >= 0 && s.guard(p) == s.guard(i) {
		r = max(r, s.tasks[p].rank)
	}
	return r
}

// whole is the Map or Race that task i is part of, or -1.
func (s *sim) whole(i int) int { return s.m.whole(i) }

// wholeOf is the Map or Race that task i is part of, or i itself.
func (x *index) wholeOf(i int) int {
	if p := x.parent(i); p >= 0 && x.run.Tasks[p].Group == x.run.Tasks[i].Group {
		return p
	}
	return i
}

// need is a task, or a group, that a body waits for, or that such a task still
// needs, and the rank that it is to have.
type need struct {
	task, group, rank int // task or group is -1
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
	if s.tasks[i].returns != 0 { // it waits for the groups inside it, perhaps without having begun
		return todo
	}
	rank = min(rank+1, maxRank)
	switch o := s.m.tasks[i].ops[s.tasks[i].next-1]; {
	case o.kind == opWaitGroup:
		return append(todo, need{-1, o.on, rank})
	case o.on >= 0:
		return append(todo, need{o.on, -1, rank})
	}
	return todo
}

// raise ranks task i and adds what it needs.
func (s *sim) raise(todo []need, i, rank int) []need {
	t, r := &s.tasks[i], s.guard(i)
	if t.ended || r == nil || max(t.rank, s.groups[s.m.groupAt(i)].rank) >= rank {
		return todo
	}
	t.rank = rank
	r.raised = true
	switch {
	case t.waiting:
		return s.awaited(todo, i, rank)
	case t.started:
	case t.queuedAt != nil, t.waitsShared:
		s.move(i)
	default:
		for _, d := range s.m.tasks[i].deps {
			todo = append(todo, need{d, -1, rank})
		}
		for _, p := range s.m.tasks[i].parts {
			todo = append(todo, need{p.task, -1, rank})
		}
	}
	return todo
}

// raiseGroup ranks a group that its owner waits for, and adds what its bodies wait
// for; its other tasks have the rank when they are ready.
func (s *sim) raiseGroup(todo []need, n need) []need {
	g := &s.groups[n.group]
	r := s.guardOf(s.groupLimit(n.group))
	if r == nil || g.rank >= n.rank {
		return todo
	}
	g.rank = n.rank
	r.raised = true
	for _, i := range s.m.members[n.group] {
		t := &s.tasks[i]
		switch {
		case t.waiting:
			todo = s.awaited(todo, i, n.rank)
		case t.waitsShared && s.guard(i) != r:
			todo = append(todo, need{i, -1, n.rank})
		case (t.queuedAt != nil || t.waitsShared) && !t.started && t.rank < n.rank:
			t.rank = n.rank
			s.move(i)
		}
	}
	return todo
}

// groupLimit is that of the tasks of group g that have none of their own.
func (s *sim) groupLimit(g int) *bodyLimits {
	for _, i := range s.m.members[g] {
		if t := &s.m.run.Tasks[s.m.wholeOf(i)]; t.Limit == 0 && t.Shared == 0 {
			return s.limit[i]
		}
	}
	return nil
}

// move gives task i, which is to start, the place of its rank in its queue,
// where it keeps its turn.
func (s *sim) move(i int) {
	t := &s.tasks[i]
	t.place.rank = t.rank
	if t.queuedAt != nil {
		heap.Push(&t.queuedAt.queue, t.place)
	}
}
