package waterfall

import (
	"cmp"
	"slices"
	"time"
)

// Delta is what one task has to do with the difference between two runs.
type Delta struct {
	// Name is the task's, with the names of the tasks around it; it is empty
	// for the time in which a run waited for its caller. Sixteen elements of a Map and
	// more, and as many tasks of alike names, are one: price[], call*.
	Name string
	// InA and InB tell which runs have the task.
	InA, InB bool
	// TookA and TookB are the times that its body ran.
	TookA, TookB time.Duration
	// CriticalA and CriticalB are its shares of the critical paths, running
	// and queued.
	CriticalA, CriticalB time.Duration
	// Fix is how much shorter b would have been if this task alone had run as
	// long as in a, or all of a family together: a prediction of [Run.WhatIf]. 0 if it
	// did not run in both.
	Fix time.Duration
}

// Change is what the task contributes to the difference: its share of b's
// critical path less its share of a's.
func (d Delta) Change() time.Duration { return d.CriticalB - d.CriticalA }

// maxFixes is how many tasks Compare predicts a fix for.
const maxFixes = 30

// Compare explains why run b took longer, or less long, than run a. As the
// critical path partitions a run, the changes of all tasks add up to
// b.Makespan − a.Makespan exactly. The greatest change comes first; tasks
// without any, and of the same duration, are left out. Tasks are matched by
// name. Neither run is changed.
func Compare(a, b *Run) []Delta {
	name := alikeIn(a, b)
	by := make(map[string]*Delta)
	delta := func(name string) *Delta {
		if by[name] == nil {
			by[name] = &Delta{Name: name}
		}
		return by[name]
	}
	each := func(r *Run, task func(*Delta, *Task), step func(*Delta, time.Duration)) {
		x := r.index()
		for i := range r.Tasks {
			task(delta(name(x, i)), &r.Tasks[i])
		}
		for _, s := range r.CriticalPath() {
			of := ""
			if t, ok := x.task[s.Task]; ok && s.State != Outside {
				of = name(x, t)
			}
			step(delta(of), s.Len())
		}
	}
	each(a, func(d *Delta, t *Task) { d.InA, d.TookA = true, d.TookA+t.Took() }, func(d *Delta, l time.Duration) { d.CriticalA += l })
	each(b, func(d *Delta, t *Task) { d.InB, d.TookB = true, d.TookB+t.Took() }, func(d *Delta, l time.Duration) { d.CriticalB += l })
	var out []Delta
	for _, d := range by {
		if d.Change() != 0 || d.TookA != d.TookB || d.InA != d.InB && d.Name != "" {
			out = append(out, *d)
		}
	}
	slices.SortFunc(out, func(p, q Delta) int {
		return cmp.Or(cmp.Compare(q.Change().Abs(), p.Change().Abs()),
			cmp.Compare((q.TookB-q.TookA).Abs(), (p.TookB-p.TookA).Abs()), cmp.Compare(p.Name, q.Name))
	})
	b.fixes(out[:min(len(out), maxFixes)], name)
	return out
}

// alikeIn names tasks of two runs: those of a family that is folded in either by that.
func alikeIn(runs ...*Run) func(x *index, i int) string {
	folded := make(map[string]bool)
	for _, r := range runs {
		x, many := r.index(), make(map[string]int)
		for i := range r.Tasks {
			name := x.familyPath(i)
			if many[name]++; many[name] >= foldFrom {
				folded[name] = true
			}
		}
	}
	return func(x *index, i int) string {
		if len(folded) > 0 {
			if name := x.familyPath(i); folded[name] {
				return name
			}
		}
		return x.path(i)
	}
}

// fixes predicts b with one task at a time as fast as in a.
func (r *Run) fixes(deltas []Delta, nameOf func(x *index, i int) string) {
	if !r.Ended || len(r.Groups) == 0 {
		return
	}
	m := r.model()
	base := m.simulate(m.asItWas(), nil, r.limit()).makespan()
	named := make(map[string][]int)
	for i := range deltas {
		named[deltas[i].Name] = nil
	}
	for t := range m.tasks {
		name := nameOf(m.index, t)
		if of, ok := named[name]; ok {
			named[name] = append(of, t)
		}
	}
	for i := range deltas {
		d := &deltas[i]
		if !d.InA || !d.InB || d.TookB == 0 || d.TookA == d.TookB {
			continue
		}
		scale := m.asItWas()
		for _, t := range named[d.Name] {
			scale[t] = float64(d.TookA) / float64(d.TookB)
		}
		d.Fix = base - m.simulate(scale, nil, r.limit()).makespan()
	}
}

// family is the name under which runs of the same group count task i: the
// elements of a Map are one.
func (x *index) family(i int) string {
	if p := x.parent(i); p >= 0 && x.run.Tasks[p].Group == x.run.Tasks[i].Group {
		return x.path(p) + "[]"
	}
	return x.path(i)
}
