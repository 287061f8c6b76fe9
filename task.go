package asap

import (
	"context"

	"github.com/asap-go/asap/internal/engine"
)

// Task is a value that will be there: the handle of one task of a [Group].
// All methods may be called from any goroutine at the same time. A task keeps
// its value, error and name when it is done, and nothing else.
type Task[T any] struct {
	node  engine.Node
	value T
}

// Go starts fn at once and returns its task. The name appears in errors,
// pictures and traces; it need not be unique. Go never blocks.
//
// fn gets a context that ends with the group, and under which its own awaits
// are known to be the task's. An error is the task's failure; a value beside
// an error is dropped.
//
// Data of the request is what fn closes over, or a [Group.Input], which others can
// take as well. The options say what a call needs besides: [Timeout] or [Within] for
// this task alone, [Around] for a retry, [When] for only if, [Needs] for inputs of any
// number and type, [After] for the order. What cleans up is [Task.Undo].
func (g *Group) Go[T any](name string, fn func(context.Context) (T, error), options ...TaskOption) *Task[T] {
	g.check("Go")
	checkFunc(fn == nil, "Go", name)
	t := &goTask[T]{fn: fn}
	engine.Init(&t.node, &g.core, name, t, 0)
	if len(options) == 0 {
		g.core.Start(&t.node)
	} else {
		start(&t.node, options)
	}
	return &t.Task
}

// Do is [Group.Go] for a function without a value.
func (g *Group) Do(name string, fn func(context.Context) error, options ...TaskOption) *Task[struct{}] {
	g.check("Do")
	checkFunc(fn == nil, "Do", name)
	t := &doTask{fn: fn}
	engine.Init(&t.node, &g.core, name, t, 0)
	if len(options) == 0 {
		g.core.Start(&t.node)
	} else {
		start(&t.node, options)
	}
	return &t.Task
}

// Optional is [Group.Go] for something that others can do without: the failure
// of fn becomes the Err of its [Result] and stops nobody. The end of the
// group, a panic and Goexit are not made values.
//
// A default is [Result.Or], or a task behind it that looks at Err. If only some can do
// without, declare the task with [MayFail], and those with [AfterEnd].
func (g *Group) Optional[T any](name string, fn func(context.Context) (T, error), options ...TaskOption) *Task[Result[T]] {
	g.check("Optional")
	checkFunc(fn == nil, "Optional", name)
	t := &optionalTask[T]{fn: fn}
	engine.Init(&t.node, &g.core, name, t, engine.Optional)
	if len(options) == 0 && !g.core.Adjusts() {
		g.core.Start(&t.node)
	} else {
		start(&t.node, options)
	}
	return &t.Task
}

// Input returns a task that is done and has the value v.
func (g *Group) Input[T any](name string, v T) *Task[T] {
	g.check("Input")
	t := &inputTask[T]{}
	t.value = v
	engine.Init(&t.node, &g.core, name, t, engine.Given)
	g.core.Give(&t.node)
	return &t.Task
}

type inputTask[T any] struct {
	Task[T]
	noDeps
}

func (t *inputTask[T]) Call(context.Context) error { return nil }
func (t *inputTask[T]) Drop(failed bool) {
	if failed {
		t.forget()
	}
}

// Await blocks until the task is done and returns its value, or its error,
// which names it: a [*TaskError], or one that is [ErrSkipped] or [ErrExited].
// It ends early with the cause of ctx, under the name of the task; the task
// and its other waiters go on.
//
// ctx says who waits. With the context that a body was given the wait is the
// body's: it gives the body's slot back under a limit, and if it can never
// end, because the awaited task waits for this one, it fails at once with a
// [*CycleError]. With a context derived by WithTimeout or WithCancel the slot
// is given back too, but a cycle ends only with that context; any other
// context waits for nobody's account. A goroutine that a body starts and does
// not wait for must derive a context of its own before it awaits.
//
// Cycles through channels, through contexts with an end of their own or from
// [context.WithoutCancel], and through Wait of the body's own group are not seen.
//
// A body that names a task declared after it reads a variable that its caller
// still writes. Hold it back until the variables are set:
//
//	declared := make(chan struct{})
//	var b *asap.Task[int]
//	a := g.Go("a", func(ctx context.Context) (int, error) {
//		<-declared
//		return b.Await(ctx)
//	})
//	b = g.Go("b", ...)
//	close(declared)
//
// Await may also be given to [Group.Go], to bring a task of another group in.
func (t *Task[T]) Await(ctx context.Context) (T, error) {
	n := checkTask(t, "Await")
	if ctx == nil {
		panic("asap: Await of task " + engine.Label(n) + " with a nil context; pass the body's")
	}
	if err := engine.Await(n, ctx); err != nil {
		return *new(T), err
	}
	return t.outcome()
}

// forget drops the value of a body that has succeeded too late, of a call beside
// which an [Around] has failed, or of one that another engine has filled in beside an
// error. Of the first two it is kept for an undo.
func (t *Task[T]) forget() {
	if f := engine.FailureOf(&t.node); f.Late || engine.HasKept(&t.node) {
		engine.Lose(&t.node, t.value)
	}
	var zero T
	t.value = zero
}

// absorb makes a failure the value of an Optional, in place of that of a call beside
// which an [Around] has failed.
func absorb[T any](n *engine.Node, into *Result[T], e *TaskError) {
	if engine.HasKept(n) {
		engine.Lose(n, Result[T]{Value: into.Value})
	}
	*into = Result[T]{Err: e}
}

func (t *Task[T]) outcome() (T, error) {
	if f := engine.FailureOf(&t.node); f != nil {
		var zero T
		return zero, f.Err
	}
	return t.value, nil
}

// keep stores the value of a call that has succeeded. It is small enough to be
// inlined, as it is called in every body.
func (t *Task[T]) keep(v T) {
	if engine.KindOf(&t.node)&engine.Wrapped == 0 {
		t.value = v
	} else {
		t.keepFirst(v)
	}
}

// keepFirst is keep in an [Around], unless another call of the same body has stored
// its value before: then this one is kept for an undo.
func (t *Task[T]) keepFirst(v T) {
	if engine.BeginKeep(&t.node) {
		t.value = v
		engine.EndKeep(&t.node)
	} else {
		engine.Lose(&t.node, v)
	}
}

// Get returns the value of t in a body that needs it: that was declared on it in
// whatever way but [After] and [AfterEnd], as the body of a Map's element if the
// Map was, or in a body of a group that was made in such a body. ctx is the
// context that the body was given, or one derived from it. Anything else panics,
// every time: declare the task with [Needs]. Get never blocks, and costs the same
// however many tasks the body needs.
func (t *Task[T]) Get(ctx context.Context) T {
	n := checkTask(t, "Get")
	if ctx == nil {
		panic("asap: Get of task " + engine.Label(n) + " with a nil context; pass the body's")
	}
	by, ok := engine.MayRead(ctx, n)
	if ok {
		return t.value
	}
	v, task, ok := engine.Traveled(ctx, n)
	if ok {
		value, _ := v.(T) // of a nil interface there is no type
		return value
	}
	if by != nil {
		task = engine.Label(by)
	}
	if task == "" {
		panic("asap: Get of task " + engine.Label(n) + " with a context of no body; pass the body's, or use Await")
	}
	panic("asap: Get of task " + engine.Label(n) + " in the body of task " + task + ", which does not need it; declare that with Needs(" + engine.Label(n) + ")")
}

// Value returns the value of a task that succeeded, after the end of its group: when
// [Group.Wait] has returned, or in the function that Run calls. It panics if the
// task failed, and always before the end, except for an Input.
func (t *Task[T]) Value() T {
	t.checkEnded("Value")
	v, err := t.outcome()
	if err != nil {
		panic("asap: Value of a task without one: " + textOf(err) + "; check the error of Group.Wait, or use Result or Exit.Value")
	}
	return v
}

// Result returns how the task ended, after the end of its group, as [Task.Value].
func (t *Task[T]) Result() Result[T] {
	t.checkEnded("Result")
	v, err := t.outcome()
	return Result[T]{v, err}
}

// Err returns the error with which the task ended, nil if it succeeded, after the
// end of its group, as [Task.Value].
func (t *Task[T]) Err() error {
	t.checkEnded("Err")
	_, err := t.outcome()
	return err
}

// checkEnded panics unless the group of t has ended, also if t happens to be done:
// so a mistake fails every time.
func (t *Task[T]) checkEnded(call string) {
	n := checkTask(t, call)
	g := engine.GroupOf(n)
	g.Refuse(call, n)
	if !g.IsOver() && engine.KindOf(n)&engine.Given == 0 {
		panic("asap: " + call + " of task " + engine.Label(n) + " before the end of its group; call Group.Wait first, or use Await, or Get in a body that needs it")
	}
}

// Name returns the name that the task was declared with.
func (t *Task[T]) Name() string { return engine.Name(checkTask(t, "Name")) }

// Result is the outcome of a task as a value. With Err the Value is zero.
type Result[T any] struct {
	Value T
	Err   error
}

// Or returns the value, or def if there is an error.
func (r Result[T]) Or(def T) T {
	if r.Err != nil {
		return def
	}
	return r.Value
}

// Get returns the value and the error, as the function that made them did.
func (r Result[T]) Get() (T, error) { return r.Value, r.Err }

// place is where the value is.
func (t *Task[T]) place() any { return &t.value }

// nodeOf returns the node of a *Task, for package flow.
func nodeOf(task any) *engine.Node {
	if t, ok := task.(interface{ core() *engine.Node }); ok {
		return t.core()
	}
	return nil
}

func (t *Task[T]) core() *engine.Node {
	if t == nil {
		return nil
	}
	return &t.node
}

// noDeps is the part of a record without dependencies.
type noDeps struct{}

func (noDeps) Dep(int) *engine.Node { return nil }
