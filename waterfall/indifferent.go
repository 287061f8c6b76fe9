package waterfall

import (
	"slices"

	"github.com/asap-go/asap"
)

// mostVariants is how many ways the unknown is tried, of runs of at most mostVaried tasks.
const (
	mostVariants = 16
	mostVaried   = 2000
)

// indifferent tells whether the makespan does not hang on what a simulation has assumed: it
// is the same when bodies that were cut short or never began take no time, less, longer, or
// very long, end well or badly, and look at their contexts or do not.
func (s *sim) indifferent(scale []float64, gone []bool, limit int) bool {
	if len(s.tasks) > mostVaried || len(s.m.learned) > 0 || s.restsOnMore() {
		return false
	}
	took := s.makespan()
	for n := range mostVariants {
		v := s.m.variant(n).simulate(scale, gone, limit)
		if v.makespan() != took || v.stuck() >= 0 || v.restsOnMore() {
			return false
		}
	}
	return true
}

// restsOnMore tells whether there is an assumption of another sort than how long bodies
// take, how they end and whether they look at their contexts: of these there is no trying.
func (s *sim) restsOnMore() bool {
	for a := range s.notes {
		switch a.what {
		case ties, passesOn, goesOnLate:
			return true
		case endsAlike:
			if s.m.run.Tasks[a.task].Around || s.m.fork(a.task) >= 0 {
				return true
			}
		}
	}
	return false
}

// variant is the model with other guesses, by luck.
func (m *model) variant(n int) *model {
	out := *m
	out.tasks = slices.Clone(m.tasks)
	factors := [...]float64{0, .2, .5, 1, 2, 5, 50}
	for i := range out.tasks[:m.caller] {
		mt := &out.tasks[i]
		pick := func(what, of int) int { return int(luck(n, i, what, 9) * float64(of)) }
		bad := asap.Failed
		if mt.tolerated {
			bad = asap.Tolerated
		}
		switch {
		case mt.kind == isUnrun:
			mt.kind, mt.deaf = isBody, pick(1, 2) == 0
			mt.ops = []op{{kind: opRun, d: scaled(m.typical, factors[pick(2, len(factors))])}}
			if pick(3, 2) == 0 {
				mt.ending, mt.own = endsBadly, bad
			}
			mt.given = true
		case mt.kind != isBody:
		case mt.ending == endsCut || mt.ending == endsWithWait:
			mt.ops = slices.Clone(mt.ops)
			for k := range mt.ops {
				if mt.ops[k].kind == opMore {
					mt.ops[k].d = scaled(max(m.typical, m.run.Tasks[i].Took()), factors[pick(2, len(factors))])
				}
			}
			if pick(3, 2) == 0 {
				mt.ops = append(mt.ops, op{kind: opEnd, on: int(bad)})
			}
			if mt.ending == endsWithWait {
				mt.deaf = pick(1, 2) == 0
			}
		default:
			if m.over[i] == never || m.run.Tasks[i].End() <= m.over[i] {
				mt.deaf = pick(1, 2) == 0
			} else if mt.ending == endsBadly && pick(3, 2) == 0 {
				mt.own = asap.Succeeded
			}
		}
	}
	return &out
}
