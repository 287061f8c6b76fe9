package waterfall

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Forecast is what many runs would have been with some changes.
type Forecast struct {
	Changes []Change `json:"changes"`
	// Recorded is how many runs it rests on, and Runs how many they stand for.
	Recorded int `json:"recorded"`
	Runs     int `json:"runs"`
	// Before and After are percentiles of the makespan.
	Before Percentiles `json:"before"`
	After  Percentiles `json:"after"`
	// Low and High are where After.P99 is with a chance of nine in ten, as far as that
	// hangs on which runs were recorded.
	Low  time.Duration `json:"low"`
	High time.Duration `json:"high"`
	// Calls is how many calls there would be more, as a share of all bodies that call
	// something.
	Calls float64 `json:"calls"`
	// Full is the share of runs that succeed with everything in them that may be missing.
	Full    float64 `json:"full"`
	WasFull float64 `json:"wasFull"`
	// Failed is the share of runs that fail.
	Failed    float64 `json:"failed"`
	WasFailed float64 `json:"wasFailed"`
	// Hedged tells whether there is a hedge among the changes, and Correlation what was
	// taken for that between two calls: found in so many Pairs of recorded calls, or, if
	// Pairs is 0, assumed.
	Hedged      bool    `json:"hedged,omitzero"`
	Correlation float64 `json:"correlation"`
	Pairs       int     `json:"pairs,omitzero"`
	// Refused is the share of the second calls for which a [Budget] has nothing left.
	Refused float64 `json:"refused,omitzero"`
	// AtHalf is After if the correlation is .5 and not none, where it was assumed.
	AtHalf *Percentiles `json:"atHalf,omitzero"`
	// Delays are after which times the hedges call again, in the order of the changes;
	// of one that is of several tasks, the longest.
	Delays []time.Duration `json:"delays,omitzero"`
	// Assumes says what else it rests on, a sentence each.
	Assumes []string `json:"assumes,omitzero"`
}

// Percentiles are those of the makespans of many runs.
type Percentiles struct {
	P50 time.Duration `json:"p50"`
	P95 time.Duration `json:"p95"`
	P99 time.Duration `json:"p99"`
}

// Saved is the time that the changes take off p99.
func (f *Forecast) Saved() time.Duration { return f.Before.P99 - f.After.P99 }

// WhatIf predicts the percentiles of the makespan with some changes, all together, by
// running each recorded run again, as [Run.WhatIf] does, several times. Of a [Hedge] the
// second call takes what other calls of the task took, chosen by luck, which is the same
// whenever it is asked; with a correlation to the first call that is estimated from the
// hedges in the record (nested groups named hedge), or that of [Correlation], or none. A
// body that was canceled takes as long as one of those that ran for longer. Under a limit
// the second call takes a slot of its own; that of a call that failed does not help. They
// are as many as the delays make them, or as a [Budget] lets them be.
//
// Changes are made to those runs that have a task of the name. It fails if none has, if
// a hedge is of what cannot be called twice or has no record, and if there are too few
// runs: 100, of which 20 were recorded.
func (s *Sample) WhatIf(changes ...Change) (*Forecast, error) {
	if err := s.enough(); err != nil {
		return nil, err
	}
	s.prepare()
	q, err := s.ask(changes)
	if err != nil {
		return nil, err
	}
	return s.forecast(q, 400_000), nil
}

// forecast answers a question at length, with so many tasks that run again at most, or
// each once.
func (s *Sample) forecast(q *question, most int) *Forecast {
	f := &Forecast{Changes: q.changes, Recorded: len(s.runs), Runs: s.seen, Hedged: len(q.hedges) > 0, Delays: q.delays}
	switch {
	case q.correlation != nil:
		f.Correlation = *q.correlation
	case s.fit.known:
		f.Correlation, f.Pairs = s.fit.of, s.fit.pairs
	}
	draws := s.draws(most)
	weights := s.normalized(func(int) float64 { return 1 })
	after := s.within(q, f.Correlation, draws, weights)
	f.Refused = 1 - q.paid
	f.Before, f.After = s.base.percentiles(weights), after.percentiles(weights)
	before := s.base.totals(weights)
	then := after.totals(weights)
	f.WasFull, f.WasFailed = before.full/before.weight, before.failed/before.weight
	f.Full, f.Failed = then.full/then.weight, then.failed/then.weight
	if before.calls > 0 {
		f.Calls = then.calls/before.calls - 1
	}
	f.Low, f.High = s.spread(&after)
	if f.Hedged && q.correlation == nil && f.Pairs == 0 {
		half := s.within(q, .5, draws, weights)
		p := half.percentiles(weights)
		f.AtHalf = &p
	}
	f.Assumes = s.told(&after)
	return f
}

// spread is between what p99 is nine times in ten if other runs had been recorded.
func (s *Sample) spread(o *outcomes) (low, high time.Duration) {
	const rounds = 100
	var all []time.Duration
	for round := range rounds {
		all = append(all, o.percentiles(s.resampled(round)).P99)
	}
	slices.Sort(all)
	return all[rounds/20], all[rounds-1-rounds/20]
}

// question is what is asked of a sample.
type question struct {
	changes     []Change
	plain       []Change // what one run can be asked
	hedges      []Change
	delays      []time.Duration
	correlation *float64
	budget      float64 // 0 for none
	paid        float64 // the share of second calls for which it pays
}

// ask looks whether changes can be answered.
func (s *Sample) ask(changes []Change) (*question, error) {
	q := &question{changes: changes, paid: 1}
	for _, c := range changes {
		if c.kind != changeBudget {
			continue
		}
		if q.budget = c.share; !(c.share > 0 && c.share <= 1) {
			return nil, fmt.Errorf("waterfall: what if: budget %g; want it above 0 and at most 1", c.share)
		}
	}
	for _, c := range changes {
		switch c.kind {
		case changeBudget:
		case changeCorrelation:
			if !(c.share >= 0 && c.share <= 1) {
				return nil, fmt.Errorf("waterfall: what if: correlation %g; want it from 0 to 1", c.share)
			}
			q.correlation = &c.share
		case changeHedge:
			c = c.paidBy(q.budget)
			delay, err := s.askHedge(c)
			if err != nil {
				return nil, err
			}
			q.hedges, q.delays = append(q.hedges, c), append(q.delays, delay)
		default:
			if err := s.askPlain(c); err != nil {
				return nil, err
			}
			q.plain = append(q.plain, c)
		}
	}
	return q, nil
}

// askPlain looks whether a change can be made in some run.
func (s *Sample) askPlain(c Change) error {
	var first error
	for _, r := range s.runs {
		_, _, _, _, err := r.m.apply([]Change{c})
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// askHedge looks whether a task can be hedged in some run, and returns the delay.
func (s *Sample) askHedge(c Change) (time.Duration, error) {
	if !c.fixed && !(c.share > 0 && c.share < 1) || c.fixed && c.at < 0 {
		return 0, fmt.Errorf("waterfall: what if: %s: want a share between 0 and 1, or a time", c)
	}
	var delay time.Duration
	why, found, can := "", false, false
	for _, r := range s.runs {
		for _, i := range r.m.find(c.task) {
			found = true
			if w := r.unhedgeable(i); w != "" {
				why = w
			} else if d := s.durations[r.record[i]]; d.calls-d.cut < leastCalls {
				why = fmt.Sprintf("of its calls %d have ended, and it takes %d to know what another one would take", d.calls-d.cut, leastCalls)
			} else {
				can = true
				delay = max(delay, c.delay(d))
			}
		}
	}
	switch name := called(c.task); {
	case !found:
		return 0, fmt.Errorf("waterfall: what if: no task %q; there are %s", clip(c.task, longestTold), list(s.names(), 8))
	case !can:
		return 0, fmt.Errorf("waterfall: what if: %s cannot be hedged: %s", name, why)
	}
	return delay, nil
}

func (s *Sample) names() []string {
	var names []string
	for _, r := range s.runs[:min(len(s.runs), 20)] {
		for _, n := range r.m.names() {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}

// delay is after what time a hedge calls again.
func (c Change) delay(d *durations) time.Duration {
	if c.fixed {
		return c.at
	}
	return d.quantile(c.share)
}

// unhedgeable is why task i cannot be called twice, or empty.
func (r *sampled) unhedgeable(i int) string {
	m, mt := r.m, &r.m.tasks[i]
	switch {
	case mt.kind == isMap:
		return fmt.Sprintf("it is a Map; ask for its elements, %s[]", called(m.run.Tasks[i].Name))
	case mt.kind == isRace:
		return "it is a Race, which calls several at once already"
	case m.inRace(i):
		return "it is a function of a Race"
	case mt.kind != isBody && mt.kind != isUnrun:
		return "it has no body"
	case r.second[i] >= 0:
		return ""
	case m.inHedge(i):
		return "it is a call of a hedge"
	case len(m.nested[i]) > 0:
		return "it has tasks inside, of which a second call is not recorded"
	case r.record[i] < 0, !m.run.Tasks[i].started():
		return "its body never ran"
	}
	return ""
}

// outcomes are what became of the runs, one or several times each.
type outcomes struct {
	list []outcome // by makespan
	told map[toldOf]float64
	uses map[int]bool // the durations that were drawn from for canceled bodies
}

type toldOf struct {
	what assumed
	name string
}

type outcome struct {
	run          int
	part         float64 // of the run's weight
	took         time.Duration
	full, failed bool
	calls        int
	first        int // calls of what is hedged
	second       int // and second ones
}

// totals are what outcomes add up to.
type totals struct{ weight, full, failed, calls, first, second float64 }

func (o *outcomes) totals(weights []float64) (t totals) {
	for i := range o.list {
		e := &o.list[i]
		w := e.part * weights[e.run]
		t.weight += w
		t.calls += w * float64(e.calls)
		t.first += w * float64(e.first)
		t.second += w * float64(e.second)
		if e.full {
			t.full += w
		}
		if e.failed {
			t.failed += w
		}
	}
	return t
}

func (o *outcomes) percentiles(weights []float64) Percentiles {
	total := 0.0
	for i := range o.list {
		total += o.list[i].part * weights[o.list[i].run]
	}
	var p Percentiles
	sum, next := 0.0, 0
	goals := [...]struct {
		share float64
		to    *time.Duration
	}{{.5, &p.P50}, {.95, &p.P95}, {.99, &p.P99}}
	for i := range o.list {
		sum += o.list[i].part * weights[o.list[i].run]
		for next < len(goals) && sum >= goals[next].share*total*(1-1e-12) {
			*goals[next].to = o.list[i].took
			next++
		}
	}
	return p
}

// slowest is the mean of those beyond a share.
func (o *outcomes) slowest(weights []float64, share float64) float64 {
	total := 0.0
	for i := range o.list {
		total += o.list[i].part * weights[o.list[i].run]
	}
	left, sum := total*(1-share), 0.0
	for i := range slices.Backward(o.list) {
		w := min(left, o.list[i].part*weights[o.list[i].run])
		sum += w * float64(o.list[i].took)
		if left -= w; left <= 0 {
			break
		}
	}
	return sum / (total * (1 - share))
}

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
