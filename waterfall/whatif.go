package waterfall

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Prediction is what a run would have been.
type Prediction struct {
	// Makespan is the predicted one.
	Makespan time.Duration
	// Baseline is the makespan of the run itself, which is also what is predicted
	// of no change.
	Baseline time.Duration
	// Assumes says what the prediction rests on beside that the bodies do what they
	// did, a sentence each, of what the record does not tell: how a body would have
	// gone on that was canceled, or how long one takes that never ran. Without any it
	// is exact.
	Assumes []string
	// Run is the predicted run, to look at.
	Run *Run
}

// Saved is the time that the changes save; it is negative if they cost time.
func (p *Prediction) Saved() time.Duration { return p.Baseline - p.Makespan }

// WhatIf predicts the run with some changes, by running it again: every body
// runs and waits in the same order and for the same tasks as it did, for the
// time that it took, changed as asked, and the rest follows by the library's own
// rules: who gets a slot, what a failure, an exit or a limit of time ends, which
// function wins a Race. So does what the caller declares after it has waited. What
// would need a look into the bodies stays as it was: one fails after the same work,
// and a wait that ended by its own deadline has the same deadline and any other has
// none. Of a body's goroutines that wait at the same time it is not known which of them ran
// what, so the body goes on when all of them do. What the record does not tell,
// Prediction.Assumes says. With nothing changed the
// prediction is the run.
//
// It fails for a run that has not ended, an unknown task, a share above 1, a
// negative limit, and a run from elsewhere whose waits are a circle.
func (r *Run) WhatIf(changes ...Change) (*Prediction, error) { return r.whatIf(nil, changes) }

// Predict predicts one run with some changes, as [Run.WhatIf] does, and takes what its
// record does not tell from the runs of the sample: how a body goes on that was cut short,
// what one does that never began, and the tasks that are declared then. Of those runs in
// which the body ended by itself, did the same up to there and, if it was cut while it
// ran, ran at least as long, it takes those that end as most do, and of them the one of the
// median time; [Prediction.Assumes] says of how many. It fails as [Run.WhatIf] does.
func (s *Sample) Predict(r *Run, changes ...Change) (*Prediction, error) { return r.whatIf(s, changes) }

func (r *Run) whatIf(known *Sample, changes []Change) (*Prediction, error) {
	if !r.Ended || len(r.Groups) == 0 {
		return nil, errors.New("waterfall: what if: the run has not ended")
	}
	m := r.modelWith(known)
	changed, scale, gone, limit, err := m.apply(changes)
	if err != nil {
		return nil, err
	}
	base := m.simulate(m.asItWas(), nil, r.limit())
	s := base
	unchanged := slices.Equal(scale, m.asItWas()) && !slices.Contains(gone, true) && limit == r.limit() && changed == m
	if !unchanged {
		s = changed.simulate(scale, gone, limit)
	}
	if i := max(base.stuck(), s.stuck()); i >= 0 {
		return nil, fmt.Errorf("waterfall: what if: %s waits in a circle", m.told(i))
	}
	s.noteSeveral()
	p := &Prediction{Makespan: s.makespan(), Baseline: r.Makespan, Run: s.predicted(limit), Assumes: s.assumes()}
	if len(p.Assumes) > 0 && s.indifferent(scale, gone, limit) {
		p.Assumes = nil
	}
	switch took := base.makespan(); {
	case took == r.Makespan:
	case unchanged:
		p.Makespan, p.Run, p.Assumes = r.Makespan, r.again(), nil
	default:
		p.Assumes = append(p.Assumes, fmt.Sprintf("the run as it was, simulated, takes %s: what was ready in one instant came in another order", duration(took)))
	}
	return p, nil
}

// again is a copy of the run, as the prediction of itself.
func (r *Run) again() *Run {
	c := *r
	c.Notes = append(slices.Clone(r.Notes), predictedNote)
	return &c
}

// predictedNote says that a run never was.
const predictedNote = "this run is a prediction"

// asItWas is the scale that changes nothing.
func (m *model) asItWas() []float64 {
	scale := make([]float64, len(m.tasks))
	for i := range scale {
		scale[i] = 1
	}
	return scale
}

// apply is what changes make of a model: one with other facts where they ask for
// that, and of the rest how long bodies run, what is dropped, and the outermost limit.
func (m *model) apply(changes []Change) (changed *model, scale []float64, gone []bool, limit int, err error) {
	scale, gone, limit = m.asItWas(), make([]bool, len(m.tasks)), m.run.limit()
	changed = m
	fail := func(format string, args ...any) (*model, []float64, []bool, int, error) {
		return nil, nil, nil, 0, fmt.Errorf("waterfall: what if: "+format, args...)
	}
	for _, c := range changes {
		var tasks []int
		if c.kind == changeHedge || c.kind == changeCorrelation || c.kind == changeBudget {
			return fail("%s: one run does not tell how long a second call takes; give several runs of the group", c)
		}
		if c.kind != changeLimit && c.kind != changeLimitOf {
			if tasks = m.find(c.task); len(tasks) == 0 {
				return fail("no task %q; there are %s", clip(c.task, longestTold), list(m.names(), 8))
			}
		}
		if c.limit < 0 {
			return fail("limit %d; 0 means none", c.limit)
		}
		switch c.kind {
		case changeSpeed:
			if !(c.share <= 1) {
				return fail("%s: share %g is more than all of its time", c.task, c.share)
			}
			for _, t := range tasks {
				scale[t] *= 1 - c.share
			}
		case changeDrop:
			for _, t := range tasks {
				m.dropTree(t, gone)
			}
		case changeLimit:
			limit = c.limit
		case changeLimitOf:
			if changed == m {
				changed = m.copied()
			}
			if !changed.limitOf(c.task, c.limit) {
				return fail("no Map and no nested group %q, nor one in its body, which could have a limit", clip(c.task, longestTold))
			}
		case changeWithin:
			if changed == m {
				changed = m.copied()
			}
			for _, t := range tasks {
				changed.run.Tasks[t].Within = max(1, c.at)
			}
		}
	}
	return changed, scale, gone, limit, nil
}

// copied is the model over a copy of its run, of which facts may be changed.
func (m *model) copied() *model {
	run, x, out := *m.run, *m.index, *m
	run.Groups, run.Tasks, run.Shared = slices.Clone(run.Groups), slices.Clone(run.Tasks), slices.Clone(run.Shared)
	x.run, out.index = &run, &x
	return &out
}

// limitOf gives what has that name another limit, and tells whether there is any.
func (m *model) limitOf(name string, n int) bool {
	found := false
	shared := func(k int) {
		m.run.Shared[k].Limit = n
		if n == 0 {
			m.run.Shared[k].Limit = noLimit
		}
		found = true
	}
	var inside []int // groups that bodies of that name have made
	limited := false
	for _, t := range m.find(name) {
		switch task := &m.run.Tasks[t]; {
		case task.Limit == 0 && task.Shared > 0:
			shared(task.Shared - 1)
		case !task.Race && m.container(t), task.Limit > 0:
			task.Limit, found = n, true
		default:
			for _, g := range m.nested[t] {
				inside = append(inside, g)
				limited = limited || m.run.Groups[g].Limit > 0
			}
		}
	}
	for _, g := range inside {
		if limited == (m.run.Groups[g].Limit > 0) { // of several, those that have one
			m.run.Groups[g].Limit, found = n, true
		}
	}
	for g := 1; g < len(m.run.Groups); g++ {
		if m.run.Groups[g].Name == name {
			m.run.Groups[g].Limit, found = n, true
		}
	}
	for k := range m.run.Shared {
		if !found && sharedName(k) == name {
			shared(k)
		}
	}
	return found
}

// noLimit is more than there are bodies.
const noLimit = 1 << 30

func (m *model) dropTree(t int, gone []bool) {
	if gone[t] {
		return
	}
	gone[t] = true
	for _, c := range m.children[t] {
		m.dropTree(c, gone)
	}
}

// Named returns the tasks that a change of that name is of, as places in Tasks: those
// of the name or path, the elements of a Map (likes[]), and tasks alike (shard-*,
// ping#*, page[]/head).
func (r *Run) Named(name string) []int { return r.index().find(name) }

// find returns the tasks of a name, a path or, with [], of a Map; with a star or [],
// all tasks alike, within those alike: page[]/head, shard-*, ping#*.
func (x *index) find(name string) []int {
	if x.found == nil {
		return x.search(name)
	}
	if out, ok := x.found.Load(name); ok {
		return out.([]int)
	}
	out := x.search(name)
	x.found.Store(name, out)
	return out
}

func (x *index) search(name string) []int {
	var out []int
	whole, elements := strings.CutSuffix(name, "[]")
	many := strings.Contains(name, "[]") || strings.Contains(name, "*")
	for i := range x.run.Tasks {
		switch {
		case name == "":
		case x.run.Tasks[i].Name == name, x.path(i) == name:
			out = append(out, i)
		case many && x.ofFamily(i, name):
			out = append(out, i)
		case elements:
			if p := x.parent(i); p >= 0 && x.container(p) && x.run.Tasks[p].Group == x.run.Tasks[i].Group &&
				(x.run.Tasks[p].Name == whole || x.path(p) == whole) {
				out = append(out, i)
			}
		}
	}
	return out
}

func (x *index) names() []string {
	var names []string
	for i := range x.run.Tasks {
		if n := called(x.run.Tasks[i].Name); x.run.Tasks[i].Name != "" && !slices.Contains(names, n) && len(names) < 20 {
			names = append(names, n)
		}
	}
	return names
}
