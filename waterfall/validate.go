package waterfall

import (
	"encoding/json/jsontext"
	"fmt"
	"strconv"
	"time"

	"github.com/asap-go/asap"
)

const maxMakespan = 100 * 365 * 24 * time.Hour

// Validate reports the first thing that a Run from outside has wrong, and
// where: IDs that are missing or not unique, references to nothing, pieces
// with gaps or outside the makespan, tasks inside themselves. A Run of a
// Recorder is valid at any moment.
func (r *Run) Validate() error {
	if r.Makespan < 0 {
		return &flaw{"/makespan", fmt.Sprintf("makespan: %d ns is negative", r.Makespan)}
	}
	if r.Makespan > maxMakespan {
		return &flaw{"/makespan", fmt.Sprintf("makespan: %d ns is more than a hundred years", r.Makespan)}
	}
	if len(r.Groups) == 0 {
		if len(r.Tasks) > 0 {
			return &flaw{"/groups", "groups: none, but there are tasks"}
		}
		return nil
	}
	v := validator{run: r, task: make(map[asap.ID]int), group: make(map[asap.ID]int)}
	for _, check := range []func() error{v.ids, v.shared, v.groups, v.tasks, v.nesting, v.order} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// flaw is what Validate found, with the place as a JSON pointer.
type flaw struct {
	place jsontext.Pointer
	text  string
}

func (f *flaw) Error() string { return "waterfall: " + f.text }

// at returns a flaw of groups[i] or tasks[i], or one of its pieces.
func (v *validator) at(list string, i int, format string, args ...any) error {
	place := jsontext.Pointer("/" + list + "/" + strconv.Itoa(i))
	where := fmt.Sprintf("%s[%d]", list, i)
	if list == "tasks" {
		where += " (" + called(v.run.Tasks[i].Name) + ")"
	}
	return &flaw{place, where + ": " + fmt.Sprintf(format, args...)}
}

type validator struct {
	run         *Run
	task, group map[asap.ID]int
}

func (v *validator) ids() error {
	for i, g := range v.run.Groups {
		if g.ID == 0 {
			return v.at("groups", i, "id is 0")
		}
		if j, ok := v.group[g.ID]; ok {
			return v.at("groups", i, "id %d is that of groups[%d]", g.ID, j)
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
			return v.at("tasks", i, "id is 0")
		}
		if j, ok := v.task[t.ID]; ok {
			return v.at("tasks", i, "id %d is that of tasks[%d]", t.ID, j)
		}
		if j, ok := v.group[t.ID]; ok {
			return v.at("tasks", i, "id %d is that of groups[%d]", t.ID, j)
		}
		if j, ok := names[key{t.Group, t.Name}]; ok {
			return v.at("tasks", i, "name %q is that of tasks[%d] in the same group", t.Name, j)
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
			return v.at("groups", 0, "the outermost group has the parent %d", g.Parent)
		case i > 0 && !known:
			return v.at("groups", i, "parent %d is no task", g.Parent)
		case g.Limit < 0:
			return v.at("groups", i, "limit %d is negative", g.Limit)
		case g.Shared < 0 || g.Shared > len(v.run.Shared):
			return v.at("groups", i, "shared %d is none of the run's %d shared limits", g.Shared, len(v.run.Shared))
		case g.Start < 0 || g.End < g.Start:
			return v.at("groups", i, "from %d to %d ns", g.Start, g.End)
		case g.Outcome > asap.Goexited:
			return v.at("groups", i, "outcome %d is unknown", g.Outcome)
		case g.Late && g.Outcome != asap.Canceled:
			return v.at("groups", i, "late, and not canceled")
		case !v.isOf(g.EndedBy, g.ID):
			return v.at("groups", i, "ended by %d, which is no task of it", g.EndedBy)
		}
		if err := v.waits(i); err != nil {
			return err
		}
	}
	return nil
}

func (v *validator) tasks() error {
	for i := range v.run.Tasks {
		t := &v.run.Tasks[i]
		if _, ok := v.group[t.Group]; !ok {
			return v.at("tasks", i, "group %d is no group", t.Group)
		}
		if _, ok := v.task[t.Parent]; t.Parent != 0 && !ok {
			return v.at("tasks", i, "parent %d is no task", t.Parent)
		}
		if p, ok := v.task[t.Parent]; ok && v.run.Tasks[p].Group != t.Group || !ok {
			if want := v.run.Groups[v.group[t.Group]].Parent; t.Parent != want {
				return v.at("tasks", i, "parent %d is neither in its group nor the task %d that the group is in", t.Parent, want)
			}
		}
		if t.Outcome > asap.Goexited {
			return v.at("tasks", i, "outcome %d is unknown", t.Outcome)
		}
		for j, d := range t.Deps {
			if k, ok := v.task[d]; !ok {
				return v.in("tasks", i, "deps", j, "%d is no task", d)
			} else if k == i {
				return v.in("tasks", i, "deps", j, "the task itself")
			}
		}
		if err := v.options(i); err != nil {
			return err
		}
		if err := v.pieces(i, t); err != nil {
			return err
		}
	}
	return nil
}

func (v *validator) pieces(i int, t *Task) error {
	if len(t.Pieces) == 0 {
		return v.at("tasks", i, "pieces: none")
	}
	at := t.Pieces[0].Start
	for j, p := range t.Pieces {
		switch {
		case p.State < Queued || p.State > Blocked:
			return v.piece(i, j, "state %d is none of a task", p.State)
		case p.Start != at:
			return v.piece(i, j, "starts at %d ns, and the one before it ends at %d", p.Start, at)
		case p.Start < 0 || p.End < p.Start || p.End > v.run.Makespan:
			return v.piece(i, j, "from %d to %d ns is not within the run's %d", p.Start, p.End, v.run.Makespan)
		case p.On != 0 && p.State != Blocked:
			return v.piece(i, j, "%s on %d", p.State, p.On)
		case p.Deadline != 0 && (p.State != Blocked || p.Deadline < 0):
			return v.piece(i, j, "%s with the deadline %d ns", p.State, p.Deadline)
		}
		if p.On != 0 {
			_, task := v.task[p.On]
			_, group := v.group[p.On]
			if !task && !group {
				return v.piece(i, j, "blocked on %d, which is no task or group", p.On)
			}
		}
		at = p.End
	}
	return nil
}

func (v *validator) piece(i, j int, format string, args ...any) error {
	return v.in("tasks", i, "pieces", j, format, args...)
}

// in returns a flaw of an element of a member of groups[i] or tasks[i].
func (v *validator) in(list string, i int, member string, j int, format string, args ...any) error {
	f := v.at(list, i, "%s[%d]: %s", member, j, fmt.Sprintf(format, args...)).(*flaw)
	f.place += jsontext.Pointer("/" + member + "/" + strconv.Itoa(j))
	return f
}

// nesting refuses a task that is inside itself.
func (v *validator) nesting() error {
	return v.circle("parent: the task is inside itself", func(i int) []asap.ID {
		if t := &v.run.Tasks[i]; t.Parent != 0 {
			return []asap.ID{t.Parent}
		}
		return nil
	})
}

// order refuses a task that depends on itself through others.
func (v *validator) order() error {
	return v.circle("deps: the task depends on itself", func(i int) []asap.ID { return v.run.Tasks[i].Deps })
}

// circle follows the links between tasks, depth first and without recursion.
func (v *validator) circle(text string, links func(int) []asap.ID) error {
	const fresh, onTheWay, fine = 0, 1, 2
	type frame struct{ task, next int }
	mark := make([]int, len(v.run.Tasks))
	for i := range mark {
		if mark[i] != fresh {
			continue
		}
		mark[i] = onTheWay
		stack := []frame{{i, 0}}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			to := links(f.task)
			if f.next == len(to) {
				mark[f.task] = fine
				stack = stack[:len(stack)-1]
				continue
			}
			k := v.task[to[f.next]]
			f.next++
			switch mark[k] {
			case onTheWay:
				return v.at("tasks", k, "%s", text)
			case fresh:
				mark[k] = onTheWay
				stack = append(stack, frame{k, 0})
			}
		}
	}
	return nil
}
