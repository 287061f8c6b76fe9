package waterfall

import (
	"time"

	"github.com/asap-go/asap"
)

// settling is what the end of one body brings about in the same instant.
type settling struct {
	ready  []int // bodies that may start, in order
	groups []int // that have ended
}

// end settles task i. As in the library, what waits for it queues for its slot
// first, then what became ready, then the body that waits for its group, and
// only then is the slot given to the next.
func (s *sim) end(i int, o asap.Outcome) {
	t := &s.tasks[i]
	if t.ended {
		return
	}
	held := t.started && !t.waiting && !t.queued
	var b settling
	s.settle(i, o, &b)
	l := s.limit[i]
	if held && l != nil && !t.waited && len(b.ready) > 0 && s.limit[b.ready[0]] == l && !l.contended() &&
		(len(b.ready) == 1 || !l.top().raised) {
		// The finisher runs the first of them itself, and keeps the slot.
		held = false
		s.blockedOnDeps(b.ready[0])
		s.after(0, evStart, b.ready[0])
		b.ready = b.ready[1:]
	}
	for _, d := range b.ready {
		s.ready(d)
	}
	for _, g := range b.groups {
		for _, w := range s.groupWaiters[g] {
			s.wake(w)
		}
		s.groupWaiters[g] = nil
	}
	if held {
		s.release(l)
	}
	if g := s.m.group[s.m.run.Tasks[i].Group]; s.m.cancels[g] == i && !s.dropped(i) {
		s.cancelGroup(g, i)
	}
	s.spawn(s.m.chains[i])
}

// settle ends task i and what has no body and ends with it.
func (s *sim) settle(i int, o asap.Outcome, b *settling) {
	t := &s.tasks[i]
	if t.ended {
		return
	}
	t.ended, t.outcome = true, o
	s.close(i)
	for _, w := range t.waiters {
		s.wake(w)
	}
	t.waiters = nil
	for _, d := range t.dependents {
		dt := &s.tasks[d]
		if !dt.declared || dt.ended {
			continue
		}
		dt.pending--
		switch {
		case s.m.tasks[d].kind == isUnrun:
			if s.skipDue(d) {
				s.settle(d, asap.Skipped, b)
			}
		case dt.pending > 0:
		case s.m.tasks[d].kind == isInline && s.m.tasks[d].lag == 0:
			s.settle(d, s.m.run.Tasks[d].Outcome, b)
		case s.m.tasks[d].kind == isBody:
			dt.byEnd = true
			b.ready = append(b.ready, d)
		default:
			dt.byEnd = true
			s.ready(d)
		}
	}
	s.endAround(i, b)
}

// endAround tells the Map or Race that task i is part of, and its group.
func (s *sim) endAround(i int, b *settling) {
	p := s.m.parent(i)
	if p >= 0 && s.m.run.Tasks[p].Group == s.m.run.Tasks[i].Group && !s.tasks[p].ended && !s.dropped(i) {
		s.tasks[p].parts--
		switch {
		case s.m.tasks[p].kind == isRace && good(s.tasks[i].outcome):
			s.settle(p, asap.Succeeded, b)
			for _, part := range s.m.tasks[p].parts { // the losers
				s.cancel(part.task, i)
			}
		case s.tasks[p].parts > 0:
		case s.m.tasks[p].lag == 0:
			s.settle(p, s.result(p), b)
		default:
			s.after(s.m.tasks[p].lag, evEnd, p)
		}
	}
	g := s.m.group[s.m.run.Tasks[i].Group]
	if s.open[g]--; s.open[g] == 0 {
		b.groups = append(b.groups, g)
	}
}

// result is how a task ends that nobody cancels: as it did, but that a Map or a
// Race whose parts were canceled comes to nothing.
func (s *sim) result(i int) asap.Outcome {
	o := s.m.run.Tasks[i].Outcome
	if !good(o) {
		return o
	}
	for _, p := range s.m.tasks[i].parts {
		if part := &s.tasks[p.task]; part.ended && !good(part.outcome) && !s.dropped(p.task) && s.m.tasks[i].kind == isMap {
			return asap.Skipped
		}
	}
	if s.m.tasks[i].kind == isRace { // a winner settles it
		return asap.Canceled
	}
	return o
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

// cancelGroup ends what the failure of task by canceled, as long after it as
// it did in the recorded run.
func (s *sim) cancelGroup(group, by int) {
	s.cancelled[group] = true
	for k := range s.tasks {
		if k != by && s.m.inGroup(k, group) {
			s.cancel(k, by)
		}
	}
}

func (s *sim) cancel(k, by int) {
	t := &s.tasks[k]
	if t.ended {
		return
	}
	recorded, late := &s.m.run.Tasks[k], s.m.run.Tasks[k].End()-s.m.run.Tasks[by].End()
	switch {
	case s.holds(k):
		// a Map or a Race ends with its parts
	case !t.started && !s.starts(k):
		if t.declared {
			s.end(k, asap.Skipped)
		}
	case good(recorded.Outcome) && late > 0, bad(recorded.Outcome) && late > s.m.run.Makespan/1000:
		// it did not look at its context then, and does not now
	default:
		t.fate = recorded.Outcome
		if late < 0 { // it had ended by then
			if t.fate = asap.Canceled; s.m.run.Tasks[by].Outcome == asap.Exited {
				t.fate = asap.Exited
			}
		}
		s.after(max(0, late), evCancel, k)
	}
}

// tooLate tells whether task i is declared after the cancel of its group, or of
// one around it, and was declared before that then.
func (s *sim) tooLate(i int) bool {
	start := s.m.run.Tasks[i].Start()
	for t, n, ok := i, 0, true; ok && n <= len(s.tasks); n++ {
		g := s.m.group[s.m.run.Tasks[t].Group]
		if s.cancelled[g] && start < s.m.run.Tasks[s.m.cancels[g]].End() {
			return true
		}
		t, ok = s.m.task[s.m.run.Groups[g].Parent]
	}
	return false
}

// holds tells whether task k is a Map or a Race that has parts under way.
func (s *sim) holds(k int) bool {
	t := &s.tasks[k]
	if !t.declared || t.pending > 0 || t.parts == 0 {
		return false
	}
	return s.m.tasks[k].kind == isMap || s.m.tasks[k].kind == isRace
}

// starts tells whether a body that ran then is to start in this very instant,
// which is not too late.
func (s *sim) starts(k int) bool {
	t := &s.tasks[k]
	return t.declared && t.pending == 0 && !t.queued && s.m.tasks[k].kind == isBody && s.limit[k] == nil
}

// skipDue tells whether a task that was skipped is so now: one of its
// dependencies came to nothing, or its group was canceled.
func (s *sim) skipDue(i int) bool {
	if s.cancelled[s.m.group[s.m.run.Tasks[i].Group]] || s.tasks[i].pending == 0 {
		return true
	}
	for _, d := range s.m.tasks[i].deps {
		if s.tasks[d].ended && s.m.skips(d, i, s.tasks[d].outcome) {
			return true
		}
	}
	return false
}

// stuck is a task that waits for ever, or -1: a run from elsewhere may have
// waits in a circle that no clock explains.
func (s *sim) stuck() int {
	for i := range s.tasks {
		if s.tasks[i].started && !s.tasks[i].ended {
			return i
		}
	}
	return -1
}

// makespan is the end of the last task that was not dropped.
func (s *sim) makespan() time.Duration {
	var last time.Duration
	for i := range s.tasks {
		if s.tasks[i].ended && !s.dropped(i) {
			last = max(last, s.tasks[i].at)
		}
	}
	return last
}

// predicted is the simulated run as a Run.
func (s *sim) predicted(limit int) *Run {
	r := s.m.run
	out := &Run{Name: r.Name, Began: r.Began, Makespan: s.makespan(), Ended: true, Notes: []string{"this run is a prediction"}}
	out.Groups = append(out.Groups, r.Groups...)
	out.Groups[0].Limit = limit
	ends := make([]time.Duration, len(r.Groups))
	starts := make([]time.Duration, len(r.Groups))
	for i := range r.Tasks {
		t := r.Tasks[i]
		st := &s.tasks[i]
		t.Pieces = st.pieces
		t.Outcome = st.outcome
		if st.outcome == asap.Skipped {
			t.Err = ""
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
