package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Gain is what one change would bring the whole run.
type Gain struct {
	// Change is what was tried: a task, or all tasks of a family, at half of their
	// time; half as many slots more of a limit, or as many as help if those do not; a
	// Within at the middle of a task that may fail.
	Change Change
	// Name is that of the task, the family or what has the limit, with the names of
	// what is around it, as WhatIf takes it.
	Name string
	// Task is that of a single task, else 0; Tasks is how many the change is of, 0
	// for a limit, of which Slots is how many it has.
	Task         asap.ID
	Tasks, Slots int
	// Saves is the time that the run saves by Change; Most by more of it: by no time
	// at all, or no limit.
	Saves, Most time.Duration
	// UpTo is the least change of the sort that saves Most: past it another path is
	// the longest. Kink is that of tasks as a share of their time, from 0 to 1.
	UpTo Change
	Kink float64
	// Assumed says that Saves rests on what the record does not tell, or may: WhatIf of
	// Change says on what.
	Assumed bool
}

// maxRanked is how many changes a ranking tries, each by some simulations; of
// runs with more than rankedWork tasks in all it tries fewer.
const (
	maxRanked  = 100
	rankedWork = 100_000
)

// assumeWork is how many tasks are simulated in all to find out whether something hangs on
// what the record does not tell.
const assumeWork = 200_000

// manyAlike is how many tasks of one name are one row; of a Map it is two.
const manyAlike = 5

// Ranking answers what to fix first: the changes that would shorten the run, the
// largest gain first. They are tasks that run in less time; families of them, which
// are the elements of a Map, and tasks of one name if there are many, instead of each
// of them; limits with more slots; and a Within for what may fail. Without a limit,
// speeding up task v by the share s gives max(T_v − s·d(v), B_v), T_v being the longest
// path through v and B_v the longest that avoids it; where a body runs several
// stretches, and under a limit, each figure is a simulation, of those that were
// critical and ran longest, and of fewer in a run of thousands.
//
// A task that failed the run is not in it: were it faster, the run would fail sooner.
// What to fix first is then what [Run.Explain] says. A run that has not ended has no
// ranking.
func (r *Run) Ranking() []Gain { return r.ranking(nil) }

func (r *Run) ranking(known *Sample) []Gain {
	if !r.Ended || len(r.Groups) == 0 {
		return nil
	}
	plain, m := r.model(), r.modelWith(known)
	base := m.simulate(m.asItWas(), nil, r.limit())
	if base.stuck() >= 0 {
		return nil
	}
	k := ranker{m, base.makespan(), assumeWork}
	var gains []Gain
	for _, c := range plain.prospects() {
		if g, ok := k.gain(c); ok {
			gains = append(gains, g)
		}
	}
	for _, l := range plain.limitsOf(r.index().limitTimes()) {
		if g, ok := k.limit(l); ok {
			gains = append(gains, g)
		}
	}
	slices.SortStableFunc(gains, func(a, b Gain) int {
		return cmp.Or(cmp.Compare(b.Saves, a.Saves), cmp.Compare(b.Most, a.Most))
	})
	for i := range gains {
		gains[i].Assumed = k.assumes(gains[i].Change)
	}
	return gains
}

// prospect is a task, or a family of them.
type prospect struct {
	name  string
	tasks []int
	score time.Duration
}

// prospects are what may shorten the run: without a limit what has no slack. What was
// critical and what ran longest come first.
func (m *model) prospects() []prospect {
	slack := m.graph().slack()
	exact := m.unlimited() && m.graph().span() == m.run.Makespan
	failed := bad(m.run.Groups[0].Outcome)
	way := make(map[asap.ID]time.Duration)
	for _, s := range m.run.CriticalPath() {
		way[s.Task] += s.Len()
	}
	slots := time.Duration(max(1, m.run.peak()))
	var list []*prospect
	families := make(map[string]*prospect)
	for i := range m.run.Tasks {
		t := &m.run.Tasks[i]
		if t.Took() == 0 || i == m.caller || t.Name == "" { // of nothing without a name can be asked
			continue
		}
		key := m.groupName(i) + "\x00" + m.alikeName(i)
		c := families[key]
		if c == nil {
			c = &prospect{name: m.familyPath(i)}
			families[key] = c
			list = append(list, c)
		}
		c.tasks = append(c.tasks, i)
	}
	hopeful := func(tasks []int) bool {
		may := false
		for _, i := range tasks {
			if failed && bad(m.run.Tasks[i].Outcome) {
				return false
			}
			may = may || !exact || slack[i] == 0
		}
		return may
	}
	var out []prospect
	put := func(c prospect) {
		if !hopeful(c.tasks) {
			return
		}
		for _, i := range c.tasks {
			c.score = add(c.score, add(way[m.run.Tasks[i].ID], m.run.Tasks[i].Took()/slots))
		}
		out = append(out, c)
	}
	for _, c := range list {
		least := manyAlike
		if m.whole(c.tasks[0]) >= 0 {
			least = 2
		}
		if len(c.tasks) >= least {
			put(*c)
			continue
		}
		for _, i := range c.tasks {
			put(prospect{name: m.path(i), tasks: []int{i}})
		}
	}
	slices.SortStableFunc(out, func(a, b prospect) int { return cmp.Compare(b.score, a.score) })
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

// ranker tries changes.
type ranker struct {
	*model
	base time.Duration
	work int // that is left to find out what hangs on assumptions
}

// saves is the time that changes save.
func (k *ranker) saves(changes ...Change) time.Duration {
	m, scale, gone, limit, err := k.apply(changes)
	if err != nil {
		return 0
	}
	s := m.simulate(scale, gone, limit)
	if s.stuck() >= 0 {
		return 0
	}
	return k.base - s.makespan()
}

// assumes tells whether something hangs on what the prediction of a change assumes, as
// far as there is work left to find out.
func (k *ranker) assumes(c Change) bool {
	m, scale, gone, limit, err := k.apply([]Change{c})
	if err != nil {
		return false
	}
	s := m.simulate(scale, gone, limit)
	s.noteSeveral()
	if len(s.notes) == 0 {
		return false
	}
	k.work -= mostVariants * len(s.tasks)
	return k.work < 0 || !s.indifferent(scale, gone, limit)
}

func (k *ranker) gain(c prospect) (Gain, bool) {
	first := &k.run.Tasks[c.tasks[0]]
	scale := k.asItWas()
	with := func(share float64) time.Duration {
		for _, t := range c.tasks {
			scale[t] = 1 - share
		}
		s := k.simulate(scale, nil, k.run.limit())
		if s.stuck() >= 0 {
			return k.base
		}
		return s.makespan()
	}
	g := Gain{Change: Speed(c.name, 0.5), Name: c.name, Tasks: len(c.tasks), Saves: k.base - with(0.5), Most: k.base - with(1)}
	if g.Saves <= 0 && g.Most <= 0 {
		return g, false
	}
	var took time.Duration
	for _, t := range c.tasks {
		took = add(took, k.run.Tasks[t].Took())
	}
	switch {
	case g.Most < g.Saves: // under a limit less may be worse
		g.Most, g.Kink = g.Saves, 0.5
	case g.Most > 0:
		g.Kink = k.kink(with, k.base-g.Most, k.base, took)
	}
	g.UpTo = Speed(c.name, g.Kink)
	if len(c.tasks) == 1 {
		g.Task = first.ID
		return k.bounded(g, first), true
	}
	return g, true
}

// bounded replaces a faster body by a Within, for a task that may fail and whose
// lateness is all that there is to it: the others go on without it from then on.
func (k *ranker) bounded(g Gain, t *Task) Gain {
	if !t.MayFail && !t.Optional && t.Outcome != asap.Tolerated || t.Within > 0 {
		return g
	}
	began := k.run.Groups[k.group[t.Group]].Start
	by := func(share float64) Change {
		least := max(1, t.Took()/10_000)
		at := t.End() - time.Duration(share*float64(t.Took())) - began
		return Within(g.Name, max(least, at.Round(least)))
	}
	half, most := k.saves(by(0.5)), k.saves(by(1))
	if half <= 0 || k.loses(by(0.5), t) || k.loses(by(1), t) {
		return g
	}
	g.Change, g.Saves, g.Most = by(0.5), half, most
	g.UpTo = by(g.Kink)
	return g
}

// loses tells whether by a change of task t others come to nothing that had not: they
// need it, and it is no gain that they are skipped.
func (k *ranker) loses(c Change, t *Task) bool {
	m, scale, gone, limit, err := k.apply([]Change{c})
	if err != nil {
		return true
	}
	s, own := m.simulate(scale, gone, limit), k.task[t.ID]
	for i := range k.run.Tasks[:k.caller] {
		if good(k.run.Tasks[i].Outcome) && i != own && !good(s.tasks[i].outcome) && !k.isInside(i, own) {
			return true
		}
	}
	return false
}

// isInside tells whether task i is inside task p.
func (x *index) isInside(i, p int) bool {
	for i = x.parent(i); i >= 0 && i != p; i = x.parent(i) {
	}
	return i == p && p >= 0
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
