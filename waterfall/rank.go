package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Gain is what work on one task would bring the whole run.
type Gain struct {
	Task asap.ID
	Name string // with the names of the tasks around it
	// Half and All are the time that the run would save if the task took half
	// of its time, and none.
	Half, All time.Duration
	// Kink is the share of the task's time past which speeding it up more
	// helps the run no more, between 0 and 1: another path is then the longest.
	Kink float64
}

// maxRanked is how many tasks a ranking tries, each by some simulations; of
// runs with more than rankedWork tasks in all it tries fewer.
const (
	maxRanked  = 100
	rankedWork = 100_000
)

// Ranking answers what to fix first: the tasks whose speed would shorten the
// run, the largest gain by half its time first. Without a limit, speeding up
// task v by the share s gives max(T_v − s·d(v), B_v), T_v being the longest
// path through v and B_v the longest that avoids it; where a body runs several
// stretches, and under a limit, each figure is a simulation, of the hundred
// tasks that ran longest, and of fewer in a run of thousands. A run that has
// not ended has no ranking.
func (r *Run) Ranking() []Gain {
	if !r.Ended || len(r.Groups) == 0 {
		return nil
	}
	m := r.model()
	base := m.simulate(m.asItWas(), nil, r.limit()).makespan()
	var gains []Gain
	for _, t := range m.candidates() {
		g := m.gain(t, base)
		if g.Half > 0 || g.All > 0 {
			gains = append(gains, g)
		}
	}
	slices.SortStableFunc(gains, func(a, b Gain) int {
		return cmp.Or(cmp.Compare(b.Half, a.Half), cmp.Compare(b.All, a.All))
	})
	return gains
}

// candidates are the tasks that may shorten the run: without a limit those
// that have no slack. The longest come first.
func (m *model) candidates() []int {
	slack := m.graph().slack()
	exact := m.unlimited() && m.graph().span() == m.run.Makespan
	var out []int
	for i := range slack {
		if m.run.Tasks[i].Took() > 0 && (!exact || slack[i] == 0) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Compare(m.run.Tasks[b].Took(), m.run.Tasks[a].Took())
	})
	return out[:min(len(out), maxRanked, max(3, rankedWork/max(1, len(m.tasks))))]
}

func (m *model) unlimited() bool {
	for _, l := range m.limiters(m.run.limit()) {
		if l != nil {
			return false
		}
	}
	return true
}

func (m *model) gain(t int, base time.Duration) Gain {
	scale := m.asItWas()
	with := func(share float64) time.Duration {
		scale[t] = 1 - share
		return m.simulate(scale, nil, m.run.limit()).makespan()
	}
	g := Gain{Task: m.run.Tasks[t].ID, Name: m.path(t), Half: base - with(0.5), All: base - with(1)}
	if g.All > 0 {
		g.Kink = m.kink(with, base-g.All, base, m.run.Tasks[t].Took())
	}
	return g
}

// kink is the least share that saves all there is to save. Without a limit the
// makespan is a convex, piecewise linear function of the share, and 20 halvings
// find the kink to a millionth; under one it may go up and down, and the last
// twentieth in which it falls is found.
func (m *model) kink(with func(float64) time.Duration, least, base, took time.Duration) float64 {
	tolerance := max(1, took/1e6)
	lo, hi := 0.0, 1.0
	if !m.unlimited() {
		for hi > 0.05 && with(hi-0.05) <= least+tolerance {
			hi -= 0.05
		}
		return hi
	}
	// On the line through the unchanged run the kink is at base−least; it is
	// no earlier than that.
	lo = min(1, float64(base-least)/float64(took))
	if with(lo) <= least+tolerance {
		return lo
	}
	for range 20 {
		mid := (lo + hi) / 2
		if with(mid) <= least+tolerance {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}
