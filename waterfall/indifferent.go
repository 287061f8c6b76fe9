package waterfall

import (
	"cmp"
	"slices"

	"github.com/asap-go/asap"
)

// mostVariants is how many ways the unknown is tried, all of it at once by luck, of runs of
// at most mostVaried tasks; and mostAlone of how many tasks each way alone, as what hangs on
// one of many would seldom be met by luck.
const (
	mostVariants = 16
	mostVaried   = 2000
	mostAlone    = 24
)

// indifferent tells whether the makespan does not hang on what a simulation has assumed: it
// is the same when bodies that were cut short or never began take no time, less, longer, or
// very long, end well or badly, and look at their contexts or do not, and when bodies of
// which several goroutines wait at once do not wait, or run for another time.
func (s *sim) indifferent(scale []float64, gone []bool, limit int) bool {
	if len(s.tasks) > mostVaried || len(s.m.learned) > 0 || s.restsOnMore() {
		return false
	}
	took, of := s.makespan(), s.withSeveral()
	same := func(m *model) bool {
		v := m.simulate(scale, gone, limit)
		return v.makespan() == took && v.stuck() < 0 && !v.restsOnMore()
	}
	for n := range mostVariants {
		if !same(of.variant(n)) {
			return false
		}
	}
	var alone []int
	for a := range s.notes {
		if !slices.Contains(alone, a.task) {
			alone = append(alone, a.task)
		}
	}
	slices.Sort(alone)
	for _, i := range alone[:min(len(alone), mostAlone, mostVaried/len(s.tasks)+1)] {
		for _, g := range guesses {
			if !same(of.guessed(i, g)) {
				return false
			}
		}
	}
	return true
}

// withSeveral is the model in which only those bodies are of several goroutines for which
// something hangs on that.
func (s *sim) withSeveral() *model {
	out := *s.m
	out.tasks = slices.Clone(s.m.tasks)
	for i := range out.tasks {
		out.tasks[i].several = s.notes[assumption{oneByOne, i}]
	}
	return &out
}

// restsOnMore tells whether there is an assumption of another sort than how long bodies
// take, how they end and whether they look at their contexts: of these there is no trying.
func (s *sim) restsOnMore() bool {
	for a := range s.notes {
		switch a.what {
		case ties, passesOn, goesOnLate, declaresFirst:
			return true
		case oneByOne:
			if a.task == s.m.caller {
				return true
			}
		case endsAlike:
			if s.m.run.Tasks[a.task].Around || s.m.fork(a.task) >= 0 {
				return true
			}
		}
	}
	return false
}

// supposed is what a body may do that was cut short or never began.
type supposed struct {
	takes     float64 // of what is assumed, or of what it ran
	bad, deaf bool
}

// guesses are those that are tried of one body alone.
var guesses = [...]supposed{{takes: 0}, {takes: 0, bad: true}, {takes: .1, deaf: true}, {takes: .4, bad: true, deaf: true}, {takes: 3}, {takes: 50, deaf: true}}

// variant is the model with other guesses, by luck.
func (m *model) variant(n int) *model {
	out := *m
	out.tasks = slices.Clone(m.tasks)
	factors := [...]float64{0, .2, .5, 1, 2, 5, 50}
	for i := range out.tasks[:m.caller] {
		pick := func(what, of int) int { return int(luck(n, i, what, 9) * float64(of)) }
		out.suppose(i, supposed{factors[pick(2, len(factors))], pick(3, 2) == 0, pick(1, 2) == 0})
	}
	return &out
}

// guessed is the model with another guess of task i alone.
func (m *model) guessed(i int, g supposed) *model {
	out := *m
	out.tasks = slices.Clone(m.tasks)
	out.suppose(i, g)
	return &out
}

// suppose makes of what is not known of task i another guess.
func (m *model) suppose(i int, g supposed) {
	mt := &m.tasks[i]
	bad := asap.Failed
	if mt.tolerated {
		bad = asap.Tolerated
	}
	if mt.several {
		mt.ops = slices.Clone(mt.ops)
		for k := range mt.ops {
			switch o := &mt.ops[k]; {
			case o.kind == opRun:
				o.d = scaled(o.d, g.takes)
			case g.bad && (o.kind == opWait || o.kind == opPause):
				*o = op{kind: opRun, at: o.at}
			}
		}
	}
	switch {
	case mt.kind == isUnrun:
		mt.kind, mt.deaf = isBody, g.deaf
		mt.ops = []op{{kind: opRun, d: scaled(cmp.Or(m.typical, m.run.Makespan), g.takes)}}
		if g.bad {
			mt.ending, mt.own = endsBadly, bad
		}
		mt.given = true
	case mt.kind != isBody:
	case mt.ending == endsCut || mt.ending == endsWithWait:
		mt.ops = slices.Clone(mt.ops)
		for k := range mt.ops {
			if mt.ops[k].kind == opMore {
				mt.ops[k].d = scaled(max(m.typical, m.run.Tasks[i].Took()), g.takes)
			}
		}
		if g.bad {
			mt.ops = append(mt.ops, op{kind: opEnd, on: int(bad)})
		}
		if !m.tellsHearing(i) {
			mt.deaf = g.deaf
		}
	default:
		if m.over[i] == never || m.run.Tasks[i].End() <= m.over[i] {
			mt.deaf = g.deaf
		} else if mt.ending == endsBadly && g.bad {
			mt.own = asap.Succeeded
		}
	}
}
