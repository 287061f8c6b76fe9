package asap

import "context"

// Then declares a task that starts when t has succeeded, with its value. It is
// skipped as soon as t fails or is skipped. Then never blocks.
func (t *Task[T]) Then[U any](name string, fn func(context.Context, T) (U, error)) *Task[U] {
	dep := checkTask(t, "Then")
	checkFunc(fn == nil, "Then", name)
	r := &thenTask[T, U]{on: t, fn: fn}
	r.node.init(dep.group, name, r, 0)
	dep.group.startAfter(&r.node, dep, &r.edge)
	return &r.Task
}

type thenTask[T, U any] struct {
	Task[U]
	on   *Task[T]
	fn   func(context.Context, T) (U, error)
	edge edge
}

func (r *thenTask[T, U]) call(ctx context.Context) error {
	v, err := r.fn(ctx, r.on.value)
	if err == nil {
		r.value = v
	}
	return err
}
func (r *thenTask[T, U]) dep(i int) *node { return oneDep(i, r.on) }
func (r *thenTask[T, U]) drop()           { r.on, r.fn = nil, nil }
func (r *thenTask[T, U]) fill(c *Call)    { c.Func, c.In, c.Out = r.fn, []any{r.on.value}, &r.value }

// Do is [Task.Then] for a function without a value.
func (t *Task[T]) Do(name string, fn func(context.Context, T) error) *Task[struct{}] {
	dep := checkTask(t, "Do")
	checkFunc(fn == nil, "Do", name)
	r := &thenDo[T]{on: t, fn: fn}
	r.node.init(dep.group, name, r, 0)
	dep.group.startAfter(&r.node, dep, &r.edge)
	return &r.Task
}

type thenDo[T any] struct {
	Task[struct{}]
	on   *Task[T]
	fn   func(context.Context, T) error
	edge edge
}

func (r *thenDo[T]) call(ctx context.Context) error { return r.fn(ctx, r.on.value) }
func (r *thenDo[T]) dep(i int) *node                { return oneDep(i, r.on) }
func (r *thenDo[T]) drop()                          { r.on, r.fn = nil, nil }
func (r *thenDo[T]) fill(c *Call)                   { c.Func, c.In = r.fn, []any{r.on.value} }

// Optional is [Task.Then] for something that others can do without: the
// failure of fn, but not of t, becomes the Err of its [Result].
func (t *Task[T]) Optional[U any](name string, fn func(context.Context, T) (U, error)) *Task[Result[U]] {
	dep := checkTask(t, "Optional")
	checkFunc(fn == nil, "Optional", name)
	r := &thenOptional[T, U]{on: t, fn: fn}
	r.node.init(dep.group, name, r, optional)
	dep.group.startAfter(&r.node, dep, &r.edge)
	return &r.Task
}

type thenOptional[T, U any] struct {
	Task[Result[U]]
	on   *Task[T]
	fn   func(context.Context, T) (U, error)
	edge edge
}

func (r *thenOptional[T, U]) call(ctx context.Context) error {
	v, err := r.fn(ctx, r.on.value)
	if err == nil {
		r.value.Value = v
	}
	return err
}
func (r *thenOptional[T, U]) absorb(e *TaskError) { r.value.Err = e }
func (r *thenOptional[T, U]) dep(i int) *node     { return oneDep(i, r.on) }
func (r *thenOptional[T, U]) drop()               { r.on, r.fn = nil, nil }
func (r *thenOptional[T, U]) fill(c *Call) {
	c.Func, c.In, c.Out = r.fn, []any{r.on.value}, &r.value.Value
}

func oneDep[T any](i int, t *Task[T]) *node {
	if i == 0 && t != nil {
		return &t.node
	}
	return nil
}

// And puts t and u together as dependencies: t.And(u).Then(...). It panics if
// they are of different groups.
func (t *Task[T]) And[U any](u *Task[U]) And2[T, U] {
	n := checkTask(t, "And")
	m := checkArg(u, "And", n.label())
	checkGroup(n.group, m, "And", n.label())
	return And2[T, U]{t, u}
}
