package asap

//go:generate go run ./internal/andgen and_gen.go

import (
	"context"

	"github.com/asap-go/asap/internal/engine"
)

// Then declares a task that starts when t has succeeded, with its value. It is
// skipped as soon as t fails or is skipped. Then never blocks. For two or three values
// there is [Task.And], for more [Needs], without the value [After]; what else a call
// needs is said by the options, as for [Group.Go].
func (t *Task[T]) Then[U any](name string, fn func(context.Context, T) (U, error), options ...TaskOption) *Task[U] {
	dep := checkTask(t, "Then")
	checkFunc(fn == nil, "Then", name)
	g := engine.GroupOf(dep)
	r := &thenTask[T, U]{a: t, fn: fn}
	engine.Init(&r.node, g, name, r, 0)
	if len(options) == 0 {
		g.StartAfter(&r.node, dep, &r.edge)
	} else {
		start(&r.node, options)
	}
	return &r.Task
}

// Do is [Task.Then] for a function without a value.
func (t *Task[T]) Do(name string, fn func(context.Context, T) error, options ...TaskOption) *Task[struct{}] {
	dep := checkTask(t, "Do")
	checkFunc(fn == nil, "Do", name)
	g := engine.GroupOf(dep)
	r := &thenDo[T]{a: t, fn: fn}
	engine.Init(&r.node, g, name, r, 0)
	if len(options) == 0 {
		g.StartAfter(&r.node, dep, &r.edge)
	} else {
		start(&r.node, options)
	}
	return &r.Task
}

// Optional is [Task.Then] for something that others can do without: the
// failure of fn, but not of t, becomes the Err of its [Result].
func (t *Task[T]) Optional[U any](name string, fn func(context.Context, T) (U, error), options ...TaskOption) *Task[Result[U]] {
	dep := checkTask(t, "Optional")
	checkFunc(fn == nil, "Optional", name)
	g := engine.GroupOf(dep)
	r := &thenOptional[T, U]{a: t, fn: fn}
	engine.Init(&r.node, g, name, r, engine.Optional)
	if len(options) == 0 && !g.Adjusts() {
		g.StartAfter(&r.node, dep, &r.edge)
	} else {
		start(&r.node, options)
	}
	return &r.Task
}

// thenDeps is the part of a record with one dependency.
type thenDeps[A any] struct {
	a    *Task[A]
	edge engine.Edge
}

func (d *thenDeps[A]) Dep(i int) *engine.Node {
	if i == 0 && d.a != nil {
		return &d.a.node
	}
	return nil
}

func (d *thenDeps[A]) values() []any { return []any{d.a.value} }

// And puts t and u together as dependencies: t.And(u).Then(...). It panics if
// they are of different groups. A third is added by And again; for more, or where
// names say more than the order of arguments, there is [Needs].
func (t *Task[T]) And[U any](u *Task[U]) And2[T, U] {
	checkAnd(checkTask(t, "And"), u)
	return And2[T, U]{t, u}
}
