package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// times are the changes that let every task of a name take the time d: each is
// a share of what the task took.
func times(run *waterfall.Run, arg, name string, d time.Duration) ([]waterfall.Change, error) {
	tasks := run.Named(name)
	if len(tasks) == 0 {
		return []waterfall.Change{waterfall.Speed(name, 0)}, nil // the error of a task that there is not
	}
	tasks = slices.DeleteFunc(tasks, func(i int) bool { return run.Tasks[i].Took() == 0 })
	if len(tasks) == 0 {
		return nil, fmt.Errorf("%s: the task took no time, so a share of it says nothing", arg)
	}
	share := func(i int) float64 { return 1 - float64(d)/float64(run.Tasks[i].Took()) }
	if !slices.ContainsFunc(tasks, func(i int) bool { return share(i) != share(tasks[0]) }) {
		return []waterfall.Change{waterfall.Speed(name, share(tasks[0]))}, nil
	}
	paths := paths(run)
	var changes []waterfall.Change
	for _, i := range tasks {
		if len(run.Named(paths[i])) > 1 {
			return nil, fmt.Errorf("%s: tasks of that name took different times; want a percentage like -50%%", arg)
		}
		changes = append(changes, waterfall.Speed(paths[i], share(i)))
	}
	return changes, nil
}

// paths are the names of all tasks, each after those of the tasks around it.
func paths(run *waterfall.Run) []string {
	at := make(map[asap.ID]*waterfall.Task, len(run.Tasks))
	for i := range run.Tasks {
		at[run.Tasks[i].ID] = &run.Tasks[i]
	}
	out := make([]string, len(run.Tasks))
	for i := range run.Tasks {
		t := &run.Tasks[i]
		out[i] = t.Name
		for p := at[t.Parent]; p != nil; t, p = p, at[p.Parent] {
			if p.Group != t.Group { // likes[3] names its Map already
				out[i] = p.Name + "/" + out[i]
			}
		}
	}
	return out
}
