package waterfall

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/asap-go/asap"
)

// What other runs of the same flow tell of bodies that one run has cut short or never
// begun: models of those runs, whose tasks are found by where they are declared.

// knowledge is the models of runs, and their tasks by key.
type knowledge struct {
	runs  []*model
	tasks []map[string]int
}

// mostOthers is how many runs are looked at, and mostOfOthers how many tasks they have: what
// they tell does not become better by more.
const (
	mostOthers   = 100
	mostOfOthers = 20_000
)

// knowledge is of the runs of the sample but r.
func (s *Sample) knowledge(r *Run) *knowledge {
	o := new(knowledge)
	every, tasks := (len(s.runs)+mostOthers-1)/mostOthers, 0
	for k := 0; k < len(s.runs); k += max(1, every) {
		other := s.runs[k].run
		if other == r || other.Number == r.Number && r.Number > 0 && other.Began.Equal(r.Began) {
			continue
		}
		if tasks += len(other.Tasks); tasks > mostOfOthers {
			break
		}
		m := s.model(k)
		o.runs = append(o.runs, m)
		o.tasks = append(o.tasks, m.byKey)
	}
	return o
}

// keys tells tasks and groups apart by where they are declared, alike in all runs: a task
// by its group and its name, a group by the task around it and how many that has made
// before. That of the outermost group is empty.
func (m *model) keys() (tasks, groups []string) {
	tasks, groups = make([]string, m.caller), make([]string, len(m.run.Groups))
	known := make([]bool, len(groups))
	var ofGroup func(g, depth int) string
	ofTask := func(i, depth int) string {
		if tasks[i] == "" {
			tasks[i] = ofGroup(m.groupAt(i), depth) + "/" + m.run.Tasks[i].Name
		}
		return tasks[i]
	}
	ofGroup = func(g, depth int) string {
		owner, ok := m.task[m.run.Groups[g].Parent]
		if known[g] || !ok || owner >= m.caller || depth > len(groups) {
			return groups[g]
		}
		known[g] = true
		groups[g] = ofTask(owner, depth+1) + "#" + strconv.Itoa(slices.Index(m.nested[owner], g))
		return groups[g]
	}
	for i := range tasks {
		ofTask(i, 0)
	}
	for g := range groups {
		ofGroup(g, 0)
	}
	return tasks, groups
}

// donor is a task of another run that tells what one of this run would do.
type donor struct {
	m    *model
	task int
	took time.Duration
	own  asap.Outcome // how it ends by itself
}

// all are those of a key that have ended by themselves and that a condition holds for.
func (o *knowledge) all(key string, if_ func(m *model, i int) bool) (list []donor) {
	for k, m := range o.runs {
		if i, ok := o.tasks[k][key]; ok && m.complete(i) && if_(m, i) {
			list = append(list, donor{m, i, m.run.Tasks[i].Took(), m.ownResult(i)})
		}
	}
	return list
}

// complete tells whether what task i does is known to its end.
func (m *model) complete(i int) bool {
	switch mt := &m.tasks[i]; mt.kind {
	case isUnrun:
		return false
	case isMap, isRace:
		return len(mt.parts) > 0
	case isBody:
		return mt.ending != endsCut && mt.ending != endsWithWait && m.run.Tasks[i].started() && m.fork(i) < 0
	}
	return true
}

// ownResult is how task i ends if nothing ends its context.
func (m *model) ownResult(i int) asap.Outcome {
	if mt := &m.tasks[i]; mt.kind == isBody && mt.ending == endsBadly {
		return mt.own
	}
	return asap.Succeeded
}

// choose picks one of some donors: of those that end as most do, the one that takes the
// median; and tells how many there were.
func choose(list []donor) (d donor, n int) {
	if len(list) == 0 {
		return donor{}, 0
	}
	votes := make(map[asap.Outcome]int)
	for _, d := range list {
		votes[d.own]++
	}
	most := list[0].own
	for _, d := range list {
		if v := votes[d.own]; v > votes[most] || v == votes[most] && d.own < most {
			most = d.own
		}
	}
	n = len(list)
	list = slices.DeleteFunc(list, func(d donor) bool { return d.own != most })
	slices.SortStableFunc(list, func(a, b donor) int { return cmp.Compare(a.took, b.took) })
	return list[(len(list)-1)/2], n
}

// elements are those of a Map, in all runs, that have ended by themselves.
func (o *knowledge) elements(key string) (list []donor) {
	for k, m := range o.runs {
		of, ok := o.tasks[k][key]
		if !ok || m.tasks[of].kind != isMap {
			continue
		}
		for _, p := range m.tasks[of].parts {
			if i := p.task; m.complete(i) {
				list = append(list, donor{m, i, m.run.Tasks[i].Took(), m.ownResult(i)})
			}
		}
	}
	return list
}

// hearing is what the runs tell of whether a body looks at its context.
func (o *knowledge) hearing(key string) (h hearing) {
	for k, m := range o.runs {
		if i, ok := o.tasks[k][key]; ok {
			h.add(m, i)
		}
	}
	return h
}

// hearingOfAll is what they tell of all bodies.
func (o *knowledge) hearingOfAll() (h hearing) {
	for _, m := range o.runs {
		h.join(m.hearing())
	}
	return h
}

// learned is what a model has of a task from other runs.
type learned struct {
	took time.Duration
	runs int
}
