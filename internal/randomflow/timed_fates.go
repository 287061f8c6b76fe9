package randomflow

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/asap-go/asap"
)

// fates is what must come of a run.
type fates struct {
	tie      bool
	end      int
	value    Value
	exited   bool
	skipped  string // the text of the error, if nothing has failed but the result is not there
	failures []happened
	later    int // of them, that came after the end
	outside  bool
	cause    error
	running  []happened
	undos    []undone
	knots    []*knot
}

// undone is one call of an undo.
type undone struct {
	k    *knot
	at   int // when the value was there
	note string
	text string // of its failure, "" for none
	plan undoPlan
}

func (s *sim) fates() *fates {
	f := &fates{tie: s.tie, end: s.last, failures: s.failures, later: s.later, running: s.running, knots: s.knots}
	why := endWhy(-1)
	if s.ended != nil {
		why = s.ended.why
	}
	if f.outside = why == byOutside && s.unfinished; f.outside {
		if f.cause = s.ended.cause; f.cause == nil {
			f.cause = textError("context canceled")
		}
	}
	f.undos = s.undos(why)
	for _, u := range f.undos {
		if !s.p.pace.Sleeps {
			f.end += u.plan.last
		}
	}
	failing := slices.ContainsFunc(f.undos, func(u undone) bool { return u.text != "" })
	whole := s.p.settled && !f.outside && why != byExit
	switch {
	case why == byExit:
		if f.failures, f.later = nil, 0; !failing {
			f.exited, f.value = true, s.exit
		}
	case len(f.failures) == 0 && !failing && !f.outside || whole:
		if s.result.outcome == asap.Succeeded {
			f.value = s.result.value()
		} else if len(f.failures) == 0 && !failing {
			f.skipped = s.result.label + " skipped: " + s.result.root
			if s.result.outcome == asap.Tolerated {
				f.skipped = s.result.root
			}
		}
	}
	return f
}

// undos are those that are called, in order.
func (s *sim) undos(why endWhy) (all []undone) {
	every := why == byFailure || why == byOutside && s.unfinished
	add := func(k *knot, v any, at int) []undone {
		var calls []undone
		for i, u := range slices.Backward(k.undos) {
			c := undone{k: k, at: at, note: s.p.undoNote(k.beat, i, sumOf(v)), plan: u}
			switch {
			case u.panics:
				c.text = fmt.Sprintf("%s: undo: %s: panic: %s", k.label, k.label, s.p.undoText(k.beat, i))
			case u.fails:
				c.text = k.label + ": undo: " + s.p.undoText(k.beat, i)
			}
			calls = append(calls, c)
		}
		return calls
	}
	type group struct {
		order int
		calls []undone
	}
	var groups []group
	for _, k := range s.knots {
		if every && len(k.undos) > 0 && (k.outcome == asap.Succeeded || k.outcome == asap.Tolerated && k.optional) {
			groups = append(groups, group{k.order, add(k, k.out, k.at)})
		}
	}
	for _, l := range s.lost {
		groups = append(groups, group{l.order, add(l.k, l.value, l.at)})
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(b.order, a.order) })
	for _, g := range groups {
		all = append(all, g.calls...)
	}
	return all
}

// kind says in words what comes of it.
func (f *fates) kind(p *timedPlan) string {
	kind := "fail-fast"
	if p.settled {
		kind = "settled"
	}
	switch {
	case f.exited:
		kind += ", exits"
	case f.outside:
		kind += ", canceled"
	case len(f.failures) > 0:
		kind += ", fails"
	case f.skipped != "":
		kind += ", without a result"
	}
	if len(f.undos) > 0 {
		kind += ", undoes"
	}
	return kind
}
