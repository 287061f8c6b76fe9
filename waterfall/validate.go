package waterfall

import (
	"errors"
	"fmt"

	"github.com/asap-go/asap"
)

// Validate reports the first thing that a Run from outside has wrong, and
// where: IDs that are missing or not unique, references to nothing, pieces
// with gaps or outside the makespan, tasks inside themselves. A Run of a
// Recorder is valid at any moment.
func (r *Run) Validate() error {
	if r.Makespan < 0 {
		return fmt.Errorf("waterfall: makespan: %d ns is negative", r.Makespan)
	}
	if len(r.Groups) == 0 {
		if len(r.Tasks) > 0 {
			return errors.New("waterfall: groups: none, but there are tasks")
		}
		return nil
	}
	v := validator{run: r, task: make(map[asap.ID]int), group: make(map[asap.ID]int)}
	for _, check := range []func() error{v.ids, v.groups, v.tasks, v.nesting} {
		if err := check(); err != nil {
			return fmt.Errorf("waterfall: %w", err)
		}
	}
	return nil
}

type validator struct {
	run         *Run
	task, group map[asap.ID]int
}

func (v *validator) ids() error {
	for i, g := range v.run.Groups {
		if g.ID == 0 {
			return fmt.Errorf("groups[%d]: id is 0", i)
		}
		if j, ok := v.group[g.ID]; ok {
			return fmt.Errorf("groups[%d]: id %d is that of groups[%d]", i, g.ID, j)
		}
		v.group[g.ID] = i
	}
	type key struct {
		group asap.ID
		name  string
	}
	names := make(map[key]int, len(v.run.Tasks))
	for i, t := range v.run.Tasks {
		if t.ID == 0 {
			return fmt.Errorf("tasks[%d]: id is 0", i)
		}
		if j, ok := v.task[t.ID]; ok {
			return fmt.Errorf("tasks[%d]: id %d is that of tasks[%d]", i, t.ID, j)
		}
		if j, ok := v.group[t.ID]; ok {
			return fmt.Errorf("tasks[%d]: id %d is that of groups[%d]", i, t.ID, j)
		}
		if j, ok := names[key{t.Group, t.Name}]; ok {
			return fmt.Errorf("tasks[%d]: name %q is that of tasks[%d] in the same group", i, t.Name, j)
		}
		names[key{t.Group, t.Name}] = i
		v.task[t.ID] = i
	}
	return nil
}

func (v *validator) groups() error {
	for i, g := range v.run.Groups {
		_, known := v.task[g.Parent]
		switch {
		case i == 0 && g.Parent != 0:
			return fmt.Errorf("groups[0]: the outermost group has the parent %d", g.Parent)
		case i > 0 && !known:
			return fmt.Errorf("groups[%d]: parent %d is no task", i, g.Parent)
		case g.Limit < 0:
			return fmt.Errorf("groups[%d]: limit %d is negative", i, g.Limit)
		case g.Start < 0 || g.End < g.Start:
			return fmt.Errorf("groups[%d]: from %d to %d ns", i, g.Start, g.End)
		case g.Outcome > asap.Goexited:
			return fmt.Errorf("groups[%d]: outcome %d is unknown", i, g.Outcome)
		}
	}
	return nil
}

func (v *validator) tasks() error {
	for i := range v.run.Tasks {
		t := &v.run.Tasks[i]
		if _, ok := v.group[t.Group]; !ok {
			return fmt.Errorf("tasks[%d] (%s): group %d is no group", i, t.Name, t.Group)
		}
		if _, ok := v.task[t.Parent]; t.Parent != 0 && !ok {
			return fmt.Errorf("tasks[%d] (%s): parent %d is no task", i, t.Name, t.Parent)
		}
		if t.Outcome > asap.Goexited {
			return fmt.Errorf("tasks[%d] (%s): outcome %d is unknown", i, t.Name, t.Outcome)
		}
		if t.Limit < 0 {
			return fmt.Errorf("tasks[%d] (%s): limit %d is negative", i, t.Name, t.Limit)
		}
		for j, d := range t.Deps {
			if k, ok := v.task[d]; !ok {
				return fmt.Errorf("tasks[%d] (%s): deps[%d]: %d is no task", i, t.Name, j, d)
			} else if k == i {
				return fmt.Errorf("tasks[%d] (%s): deps[%d]: the task itself", i, t.Name, j)
			}
		}
		if err := v.pieces(t); err != nil {
			return fmt.Errorf("tasks[%d] (%s): %w", i, t.Name, err)
		}
	}
	return nil
}

func (v *validator) pieces(t *Task) error {
	if len(t.Pieces) == 0 {
		return errors.New("pieces: none")
	}
	at := t.Pieces[0].Start
	for j, p := range t.Pieces {
		switch {
		case p.State < Queued || p.State > Blocked:
			return fmt.Errorf("pieces[%d]: state %d is none of a task", j, p.State)
		case p.Start != at:
			return fmt.Errorf("pieces[%d]: starts at %d ns, and the one before it ends at %d", j, p.Start, at)
		case p.Start < 0 || p.End < p.Start || p.End > v.run.Makespan:
			return fmt.Errorf("pieces[%d]: from %d to %d ns is not within the run's %d", j, p.Start, p.End, v.run.Makespan)
		case p.On != 0 && p.State != Blocked:
			return fmt.Errorf("pieces[%d]: %s on %d", j, p.State, p.On)
		}
		if p.On != 0 {
			_, task := v.task[p.On]
			_, group := v.group[p.On]
			if !task && !group {
				return fmt.Errorf("pieces[%d]: blocked on %d, which is no task or group", j, p.On)
			}
		}
		at = p.End
	}
	return nil
}

// nesting refuses a task that is inside itself.
func (v *validator) nesting() error {
	const fresh, onTheWay, fine = 0, 1, 2
	mark := make([]int, len(v.run.Tasks))
	for i := range mark {
		var way []int
		for at := i; mark[at] != fine; {
			if mark[at] == onTheWay {
				return fmt.Errorf("tasks[%d] (%s): parent: the task is inside itself", at, v.run.Tasks[at].Name)
			}
			mark[at] = onTheWay
			way = append(way, at)
			next, ok := v.task[v.run.Tasks[at].Parent]
			if !ok {
				break
			}
			at = next
		}
		for _, w := range way {
			mark[w] = fine
		}
	}
	return nil
}
