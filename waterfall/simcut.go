package waterfall

import (
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// What the end of a context does: of a group, for its tasks and the groups inside;
// of a Race, for the functions that have lost; of a limit of time, for one body.

// endGroup ends group g: what runs is cut, what waits for a slot or has not begun is
// skipped. Why is the outcome of the task that ended it, or 0 if that came from outside.
func (s *sim) endGroup(g int, why asap.Outcome) {
	b := &s.groups[g]
	if b.ended {
		return
	}
	b.ended, b.exit, b.outside = true, why == asap.Exited, why == 0
	var queued []int
	for _, i := range s.m.members[g] {
		if !s.tasks[i].started && s.inQueue(i) {
			queued = append(queued, i)
		}
	}
	s.dequeue(queued...)
	for _, i := range queued {
		s.end(i, s.unbegunEnd(i))
	}
	for _, i := range slices.Clone(s.m.members[g]) {
		t := &s.tasks[i]
		switch {
		case !t.declared || t.ended:
		case t.started:
			s.cut(i, s.causeOf(g))
		case s.holds(i):
			// a Map or a Race ends with its parts
		case t.pending > 0:
			// skipped when what it needs has ended
		case s.m.unbegun(i) && s.m.tasks[i].kind == isBody: // an engine ends it, as long afterwards
			t.returns = s.m.run.Tasks[i].Outcome
			t.timer = s.after(s.m.run.Tasks[i].End()-s.m.over[i], evCut, i)
		case s.starts(i):
			// in this very instant, which is not too late
		default:
			s.end(i, s.unbegunEnd(i))
		}
	}
}

// isLate tells whether the Within of task i has passed.
func (s *sim) isLate(i int) bool {
	w := s.m.due(i)
	return w > 0 && s.now >= add(s.groups[s.m.groupAt(i)].start, w)
}

// unbegunEnd is how task i ends that is not to begin: it is skipped, unless it is late.
func (s *sim) unbegunEnd(i int) asap.Outcome {
	if s.isLate(i) {
		return s.errorOf(i)
	}
	return asap.Skipped
}

// holds tells whether task k is a Map or a Race that has parts under way.
func (s *sim) holds(k int) bool {
	t := &s.tasks[k]
	return t.declared && t.pending == 0 && t.parts > 0
}

// starts tells whether a body is to start in this very instant, having its slots, and
// did start then: who ends a group does not wait for the goroutine that was to run it.
func (s *sim) starts(k int) bool {
	t := &s.tasks[k]
	return t.pending == 0 && (s.limit[k] == nil || t.queued) && !s.inQueue(k) && s.m.tasks[k].kind == isBody && s.m.tasks[k].lag == 0 &&
		!(s.m.tasks[k].given && k < s.m.recorded)
}

// lose ends a function of a Race that is decided.
func (s *sim) lose(i int, b *settling) {
	t := &s.tasks[i]
	switch {
	case !t.declared || t.ended:
	case t.started:
		s.after(0, evLost, i) // who waits finds out by himself
	case !s.starts(i):
		s.settle(i, asap.Skipped, b)
	}
}

// cut ends the context of a body that has begun.
func (s *sim) cut(i int, why cause) {
	t := &s.tasks[i]
	if !t.started || t.ended || t.over == byGroup || t.over == byExit {
		return
	}
	again := t.over != 0
	if t.over = why; !again {
		t.first = why
	}
	for _, g := range s.m.nested[i] {
		if s.groups[g].begun {
			s.endGroup(g, 0)
		}
	}
	if t.ended || again && !t.waiting && t.timer == 0 {
		return
	}
	switch {
	case t.returns != 0:
	case t.waiting && s.m.tasks[i].ops[t.next-1].kind != opWaitGroup:
		t.failed = true
		s.giveUp(i)
	case t.waiting:
	case t.queued: // to go on: it does, and without a slot
		if why == byGroup || why == byExit {
			if s.inQueue(i) {
				s.dequeue(i)
				t.bare = true
				s.granted(i)
			}
		}
	default:
		s.heeds(i)
	}
}

// heeds tells whether body i, which runs and whose context has ended, returns because of
// that, and lets it.
func (s *sim) heeds(i int) bool {
	t, mt := &s.tasks[i], &s.m.tasks[i]
	switch {
	case mt.heard:
		s.note(heardAlike, i)
	case mt.given:
	case !mt.deaf && mt.ending != endsCut:
		s.note(hears, i)
	case mt.deaf && (s.m.over[i] == never || s.m.run.Tasks[i].End() <= s.m.over[i]):
		s.note(deafToo, i)
	}
	if mt.deaf {
		return false
	}
	s.noteMore(i)
	s.noteLearned(i)
	d := time.Duration(0)
	if mt.ending == endsCut {
		d = mt.late
	}
	s.piece(i, Running, 0)
	o := s.errorOf(i)
	if d == 0 {
		s.leave(i, o)
		return true
	}
	t.timer = s.after(d, evCut, i)
	s.stop(i, o)
	return true
}

// stop lets body i do nothing more until it returns with that outcome.
func (s *sim) stop(i int, o asap.Outcome) { s.tasks[i].returns = o }

// within is the instant of the Within of task i.
func (s *sim) within(i int) {
	t := &s.tasks[i]
	switch {
	case t.ended:
	case t.started:
		s.cut(i, byTime)
	case s.m.tasks[i].kind == isMap, s.m.tasks[i].kind == isRace, s.m.tasks[i].kind == isInline:
		if !s.holds(i) {
			s.end(i, s.errorOf(i))
		}
	default:
		s.end(i, s.errorOf(i))
	}
}
