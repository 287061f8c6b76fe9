package waterfall

import (
	"slices"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// The facts of a record: what tasks and groups were declared with, and the waits of
// the groups themselves.

func (s *snapshot) groupFacts(g *Group, v *seen) {
	g.Settled = v.has(record.Settled)
	if f := v.r.Facts(); f != nil {
		g.Limit, g.Shared = f.Limit, s.number(f.Shared)
	}
	if v.steps == 0 {
		return
	}
	g.Several = v.r.Several()
	first, steps := len(s.waits), 0
	for w := range v.r.Waits(v.steps) {
		if w.At > v.end {
			break
		}
		until := min(w.Until, v.end)
		if steps += 2; steps > v.steps { // it goes on
			until = v.end
		}
		s.waits = append(s.waits, Wait{s.id(w.On), w.At, max(until, w.At), max(0, w.Due)})
	}
	if first < len(s.waits) {
		g.Waits = slices.Clip(s.waits[first:])
	}
}

func (s *snapshot) taskFacts(t *Task, v *seen) {
	t.Around, t.MayFail, t.Race = v.has(record.Around), v.has(record.MayFail), v.has(record.Race)
	t.Several = v.r.Several()
	f := v.r.Facts()
	if f != nil {
		t.Limit, t.After, t.AfterEnd = f.Limit, s.ids(f.After), s.ids(f.AfterEnd)
	}
	if whole := s.whole(v); whole != nil {
		f = whole.r.Facts()
	}
	if f != nil {
		t.Timeout, t.Within, t.Shared = f.Timeout, f.Within, s.number(f.Shared)
	}
	t.Optional = v.has(record.Optional)
}

// whole is the Map or Race that v is a part of, or nil.
func (s *snapshot) whole(v *seen) *seen {
	if p := s.of(v.r.Parent()); p != nil && p.r.Group == v.r.Group && !p.has(record.IsGroup) {
		return p
	}
	return nil
}

// number is that of a shared limit in the run, 0 for nil.
func (s *snapshot) number(l *record.Shared) int {
	if l == nil {
		return 0
	}
	n, ok := s.shared[l]
	if !ok {
		s.run.Shared = append(s.run.Shared, SharedLimit{l.Limit})
		n = len(s.run.Shared)
		if s.shared == nil {
			s.shared = make(map[*record.Shared]int)
		}
		s.shared[l] = n
	}
	return n
}

// What follows is for runs of which not every fact is known: of events, which do not
// have them all, and of version 1 of the JSON.

// guessRaces tells Races from Maps. A Map has dependencies, as a Race may have: then
// the end tells, which is a failure of all functions, and no Map's, or came before that
// of a function that had lost.
func guessRaces(r *Run) {
	x := r.index()
	for i := range r.Tasks {
		t := &r.Tasks[i]
		t.Race = x.container(i) && t.Limit == 0 && (len(t.Deps) == 0 || t.Outcome == asap.Failed || x.wasDecided(i))
	}
}

// wasDecided tells whether the end of container i is that of a part that succeeded, and
// others had not.
func (x *index) wasDecided(i int) bool {
	t := &x.run.Tasks[i]
	won, lost := false, false
	for _, c := range x.children[i] {
		part := &x.run.Tasks[c]
		if part.Group != t.Group {
			continue
		}
		won = won || part.Outcome == asap.Succeeded && part.End() == t.End()
		lost = lost || part.End() > t.End() || part.End() == t.End() && (part.Outcome == asap.Skipped || part.Outcome == asap.Canceled)
	}
	return t.Outcome == asap.Succeeded && won && lost
}

// guessMayFail takes a failure that was tolerated, and at whose end a dependent was
// skipped, for that of a task that may fail.
func guessMayFail(r *Run) {
	x := r.index()
	for i := range r.Tasks {
		t := &r.Tasks[i]
		if t.Outcome != asap.Skipped {
			continue
		}
		for _, d := range t.Deps {
			if on := &r.Tasks[x.task[d]]; on.Outcome == asap.Tolerated && on.End() == t.End() {
				on.MayFail = true
			}
		}
	}
}

// guessSettled takes a group for settled that went on after its first failure: a body
// began later, or a Gather had all of its dependencies later.
func guessSettled(r *Run) {
	x := r.index()
	for g := range r.Groups {
		if f := x.firstFailure(g); f >= 0 && r.Tasks[f].Outcome == asap.Failed {
			r.Groups[g].Settled = x.wentOn(g, f)
		}
	}
}

// wentOn tells whether group g went on after the failure of task f. Where bodies were
// canceled, what happened at about the same time says nothing: on a real clock it takes
// a moment until everybody knows of a failure.
func (x *index) wentOn(g, f int) bool {
	failed := x.run.Tasks[f].End()
	scope := x.within(x.members[g])
	if slices.ContainsFunc(scope, func(i int) bool {
		t := &x.run.Tasks[i]
		return t.Outcome == asap.Canceled && t.End() >= failed
	}) {
		failed = add(failed, x.run.Makespan/1000)
	}
	return slices.ContainsFunc(scope, func(i int) bool {
		t := &x.run.Tasks[i]
		switch {
		case t.End() <= failed:
			return false
		case t.started():
			k := slices.IndexFunc(t.Pieces, func(p Piece) bool { return p.State == Running })
			return t.Pieces[k].Start > failed
		}
		return len(t.Deps) > 0 && good(t.Outcome) && !x.container(i)
	})
}
