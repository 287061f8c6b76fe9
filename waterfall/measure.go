package waterfall

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Measure is what a run's work amounts to.
type Measure struct {
	// Work is T1, the time of all bodies together: what a run one after the
	// other would take.
	Work time.Duration
	// Span is T∞, the longest path of work: what no number of processors and
	// no limit can beat. Waits, queues and the caller's time are not in it.
	Span time.Duration
	// ByLevel is what the run would take level by level, each level waiting for
	// the whole one before it, without a limit. A level is as many stretches
	// of work after the start as the longest chain that leads to it.
	ByLevel time.Duration
	// Parallelism is Work/Span, the average parallelism: more slots than this
	// help little (Blumofe and Leiserson, "Scheduling Multithreaded
	// Computations by Work Stealing", J. ACM 46, 1999). 0 without work.
	Parallelism float64
	// Peak is the greatest number of bodies that ran at the same time.
	Peak int
	// Efficiency is max(Work/n, Span)/Makespan, n the limit: the least time
	// that any schedule could take (Graham's bound), as a share of the time
	// that this one took. 1 is perfect; 0 stands for a run of no time.
	Efficiency float64
	// Slack is how much later each task could have run without making the span
	// longer: LS − ES of the critical path method (Kelley and Walker, 1959),
	// the least of those of its stretches. In the order of Tasks.
	Slack []time.Duration
}

// Measure computes the figures of a run; of one that has not ended, of what
// has happened so far.
func (r *Run) Measure() Measure {
	g := r.model().graph()
	m := Measure{Work: r.work(), Span: g.span(), ByLevel: g.byLevel(), Peak: r.peak(), Slack: g.slack()}
	if m.Span > 0 {
		m.Parallelism = float64(m.Work) / float64(m.Span)
	}
	if r.Makespan > 0 {
		least := m.Span
		if n := r.limit(); n > 0 {
			least = max(least, m.Work/time.Duration(n))
		}
		m.Efficiency = min(1, float64(least)/float64(r.Makespan))
	}
	return m
}

func (r *Run) limit() int {
	if len(r.Groups) == 0 {
		return 0
	}
	return r.Groups[0].Limit
}

// peak is the greatest number of bodies that ran at the same time.
func (r *Run) peak() int {
	return r.peakOf(func(yield func(int) bool) {
		for i := range r.Tasks {
			if !yield(i) {
				return
			}
		}
	})
}

// peakOf is that of some tasks.
func (r *Run) peakOf(tasks iter.Seq[int]) int {
	var edges []edge
	for i := range tasks {
		for _, p := range r.Tasks[i].Pieces {
			if p.State == Running && p.Len() > 0 {
				edges = append(edges, edge{p.Start, 1, 0}, edge{p.End, -1, 0})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		// Ends first: one that hands over does not count twice.
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.run, b.run))
	})
	n, most := 0, 0
	for _, e := range edges {
		n += e.run
		most = max(most, n)
	}
	return most
}

// work is T1, the time of all bodies together.
func (r *Run) work() time.Duration {
	var sum time.Duration
	for i := range r.Tasks {
		sum = add(sum, r.Tasks[i].Took())
	}
	return sum
}
