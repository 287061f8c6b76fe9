package waterfall

import (
	"slices"
	"time"
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
