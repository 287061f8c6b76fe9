package waterfall

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// outcomes runs all runs again.
func (s *Sample) outcomes(q *question, correlation float64, draws int) outcomes {
	out := outcomes{told: make(map[toldOf]float64), uses: make(map[int]bool)}
	for at, r := range s.runs {
		s.rerun(&out, at, r, q, correlation, draws)
	}
	slices.SortStableFunc(out.list, func(a, b outcome) int { return cmp.Compare(a.took, b.took) })
	return out
}

// draws is how often each run is run again: often enough for luck to be even, and not so
// often that it takes long.
func (s *Sample) draws(most int) int {
	const enough = 4000
	return max(1, min(16, enough/max(1, len(s.runs)), most/max(1, s.Tasks())))
}

// rerun runs one run again, so many times.
func (s *Sample) rerun(out *outcomes, at int, r *sampled, q *question, correlation float64, draws int) {
	first := r.callsOf(q)
	asItWas := func() {
		out.list = append(out.list, outcome{run: at, part: 1, took: r.run.Makespan, full: r.base.full(), failed: r.base.failedAll(), calls: r.base.calls(), first: first})
	}
	plain := slices.DeleteFunc(slices.Clone(q.plain), func(c Change) bool { return !r.changes(c) })
	if len(plain) == 0 && len(q.hedges) == 0 {
		asItWas()
		return
	}
	changed, scale, gone, limit, err := r.m.apply(plain)
	if err != nil {
		asItWas()
		return
	}
	calls := s.hedged(r, q, scale)
	if len(calls) > 0 {
		for i, l := range changed.limiters(limit)[:r.m.caller] {
			if at := slices.IndexFunc(calls, func(c hedgedCall) bool { return c.task == i }); at >= 0 {
				calls[at].limited = l != nil
			}
		}
	}
	if len(plain) == 0 && !slices.ContainsFunc(calls, func(c hedgedCall) bool { return c.late || c.replaces }) {
		asItWas()
		return
	}
	cut := s.cut(r, calls)
	if len(calls) == 0 && len(cut) == 0 {
		draws = 1
	}
	for draw := range draws {
		m := *changed
		m.tasks = slices.Clone(changed.tasks)
		for _, i := range cut {
			s.goOn(r, &m, i, draw)
			out.uses[int(r.record[i])] = true
		}
		for i := range calls {
			calls[i].refused = q.paid < 1 && luck(r.seed, calls[i].task, draw, 2) >= q.paid
			if calls[i].cut {
				out.uses[int(r.record[calls[i].task])] = true
			}
			s.call(r, &m, &calls[i], correlation, draw)
		}
		of, scales := &m, scale
		for i := range calls {
			if c := &calls[i]; c.second > 0 {
				of = of.withSecond(c.task, c.delayed, c.second)
				scales = append(slices.Clip(scales), c.scale)
			}
		}
		sim := of.simulate(scales, gone, limit)
		if sim.stuck() >= 0 {
			asItWas()
			return
		}
		o := outcome{run: at, part: 1 / float64(draws), full: sim.full(), failed: sim.failedAll(), calls: sim.calls(), first: first,
			took: max(0, r.run.Makespan+sim.makespan()-r.took)}
		for i := range calls {
			c := &calls[i]
			if c.second > 0 && ran(sim.tasks[of.seconds[c.task]].pieces) > 0 || c.second == 0 && !c.refused && ran(sim.tasks[c.task].pieces) > c.delay {
				o.calls++
				o.second++
			}
		}
		for a := range sim.notes {
			name := "(caller)"
			if a.task < m.caller {
				name = r.m.told(a.task)
			}
			out.told[toldOf{a.what, name}] += r.weight * o.part
		}
		out.list = append(out.list, o)
	}
}

// changes tells whether a change makes a difference to a run, as far as that is easy to
// see: whether it has such a task, which ends after the deadline that it is given.
func (r *sampled) changes(c Change) bool {
	if c.kind == changeLimit {
		return true
	}
	if c.kind == changeLimitOf {
		_, _, _, _, err := r.m.apply([]Change{c})
		return err == nil
	}
	return slices.ContainsFunc(r.m.find(c.task), func(i int) bool {
		t := &r.m.run.Tasks[i]
		return c.kind != changeWithin || t.Within > 0 || t.End() >= add(r.m.run.Groups[r.m.groupAt(i)].Start, c.at)
	})
}

// hedgedCall is a task of a run that a hedge is of.
type hedgedCall struct {
	task     int
	delay    time.Duration
	of       *durations
	ran      time.Duration // the first call
	scale    float64       // of both calls, by the other changes
	cut      bool          // it was canceled
	late     bool          // it may be slower than the delay
	replaces bool          // a hedge that was recorded
	limited  bool          // a second call needs a slot
	refused  bool          // the budget has nothing left for it
	// second is what the second call takes, made when the first has run for delayed, if it
	// needs a slot; both before they are scaled.
	second, delayed time.Duration
}

// hedged are the tasks of a run that a question hedges.
func (s *Sample) hedged(r *sampled, q *question, scale []float64) []hedgedCall {
	var out []hedgedCall
	for _, c := range q.hedges {
		for _, i := range r.m.find(c.task) {
			if r.unhedgeable(i) != "" || slices.ContainsFunc(out, func(h hedgedCall) bool { return h.task == i }) {
				continue
			}
			h := hedgedCall{task: i, of: s.durations[r.record[i]], replaces: r.second[i] >= 0, scale: scale[i]}
			if h.of.empty() {
				continue
			}
			first := i
			if h.replaces {
				first = int(r.first[i])
				h.cut = good(r.m.run.Tasks[r.second[i]].Outcome) && r.m.run.Tasks[r.second[i]].Outcome != asap.Tolerated
			}
			ending := r.m.tasks[first].ending
			h.ran, h.cut = r.m.run.Tasks[first].Took(), h.cut || ending == endsCut
			h.delay = c.delay(h.of)
			if !c.fixed {
				h.delay = scaled(h.delay, scale[i])
			}
			h.late = h.cut || scaled(h.ran, scale[i]) > h.delay
			if !h.cut && (ending == endsBadly || ending == endsWithWait) {
				continue // it fails all the same
			}
			out = append(out, h)
		}
	}
	return out
}

// cut are the bodies of a run that were canceled, but for those that are hedged.
func (s *Sample) cut(r *sampled, calls []hedgedCall) []int {
	var out []int
	for i := range r.m.tasks[:r.m.caller] {
		if r.m.tasks[i].ending != endsCut || r.record[i] < 0 || s.durations[r.record[i]].empty() {
			continue
		}
		if !slices.ContainsFunc(calls, func(c hedgedCall) bool { return c.task == i }) {
			out = append(out, i)
		}
	}
	return out
}

// goOn lets a body that was canceled take as long as one of those that ran for longer.
func (s *Sample) goOn(r *sampled, m *model, i, draw int) {
	ran := r.m.run.Tasks[i].Took()
	took := s.durations[r.record[i]].longer(ran, luck(r.seed, i, draw, 0))
	setTime(&m.tasks[i], took)
}

// call lets a task of a run be hedged.
func (s *Sample) call(r *sampled, m *model, c *hedgedCall, correlation float64, draw int) {
	first := c.ran
	if c.cut {
		first = c.of.longer(first, luck(r.seed, c.task, draw, 0))
	}
	by := c.scale
	mt := &m.tasks[c.task]
	if c.replaces {
		mt.ops, mt.ending = []op{{kind: opRun}}, endsWell
	}
	took := float64(first) * by
	c.second = 0
	if c.refused {
		setTime(mt, first)
		return
	}
	if c.limited && took > float64(c.delay) {
		setTime(mt, first)
		c.second = max(1, c.of.second(first, correlation, luck(r.seed, c.task, draw, 1)))
		c.delayed = c.delay
		if by > 0 {
			c.delayed = time.Duration(float64(c.delay) / by)
		}
		return
	}
	if took > float64(c.delay) {
		second := c.of.second(first, correlation, luck(r.seed, c.task, draw, 1))
		took = min(took, float64(c.delay)+float64(second)*by)
	}
	if by > 0 {
		took /= by
	}
	setTime(mt, time.Duration(math.Round(took)))
}

// setTime lets a body take so long in all: what is more or less is at its end.
func setTime(mt *modelTask, took time.Duration) {
	ops := slices.DeleteFunc(slices.Clone(mt.ops), func(o op) bool { return o.kind == opMore })
	var sum time.Duration
	last := -1
	for k := range ops {
		if ops[k].kind == opRun {
			sum += ops[k].d
			last = k
		}
	}
	if last < 0 {
		ops = append(ops, op{kind: opRun})
		last = len(ops) - 1
	}
	ops[last].d = max(0, ops[last].d+took-sum)
	mt.ops = ops
}
