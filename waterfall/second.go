package waterfall

import (
	"maps"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Second calls in a model. Without a limit a hedge is a shorter body; under one the second
// call takes a slot of its own, so there it is a task in a nested group, as package tail
// makes it, behind the caller: what counts tasks of the run does not see it.

// withSecond is the model with a second call of body i, which is made after it has run
// for delay, and takes so long. A body may have one.
func (m *model) withSecond(i int, delay, took time.Duration) *model {
	run, x, out := *m.run, *m.index, *m
	group, task := asap.ID(0), len(m.tasks)
	for _, g := range run.Groups {
		group = max(group, g.ID+1)
	}
	for k := range run.Tasks {
		group = max(group, run.Tasks[k].ID+1)
	}
	g := len(run.Groups)
	run.Groups = append(slices.Clip(run.Groups), Group{ID: group, Parent: run.Tasks[i].ID, Outcome: asap.Succeeded})
	run.Tasks = append(slices.Clip(run.Tasks), Task{ID: group + 1, Group: group, Parent: run.Tasks[i].ID, Name: hedgeName, Outcome: asap.Succeeded})
	x.run, x.inOrder, x.found = &run, false, nil
	x.task, x.group = maps.Clone(x.task), maps.Clone(x.group)
	x.task[group+1], x.group[group] = task, g
	x.members = append(slices.Clip(x.members), []int{task})
	x.children = append(slices.Clip(x.children), nil)
	out.index = &x
	out.nested = append(slices.Clone(m.nested), nil)
	out.nested[i] = append(slices.Clip(out.nested[i]), g)
	out.limited = append(slices.Clip(m.limited), true)
	out.cancels = append(slices.Clip(m.cancels), -1)
	out.settled = append(slices.Clip(m.settled), false)
	out.over = append(slices.Clip(m.over), never)
	out.tasks = append(slices.Clone(m.tasks), modelTask{kind: isBody, ops: []op{{kind: opRun, d: took}}})
	out.tasks[i].ops = spawnAfter(out.tasks[i].ops, delay, spawned{task: task})
	out.seconds = maps.Clone(m.seconds)
	if out.seconds == nil {
		out.seconds = make(map[int]int)
	}
	out.seconds[i], out.seconds[task] = task, i
	return &out
}

// spawnAfter lets a body declare a task after it has run for so long.
func spawnAfter(ops []op, after time.Duration, s spawned) []op {
	var out []op
	spawn := op{kind: opSpawn, tasks: []spawned{s}}
	done := false
	for _, o := range ops {
		if !done && (o.kind == opRun || o.kind == opMore) {
			if o.d > after {
				if after > 0 {
					out = append(out, op{kind: opRun, d: after})
				}
				out = append(out, spawn)
				o.d -= after
				done = true
			} else {
				after -= o.d
			}
		}
		out = append(out, o)
	}
	return out
}

// secondEnded ends the first call if the second has succeeded.
func (s *sim) secondEnded(i int, o asap.Outcome) {
	first, ok := s.m.seconds[i]
	if !ok || i < s.m.caller || o != asap.Succeeded || s.tasks[first].ended || s.tasks[first].returns != 0 {
		return
	}
	s.piece(first, Running, 0)
	s.leave(first, asap.Succeeded)
}

// firstEnds ends the second call as the body ends.
func (s *sim) firstEnds(i int) {
	second, ok := s.m.seconds[i]
	if !ok || i > s.m.caller || s.tasks[second].ended {
		return
	}
	if g := s.m.groupAt(second); s.groups[g].begun {
		s.endGroup(g, 0)
	}
}
