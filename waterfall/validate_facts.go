package waterfall

import (
	"cmp"
	"encoding/json/jsontext"
	"fmt"
	"strconv"

	"github.com/asap-go/asap"
)

// waits checks those of group i: they follow each other within the group's time.
func (v *validator) waits(i int) error {
	g := &v.run.Groups[i]
	at := g.Start
	for j, w := range g.Waits {
		_, task := v.task[w.On]
		_, group := v.group[w.On]
		switch {
		case w.Start < at || w.End < w.Start || w.End > g.End:
			return v.in("groups", i, "waits", j, "from %d to %d ns is not between %d and %d", w.Start, w.End, at, g.End)
		case w.On != 0 && !task && !group:
			return v.in("groups", i, "waits", j, "on %d, which is no task or group", w.On)
		case w.Deadline < 0:
			return v.in("groups", i, "waits", j, "deadline %d ns is negative", w.Deadline)
		}
		at = w.End
	}
	return nil
}

// isOf tells whether a task, unless it is 0, is one of a group.
func (v *validator) isOf(task, group asap.ID) bool {
	i, ok := v.task[task]
	return task == 0 || ok && v.run.Tasks[i].Group == group
}

func (v *validator) shared() error {
	for i, l := range v.run.Shared {
		if l.Limit < 1 {
			return &flaw{jsontext.Pointer("/shared/" + strconv.Itoa(i)), fmt.Sprintf("shared[%d]: limit %d is less than 1", i, l.Limit)}
		}
	}
	return nil
}

// options checks what task i was declared with.
func (v *validator) options(i int) error {
	t := &v.run.Tasks[i]
	switch {
	case t.Limit < 0:
		return v.at("tasks", i, "limit %d is negative", t.Limit)
	case t.Shared < 0 || t.Shared > len(v.run.Shared):
		return v.at("tasks", i, "shared %d is none of the run's %d shared limits", t.Shared, len(v.run.Shared))
	case t.Timeout < 0:
		return v.at("tasks", i, "timeout %d ns is negative", t.Timeout)
	case t.Within < 0:
		return v.at("tasks", i, "within %d ns is negative", t.Within)
	}
	if len(t.After)+len(t.AfterEnd) == 0 {
		return nil
	}
	kind := make(map[asap.ID]string, len(t.Deps))
	for _, d := range t.Deps {
		kind[d] = "deps"
	}
	for j, d := range t.After {
		if kind[d] != "deps" {
			return v.in("tasks", i, "after", j, "%d is %s", d, cmp.Or(kind[d], "not in deps"))
		}
		kind[d] = "in after already"
	}
	for j, d := range t.AfterEnd {
		if kind[d] != "deps" {
			return v.in("tasks", i, "afterEnd", j, "%d is %s", d, cmp.Or(kind[d], "not in deps"))
		}
		kind[d] = "in afterEnd already"
	}
	return nil
}
