package waterfall

// A budget lets second calls be a share of first ones at most: see [Budget].

// budget is that of the hedges, 0 for none.
func (f *Forecast) budget() (of float64) {
	for _, c := range f.Changes {
		if c.kind == changeBudget {
			of = c.share
		}
	}
	return of
}

// paidBy is a hedge at the quantile that a budget pays for, if there is one.
func (c Change) paidBy(budget float64) Change {
	if c.kind == changeHedge && !c.fixed && budget > 0 && c.share < 1-budget {
		c.share = 1 - budget
	}
	return c
}

// callsOf is how many first calls a run has of what a question hedges.
func (r *sampled) callsOf(q *question) (n int) {
	for _, c := range q.hedges {
		for _, i := range r.m.find(c.task) {
			if r.unhedgeable(i) == "" {
				n++
			}
		}
	}
	return n
}

// within are the outcomes with as many second calls as the budget pays for.
func (s *Sample) within(q *question, correlation float64, draws int, weights []float64) outcomes {
	q.paid = 1
	out := s.outcomes(q, correlation, draws)
	if q.budget == 0 {
		return out
	}
	if t := out.totals(weights); t.second > q.budget*t.first {
		q.paid = q.budget * t.first / t.second
		out = s.outcomes(q, correlation, draws)
	}
	return out
}
