package asap

import (
	"context"
	"fmt"
	"slices"

	"github.com/asap-go/asap/internal/engine"
)

// Gather returns a task with the values of all the tasks, in argument order. It
// is done when the last of them is, and skipped as soon as one fails or is
// skipped. Without tasks it is done at once. It runs nothing and holds no slot.
// The slice is copied; the caller must not change it during the call.
func (g *Group) Gather[T any](name string, tasks ...*Task[T]) *Task[[]T] {
	g.check("Gather")
	for _, t := range tasks {
		checkGroup(&g.core, checkArg(t, "Gather", name), "Gather", name)
	}
	if len(tasks) > engine.MaxDeps {
		panic(fmt.Sprintf("asap: Gather of %d tasks; gather at most %d at once", len(tasks), engine.MaxDeps))
	}
	r := &gatherTask[T]{tasks: slices.Clone(tasks), edges: make([]engine.Edge, len(tasks))}
	engine.Init(&r.node, &g.core, name, r, engine.Inline|engine.Gather)
	g.core.StartAfterAll(&r.node, r.edges)
	return &r.Task
}

type gatherTask[T any] struct {
	Task[[]T]
	tasks []*Task[T]
	edges []engine.Edge
}

func (r *gatherTask[T]) Inline() (engine.Chain, bool, error) {
	r.value = make([]T, len(r.tasks))
	for i, t := range r.tasks {
		r.value[i] = t.value
	}
	return engine.Chain{}, true, nil
}

func (r *gatherTask[T]) Dep(i int) *engine.Node {
	if i < len(r.tasks) {
		return &r.tasks[i].node
	}
	return nil
}

func (r *gatherTask[T]) Call(context.Context) error { return nil }
func (r *gatherTask[T]) Drop(bool)                  { r.tasks, r.edges = nil, nil }
