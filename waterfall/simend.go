package waterfall

import (
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// settling is what the end of one body brings about in the same instant.
type settling struct {
	ready   []int // bodies that may start, in order
	groups  []int // that have ended
	inlined bool  // some of it by what has no body
}

// end settles task i. As in the library, what waits for it queues for its slot
// first, then its group ends if it does, then what became ready queues, then the
// body that waits for its group, and only then is the slot given to the next.
func (s *sim) end(i int, o asap.Outcome) {
	t := &s.tasks[i]
	if t.ended {
		return
	}
	held := t.started && !t.waiting && !t.queued && !t.bare
	var b settling
	s.settle(i, o, &b)
	if b.inlined {
		slices.SortStableFunc(b.ready, s.m.order)
	}
	if g := s.m.groupAt(i); s.ends(i, o) {
		s.endGroup(g, o)
	}
	b.ready = slices.DeleteFunc(b.ready, func(d int) bool { return s.tasks[d].ended })
	l := s.limit[i]
	if held && l != nil && !t.waited && len(b.ready) > 0 && s.limit[b.ready[0]] == l && !l.contended() &&
		(len(b.ready) == 1 || !l.guard().raised) {
		// The finisher runs the first of them itself, and keeps the slot.
		held, s.tasks[b.ready[0]].queued = false, true
		s.blockedOnDeps(b.ready[0])
		s.after(0, evStart, b.ready[0])
		b.ready = b.ready[1:]
	}
	for _, d := range b.ready {
		s.ready(d)
	}
	for _, g := range b.groups {
		waiters := s.groups[g].waiters
		s.groups[g].waiters = nil
		for _, w := range waiters {
			s.wake(w)
		}
	}
	if held {
		s.release(l)
	}
	if s.m.seconds != nil {
		s.secondEnded(i, o)
	}
	for _, c := range s.m.chains[i] { // counted already
		s.groups[s.m.groupAt(c.task)].open--
	}
	s.spawn(s.m.chains[i])
}

// order is that of declaration.
func (m *model) order(a, b int) int {
	if pa, pb := m.wholeOf(a), m.wholeOf(b); pa != pb {
		return pa - pb
	}
	return a - b
}

// ends tells whether that end of task i ends its group.
func (s *sim) ends(i int, o asap.Outcome) bool {
	g := s.m.groupAt(i)
	if s.dropped(i) || s.groups[g].ended {
		return false
	}
	switch o {
	case asap.Panicked, asap.Goexited:
		return true
	case asap.Exited:
		return s.tasks[i].over == 0
	case asap.Failed:
		p := s.whole(i)
		return !s.m.settled[g] && (p < 0 || s.m.tasks[p].kind != isRace)
	}
	return false
}

// settle ends task i and what has no body and ends with it.
func (s *sim) settle(i int, o asap.Outcome, b *settling) {
	t := &s.tasks[i]
	if t.ended {
		return
	}
	t.ended, t.outcome = true, o
	if s.inQueue(i) {
		s.dequeue(i)
	}
	s.close(i)
	g := &s.groups[s.m.groupAt(i)]
	if p := s.whole(i); !s.dropped(i) && (p < 0 || s.m.tasks[p].kind != isRace) {
		g.failed = g.failed || bad(o) || o == asap.Canceled || o == asap.Skipped && g.outside
		g.died = g.died || o == asap.Panicked || o == asap.Goexited
	}
	waiters := t.waiters
	t.waiters = nil
	for _, w := range waiters {
		s.wake(w)
	}
	for _, d := range t.dependents {
		dt := &s.tasks[d]
		if !dt.declared || dt.ended || dt.started {
			continue
		}
		dt.pending--
		k := slices.Index(s.m.tasks[d].deps, i)
		switch {
		case s.missed(i) && !s.m.tasks[d].ends[k]:
			b.inlined = true
			s.settle(d, s.unbegunEnd(d), b)
		case dt.pending > 0:
		case g.ended:
			b.inlined = true
			s.settle(d, s.unbegunEnd(d), b)
		case s.m.tasks[d].kind == isInline && s.m.tasks[d].lag == 0:
			b.inlined = true
			s.settle(d, s.result(d), b)
		case s.m.tasks[d].kind == isBody, s.m.tasks[d].kind == isUnrun:
			dt.byEnd = true
			b.ready = append(b.ready, d)
		default:
			b.inlined = true
			dt.byEnd = true
			was := s.gather
			s.gather = b
			s.ready(d)
			s.gather = was
		}
	}
	s.endAround(i, b)
}

// endAround tells the Map or Race that task i is part of, and its group.
func (s *sim) endAround(i int, b *settling) {
	if p := s.whole(i); p >= 0 && !s.tasks[p].ended && !s.dropped(p) {
		pt := &s.tasks[p]
		pt.parts--
		switch {
		case s.m.tasks[p].kind == isRace && good(s.tasks[i].outcome):
			s.settle(p, asap.Succeeded, b)
			for _, part := range s.m.tasks[p].parts { // the losers
				s.lose(part.task, b)
			}
		case s.m.tasks[p].kind == isMap && s.missed(i) && !s.m.run.Tasks[i].Optional:
			s.settle(p, asap.Skipped, b)
		case pt.parts > 0:
		case s.m.tasks[p].lag == 0:
			s.settle(p, s.result(p), b)
		default:
			s.after(s.m.tasks[p].lag, evEnd, p)
		}
	}
	g := s.m.groupAt(i)
	if s.groups[g].open--; s.groups[g].open == 0 {
		b.groups = append(b.groups, g)
	}
}

// result is how a task without a body ends.
func (s *sim) result(i int) asap.Outcome {
	switch s.m.tasks[i].kind {
	case isRace: // a winner settles it
		for _, p := range s.m.tasks[i].parts {
			if s.tasks[p.task].outcome == asap.Failed {
				return asap.Failed
			}
		}
		return asap.Canceled
	case isMap:
		return asap.Succeeded // else an element has ended it
	}
	if o := s.m.run.Tasks[i].Outcome; o != 0 && !s.m.tasks[i].given {
		return o
	}
	return asap.Succeeded
}

// close notes the last piece of a task that ends.
func (s *sim) close(i int) {
	t := &s.tasks[i]
	switch {
	case !t.started, t.queued && !t.waiting:
		if s.m.tasks[i].kind == isMap || s.m.tasks[i].kind == isRace || len(s.m.tasks[i].deps) > 0 && !t.queued {
			s.piece(i, Blocked, s.blocker(i))
		} else {
			s.piece(i, Queued, 0)
		}
	case t.waiting:
		s.piece(i, Blocked, 0)
	case t.at < s.now:
		s.piece(i, Running, 0)
	}
	if len(t.pieces) == 0 {
		t.pieces = append(t.pieces, Piece{State: Queued, Start: s.now, End: s.now})
	}
	t.waiting = false
}

// blocker is the dependency or part that ended last.
func (s *sim) blocker(i int) asap.ID {
	best := -1
	look := func(k int) {
		if s.tasks[k].ended && !s.dropped(k) && (best < 0 || s.tasks[k].at >= s.tasks[best].at) {
			best = k
		}
	}
	for _, d := range s.m.tasks[i].deps {
		look(d)
	}
	for _, p := range s.m.tasks[i].parts {
		look(p.task)
	}
	if best < 0 {
		return 0
	}
	return s.m.run.Tasks[best].ID
}

// stuck is a task that waits for ever, or -1: a run from elsewhere may have
// waits in a circle that no clock explains.
func (s *sim) stuck() int {
	for i := range s.tasks {
		if s.tasks[i].started && !s.tasks[i].ended && i != s.m.caller {
			return i
		}
	}
	return -1
}

// makespan is the end of the last task that was not dropped.
func (s *sim) makespan() time.Duration {
	var last time.Duration
	for i := range s.tasks[:s.m.caller] {
		if s.tasks[i].ended && !s.dropped(i) {
			last = max(last, s.tasks[i].at)
		}
	}
	return last
}

// predicted is the simulated run as a Run.
func (s *sim) predicted(limit int) *Run {
	r := s.m.run
	real := len(r.Groups) - 1
	out := &Run{Name: r.Name, Began: r.Began, Makespan: s.makespan(), Ended: true, Shared: r.Shared, Notes: []string{predictedNote}}
	out.Groups = append(out.Groups, r.Groups[:real]...)
	out.Groups[0].Limit, out.Groups[0].Waits = limit, nil
	ends := make([]time.Duration, real)
	starts := make([]time.Duration, real)
	for i := range r.Tasks[:s.m.caller] {
		t := r.Tasks[i]
		st := &s.tasks[i]
		t.Pieces = st.pieces
		t.Outcome = st.outcome
		if st.outcome == asap.Skipped || good(st.outcome) && st.outcome != asap.Tolerated {
			t.Err = ""
		}
		if i >= s.m.recorded && len(t.Pieces) == 0 {
			continue
		}
		if len(t.Pieces) == 0 { // never declared: what would have done it is gone
			t.Outcome = asap.Skipped
			t.Pieces = []Piece{{State: Queued}}
		}
		if t.End() > out.Makespan {
			t.Pieces = []Piece{{State: Queued, Start: out.Makespan, End: out.Makespan}}
		}
		g := s.m.group[t.Group]
		ends[g] = max(ends[g], t.End())
		if starts[g] == 0 || t.Start() < starts[g] {
			starts[g] = t.Start()
		}
		out.Tasks = append(out.Tasks, t)
	}
	for g := range out.Groups {
		out.Groups[g].Start, out.Groups[g].End = min(starts[g], ends[g]), ends[g]
		out.Groups[g].Waits = nil // those that the caller had then
	}
	out.Groups[0].Start, out.Groups[0].End = 0, out.Makespan
	return out
}
