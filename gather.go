package asap

import (
	"context"
	"fmt"
	"slices"
)

// Gather returns a task with the values of all the tasks, in argument order. It
// is done when the last of them is, and skipped as soon as one fails or is
// skipped. Without tasks it is done at once. It runs nothing and holds no slot.
// The slice is copied; the caller must not change it during the call.
func (g *Group) Gather[T any](name string, tasks ...*Task[T]) *Task[[]T] {
	g.check("Gather")
	for _, t := range tasks {
		checkGroup(g, checkArg(t, "Gather", name), "Gather", name)
	}
	if len(tasks) > maxDeps {
		panic(fmt.Sprintf("asap: Gather of %d tasks; gather at most %d at once", len(tasks), maxDeps))
	}
	r := &gatherTask[T]{tasks: slices.Clone(tasks), edges: make([]edge, len(tasks))}
	r.node.init(g, name, r, inline|gather)
	g.startAfterAll(&r.node, r.edges)
	return &r.Task
}

type gatherTask[T any] struct {
	Task[[]T]
	tasks []*Task[T]
	edges []edge
}

func (r *gatherTask[T]) ready() (chain, bool, error) {
	r.value = make([]T, len(r.tasks))
	for i, t := range r.tasks {
		r.value[i] = t.value
	}
	return chain{}, true, nil
}

func (r *gatherTask[T]) dep(i int) *node {
	if i < len(r.tasks) {
		return &r.tasks[i].node
	}
	return nil
}

func (r *gatherTask[T]) call(context.Context) error { return nil }
func (r *gatherTask[T]) drop()                      { r.tasks, r.edges = nil, nil }
func (r *gatherTask[T]) fill(*Call)                 {}
