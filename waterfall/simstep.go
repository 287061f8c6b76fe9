package waterfall

import (
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// step does what a body does next, up to something that takes time.
func (s *sim) step(i int) {
	t, mt := &s.tasks[i], &s.m.tasks[i]
	if t.returns != 0 { // it waits for the groups inside it
		return
	}
	s.noteLearned(i)
	for {
		if t.next > 0 {
			switch prev := mt.ops[t.next-1]; prev.kind {
			case opRun:
				s.piece(i, Running, 0)
			case opMore:
				s.noteMore(i)
				s.piece(i, Running, 0)
			case opLag:
				s.piece(i, Queued, 0)
			case opWait, opWaitGroup, opPause:
				late := t.late
				t.late = false
				if t.wentOn = s.waitFailed(i, prev); t.wentOn && late && !prev.failed {
					s.note(goesOnLate, i)
				} else if t.wentOn && !prev.goesOn {
					if !prev.failed && (t.over == 0 || s.m.run.Tasks[i].Around) {
						s.note(passesOn, i)
					}
					s.leave(i, s.errorOf(i))
					return
				}
			}
		}
		if t.next == len(mt.ops) {
			s.finish(i)
			return
		}
		o := mt.ops[t.next]
		t.next++
		switch o.kind {
		case opRun, opMore:
			if o.kind == opMore {
				if t.over != 0 && !mt.outlives() {
					switch {
					case mt.refused:
						s.note(endsAlike, i)
					case mt.ending == endsWithWait:
						s.note(hears, i)
					}
					s.leave(i, s.errorOf(i))
					return
				}
				t.more = s.now
			}
			if d := scaled(o.d, s.scale[i]); d > 0 {
				if t.over != 0 && o.kind == opRun && !s.isCaller(i) && s.heeds(i) {
					return
				}
				t.timer = s.after(d, evStep, i)
				return
			}
			if o.kind == opMore {
				s.noteUnknown(i)
			}
		case opLag:
			if s.limit[i] == nil && o.d > 0 {
				t.timer = s.after(o.d, evStep, i)
				return
			}
		case opFork:
			if t.wentOn || t.over != 0 && !(mt.outlives() && !slices.ContainsFunc(mt.ops[o.on:], func(o op) bool { return o.waits() })) {
				t.next = o.on
			} else {
				t.forked, t.more = true, s.now
			}
		case opEnd:
			s.note(fromOthers, i)
			s.leave(i, asap.Outcome(o.on))
			return
		case opSpawn:
			s.spawn(o.tasks)
			if t.ended || t.returns != 0 { // what it declared has ended its group
				return
			}
		case opWait, opPause:
			if o.on >= 0 {
				if s.tasks[o.on].ended || s.dropped(o.on) {
					s.piece(i, Blocked, s.m.run.Tasks[o.on].ID)
					continue
				}
				if t.over != 0 && !s.isCaller(i) {
					t.failed = true
					s.piece(i, Blocked, s.m.run.Tasks[o.on].ID)
					continue
				}
				s.tasks[o.on].waiters = append(s.tasks[o.on].waiters, i)
			}
			switch {
			case o.kind == opPause:
				t.timer = s.after(o.d, evStep, i)
			case o.due > 0:
				t.timer = s.after(o.due, evStep, i)
			}
			s.noteOrder(i, o)
			s.block(i)
			return
		case opWaitGroup:
			if s.groups[o.on].open == 0 { // a Wait gives the slot back all the same
				s.block(i)
				s.wake(i)
				return
			}
			s.groups[o.on].waiters = append(s.groups[o.on].waiters, i)
			s.noteOrder(i, o)
			s.block(i)
			return
		}
	}
}

// outlives tells whether a body that a failed wait had ended goes on, when that does not
// fail, though its context has ended.
func (mt *modelTask) outlives() bool { return mt.deaf && mt.ending == endsWithWait && !mt.refused }

// noteOrder notes that a wait that took no time takes some now, and tasks are declared at it.
func (s *sim) noteOrder(i int, o op) {
	if o.unsure {
		s.notes[assumption{declaresFirst, i}] = true
	}
}

// noteMore notes that body i has run on for a while after what is known of it.
func (s *sim) noteMore(i int) {
	t := &s.tasks[i]
	if t.next > 0 && s.m.tasks[i].ops[t.next-1].kind == opMore && s.now > t.more {
		s.noteUnknown(i)
	}
}

func (s *sim) noteUnknown(i int) {
	if s.m.tasks[i].ending == endsCut {
		s.note(runsOn, i)
	} else {
		s.note(wentWell, i)
	}
}

// noteLearned notes that body i has gone on for a while as others did.
func (s *sim) noteLearned(i int) {
	if t := &s.tasks[i]; t.forked && s.now > t.more {
		s.note(fromOthers, i)
	}
}

func (s *sim) isCaller(i int) bool { return i == s.m.caller }

// waitFailed tells whether the wait that is over gave an error.
func (s *sim) waitFailed(i int, o op) bool {
	if s.isCaller(i) {
		return false
	}
	failed := s.tasks[i].failed
	s.tasks[i].failed = false
	switch {
	case failed && (o.kind == opWaitGroup || o.on < 0 || !s.tasks[o.on].ended): // else what it waited for is done meanwhile
		return true
	case o.kind == opWaitGroup:
		g := &s.groups[o.on]
		return g.died || g.failed && !g.exit
	case o.on < 0 || s.dropped(o.on):
		return false
	}
	return s.missed(o.on)
}

// finish is the end of a body that has done all that is known of it.
func (s *sim) finish(i int) {
	if s.m.tasks[i].ending == endsBadly {
		o, over := s.m.tasks[i].own, s.tasks[i].over != 0
		_, learned := s.m.learned[i]
		switch t := &s.m.run.Tasks[i]; {
		case s.m.tasks[i].given:
			if over {
				o = s.errorOf(i)
			}
		case learned && !over:
			s.note(fromOthers, i)
		case s.m.over[i] < t.End() && (t.Around || !over):
			s.note(endsAlike, i)
		}
		if over && !s.m.tasks[i].given {
			o = s.m.run.Tasks[i].Outcome
		}
		s.leave(i, o)
		return
	}
	s.leave(i, asap.Succeeded)
}

// leave ends a body with that outcome, when the groups that it has made have ended.
func (s *sim) leave(i int, o asap.Outcome) {
	t := &s.tasks[i]
	t.timer, t.returns = 0, 0
	if s.m.seconds != nil {
		s.firstEnds(i)
	}
	for _, g := range s.m.nested[i] {
		if s.groups[g].begun && s.groups[g].open > 0 {
			t.returns = o
			s.groups[g].waiters = append(s.groups[g].waiters, i)
			s.block(i)
			return
		}
	}
	s.end(i, o)
}

// errorOf is how a body ends that returns the error of its wait, or of its context: that
// has the first of the reasons why it ended, but an exit, and the end of its Race, is
// judged so in any case.
func (s *sim) errorOf(i int) asap.Outcome {
	switch t := &s.tasks[i]; {
	case t.over == byExit:
		return asap.Exited
	case t.over == byRace, t.first == byGroup, t.first == byRace:
		return asap.Canceled
	}
	if s.m.tasks[i].tolerated {
		return asap.Tolerated
	}
	return asap.Failed
}

// block gives the slots of a body back while it waits.
func (s *sim) block(i int) {
	t := &s.tasks[i]
	t.waiting, t.waited = true, true
	if t.returns == 0 && !s.isCaller(i) {
		s.raiseWait(i)
	}
	if !t.bare {
		s.release(s.limit[i])
	}
}

// giveUp ends a wait before its reason: the end of what was waited for must not
// end another wait later.
func (s *sim) giveUp(i int) {
	if on := s.m.tasks[i].ops[s.tasks[i].next-1].on; on >= 0 {
		w := &s.tasks[on].waiters
		*w = slices.DeleteFunc(*w, func(k int) bool { return k == i })
	}
	s.wake(i)
}

// wake ends a wait; under a limit the body queues for its slot.
func (s *sim) wake(i int) {
	t := &s.tasks[i]
	if !t.waiting || t.ended {
		return
	}
	t.waiting, t.timer = false, 0
	var on asap.ID
	if t.returns != 0 {
		o := t.returns
		s.piece(i, Blocked, 0)
		t.bare = true
		s.leave(i, o)
		return
	}
	switch o := s.m.tasks[i].ops[t.next-1]; {
	case o.kind == opWaitGroup:
		on = s.m.run.Groups[o.on].ID
	case o.on >= 0:
		on = s.m.run.Tasks[o.on].ID
	}
	s.piece(i, Blocked, on)
	if t.over != 0 && t.over != byTime && t.over != byRace {
		t.bare = true
	}
	if t.bare {
		s.granted(i)
		return
	}
	s.enter(i, true)
}

func scaled(d time.Duration, by float64) time.Duration {
	return time.Duration(min(float64(d)*by+0.5, 1<<62))
}
