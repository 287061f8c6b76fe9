package asap

import (
	"context"
	"fmt"

	"github.com/asap-go/asap/internal/engine"
)

// Map runs fn for every element of the slice that in yields, each as a body of
// its own that starts when the slice is there, and returns a task with the
// values in the order of the elements. The bodies are named after the task and
// the index: likes[3]. The task is skipped as soon as one of them fails; see
// [Group.MapOptional] for elements that may.
//
// With [Limit] at most so many elements run at once, within the limits of the group.
// What other options say of a body they say of each element's.
func (g *Group) Map[S ~[]E, E, U any](name string, in *Task[S], fn func(context.Context, E) (U, error), options ...MapOption) *Task[[]U] {
	r := &mapTask[S, E, U]{}
	r.declare(g, "Map", name, r, in, fn, options)
	return &r.Task
}

// MapOptional is [Group.Map] for elements that others can do without: the failure of
// one becomes the Err of its [Result], and stops nobody. [Within] is of the elements
// alone, and the slice is waited for. When the group ends, the elements that have ended
// keep their Results, and those that have not get the error with which they end, or are
// skipped; the task itself succeeds.
func (g *Group) MapOptional[S ~[]E, E, U any](name string, in *Task[S], fn func(context.Context, E) (U, error), options ...MapOption) *Task[[]Result[U]] {
	r := &mapOptionalTask[S, E, U]{}
	r.declare(g, "MapOptional", name, r, in, fn, options)
	return &r.Task
}

// mapTask is a Map.
type mapTask[S ~[]E, E, U any] struct{ mapping[S, E, U, U] }

func (r *mapTask[S, E, U]) Inline() (engine.Chain, bool, error) { return r.expand(0) }

func (r *mapTask[S, E, U]) Collect() bool {
	for i := range r.elements {
		r.value[i] = r.elements[i].value
	}
	return r.elements != nil
}

// mapOptionalTask is a MapOptional.
type mapOptionalTask[S ~[]E, E, U any] struct {
	mapping[S, E, U, Result[U]]
}

func (r *mapOptionalTask[S, E, U]) Inline() (engine.Chain, bool, error) {
	r.errs = make([]error, len(r.in.value))
	return r.expand(engine.Optional)
}

func (r *mapOptionalTask[S, E, U]) Collect() bool {
	for i := range r.elements {
		e := &r.elements[i]
		if f := engine.FailureOf(&e.node); f == nil {
			r.value[i] = Result[U]{e.value, r.errs[i]}
		} else { // its value is dropped, maybe just now
			r.value[i].Err = f.Err
		}
	}
	return r.elements != nil
}

func (r *mapOptionalTask[S, E, U]) Fill(c *engine.Call) {
	r.mapping.Fill(c)
	c.Optional = true
}

// mapping is what the two have in common: V is what they keep of an element.
type mapping[S ~[]E, E, U, V any] struct {
	Task[[]V]
	// Until the task is done:
	in       *Task[S]
	fn       func(context.Context, E) (U, error)
	edge     engine.Edge
	limit    int
	elements []mapElement[E, U]
	errs     []error // of a MapOptional: the elements' failures
}

// declare checks and declares the task, whose record is whole.
func (r *mapping[S, E, U, V]) declare(g *Group, call, name string, whole engine.Body, in *Task[S], fn func(context.Context, E) (U, error), options []MapOption) {
	g.check(call)
	dep := checkArg(in, call, name)
	checkGroup(&g.core, dep, call, name)
	checkFunc(fn == nil, call, name)
	r.in, r.fn = in, fn
	n := &r.node
	engine.Init(n, &g.core, name, whole, engine.Inline|engine.Mapped)
	c := engine.TaskConfig{Tolerant: call == "MapOptional"}
	adjusts := c.Tolerant && g.core.Adjusts()
	if len(options) == 0 && !adjusts {
		g.core.StartAfter(n, dep, &r.edge)
		return
	}
	for _, o := range options {
		checkOption(o == nil, n)
		o.ApplyMap(&c)
	}
	if r.limit = c.Limit; c.IsPlain() && !adjusts {
		g.core.StartAfter(n, dep, &r.edge)
		return
	}
	startWith(n, &c)
}

func (r *mapping[S, E, U, V]) expand(kind engine.Kind) (parts engine.Chain, done bool, err error) {
	n, in := &r.node, r.in.value
	r.value = make([]V, len(in))
	if len(in) > engine.MaxDeps {
		return parts, true, fmt.Errorf("asap: Map over %d elements; split the slice into parts of at most %d", len(in), engine.MaxDeps)
	}
	if len(in) == 0 {
		return parts, true, nil
	}
	g := engine.GroupOf(n)
	of := &mapShared{n, &r.in.node, engine.LimiterOf(n, r.limit), r.errs}
	r.elements = make([]mapElement[E, U], len(in))
	g.AddParts(n, len(in))
	for i := range r.elements {
		e := &r.elements[i]
		e.of, e.index, e.arg, e.fn = of, i, in[i], r.fn
		g.AddPart(&parts, &e.node, n, e, &e.edge, i, kind)
	}
	g.Expand(n, len(in))
	return parts, false, nil
}

func (r *mapping[S, E, U, V]) Input(i int) *engine.Node {
	if i == 0 && r.in != nil {
		return &r.in.node
	}
	return nil
}

func (r *mapping[S, E, U, V]) Dep(i int) *engine.Node {
	switch {
	case i < len(r.elements):
		return &r.elements[i].node
	case r.elements == nil:
		return r.Input(i)
	}
	return nil
}

func (r *mapping[S, E, U, V]) Limit() int                 { return r.limit }
func (r *mapping[S, E, U, V]) Call(context.Context) error { return nil }
func (r *mapping[S, E, U, V]) Fill(c *engine.Call)        { c.Func, c.Out = r.fn, new(U) }
func (r *mapping[S, E, U, V]) Drop(failed bool) {
	r.in, r.fn, r.edge, r.elements, r.errs = nil, nil, engine.Edge{}, nil, nil
	if failed {
		r.value = nil
	}
}

// mapShared is what the elements of a Map know of it.
type mapShared struct {
	node *engine.Node
	in   *engine.Node // the slice's
	lim  *engine.Limiter
	errs []error // where an Optional's failures go
}

// mapElement is one element's body. It is nobody's handle: its Task only keeps
// the value until the Map has it.
type mapElement[E, U any] struct {
	Task[U]
	noDeps
	of    *mapShared
	index int
	arg   E
	fn    func(context.Context, E) (U, error)
	edge  engine.Edge
}

func (e *mapElement[E, U]) Call(ctx context.Context) error {
	v, err := e.fn(ctx, e.arg)
	if err == nil {
		e.keep(v)
	}
	return err
}

func (e *mapElement[E, U]) absorb(err *TaskError) {
	var zero U
	e.value, e.of.errs[e.index] = zero, err
}

func (e *mapElement[E, U]) Drop(failed bool) {
	var zero E
	e.fn, e.arg = nil, zero
	if failed {
		e.forget()
	}
}
func (e *mapElement[E, U]) Fill(c *engine.Call) { c.Func, c.In, c.Out = e.fn, []any{e.arg}, &e.value }
func (e *mapElement[E, U]) Input(i int) *engine.Node {
	if i == 0 {
		return e.of.in
	}
	return nil
}
func (e *mapElement[E, U]) Limiter() *engine.Limiter   { return e.of.lim }
func (e *mapElement[E, U]) Whole() (*engine.Node, int) { return e.of.node, e.index }
