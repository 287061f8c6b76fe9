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
	r := &thenTask[T, U]{on: t, fn: fn}
	engine.Init(&r.node, g, name, r, 0)
	if len(options) == 0 {
		g.StartAfter(&r.node, dep, &r.edge)
	} else {
		start(&r.node, options)
	}
	return &r.Task
}

type thenTask[T, U any] struct {
	Task[U]
	on   *Task[T]
	fn   func(context.Context, T) (U, error)
	edge engine.Edge
}

func (r *thenTask[T, U]) Call(ctx context.Context) error {
	v, err := r.fn(ctx, r.on.value)
	if err == nil {
		r.keep(v)
	}
	return err
}
func (r *thenTask[T, U]) Dep(i int) *engine.Node { return oneDep(i, r.on) }
func (r *thenTask[T, U]) Drop(failed bool) {
	r.on, r.fn = nil, nil
	if failed {
		r.forget()
	}
}
func (r *thenTask[T, U]) Fill(c *engine.Call) {
	c.Func, c.In, c.Out = r.fn, []any{r.on.value}, &r.value
}

// Do is [Task.Then] for a function without a value.
func (t *Task[T]) Do(name string, fn func(context.Context, T) error, options ...TaskOption) *Task[struct{}] {
	dep := checkTask(t, "Do")
	checkFunc(fn == nil, "Do", name)
	g := engine.GroupOf(dep)
	r := &thenDo[T]{on: t, fn: fn}
	engine.Init(&r.node, g, name, r, 0)
	if len(options) == 0 {
		g.StartAfter(&r.node, dep, &r.edge)
	} else {
		start(&r.node, options)
	}
	return &r.Task
}

type thenDo[T any] struct {
	Task[struct{}]
	on   *Task[T]
	fn   func(context.Context, T) error
	edge engine.Edge
}

func (r *thenDo[T]) Call(ctx context.Context) error {
	err := r.fn(ctx, r.on.value)
	if err == nil {
		r.keep(struct{}{})
	}
	return err
}
func (r *thenDo[T]) Dep(i int) *engine.Node { return oneDep(i, r.on) }
func (r *thenDo[T]) Drop(failed bool) {
	r.on, r.fn = nil, nil
	if failed {
		r.forget()
	}
}
func (r *thenDo[T]) Fill(c *engine.Call) { c.Func, c.In = r.fn, []any{r.on.value} }

// Optional is [Task.Then] for something that others can do without: the
// failure of fn, but not of t, becomes the Err of its [Result].
func (t *Task[T]) Optional[U any](name string, fn func(context.Context, T) (U, error), options ...TaskOption) *Task[Result[U]] {
	dep := checkTask(t, "Optional")
	checkFunc(fn == nil, "Optional", name)
	g := engine.GroupOf(dep)
	r := &thenOptional[T, U]{on: t, fn: fn}
	engine.Init(&r.node, g, name, r, engine.Optional)
	if len(options) == 0 {
		g.StartAfter(&r.node, dep, &r.edge)
	} else {
		start(&r.node, options)
	}
	return &r.Task
}

type thenOptional[T, U any] struct {
	Task[Result[U]]
	on   *Task[T]
	fn   func(context.Context, T) (U, error)
	edge engine.Edge
}

func (r *thenOptional[T, U]) Call(ctx context.Context) error {
	v, err := r.fn(ctx, r.on.value)
	if err == nil {
		r.keep(Result[U]{Value: v})
	}
	return err
}
func (r *thenOptional[T, U]) absorb(e *TaskError)    { absorb(&r.node, &r.value, e) }
func (r *thenOptional[T, U]) Dep(i int) *engine.Node { return oneDep(i, r.on) }
func (r *thenOptional[T, U]) Drop(failed bool) {
	r.on, r.fn = nil, nil
	if failed {
		r.forget()
	}
}
func (r *thenOptional[T, U]) Fill(c *engine.Call) {
	c.Func, c.In, c.Out = r.fn, []any{r.on.value}, &r.value.Value
}

func oneDep[T any](i int, t *Task[T]) *engine.Node {
	if i == 0 && t != nil {
		return &t.node
	}
	return nil
}

// And puts t and u together as dependencies: t.And(u).Then(...). It panics if
// they are of different groups. A third is added by And again; for more, or where
// names say more than the order of arguments, there is [Needs].
func (t *Task[T]) And[U any](u *Task[U]) And2[T, U] {
	checkAnd(checkTask(t, "And"), u)
	return And2[T, U]{t, u}
}
