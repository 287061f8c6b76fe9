package waterfall

import (
	"fmt"
	"slices"
	"time"
)

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
