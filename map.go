package asap

import (
	"context"
	"fmt"

	"github.com/asap-go/asap/internal/engine"
)

// Map runs fn for every element of the slice that in yields, each as a body of
// its own that starts when the slice is there, and returns a task with the
// values in the order of the elements. The bodies are named after the task and
// the index: likes[3]. The task is skipped as soon as one of them fails.
//
// The only option is [Limit]: at most so many elements run at the same time,
// within the limits of the group.
func (g *Group) Map[E, U any](name string, in *Task[[]E], fn func(context.Context, E) (U, error), options ...Option) *Task[[]U] {
	g.check("Map")
	dep := checkArg(in, "Map", name)
	checkGroup(&g.core, dep, "Map", name)
	checkFunc(fn == nil, "Map", name)
	var c engine.Config
	for _, o := range options {
		if o != nil {
			o.Apply(&c)
		}
	}
	if c.Settled || c.Watched || c.Backend != nil {
		panic("asap: Map " + name + " with an option other than Limit; give it to New")
	}
	r := &mapTask[E, U]{in: in, fn: fn, limit: c.Limit}
	engine.Init(&r.node, &g.core, name, r, engine.Inline|engine.Mapped)
	g.core.StartAfter(&r.node, dep, &r.edge)
	return &r.Task
}

type mapTask[E, U any] struct {
	Task[[]U]
	in       *Task[[]E]
	fn       func(context.Context, E) (U, error)
	edge     engine.Edge
	limit    int
	lim      *engine.Limiter // of the elements
	elements []mapElement[E, U]
}

func (r *mapTask[E, U]) Collect() bool {
	for i := range r.elements {
		r.value[i] = r.elements[i].value
	}
	return r.elements != nil
}

func (r *mapTask[E, U]) Inline() (parts engine.Chain, done bool, err error) {
	in := r.in.value
	if len(in) > engine.MaxDeps {
		return parts, true, fmt.Errorf("asap: Map over %d elements; split the slice into parts of at most %d", len(in), engine.MaxDeps)
	}
	r.value = make([]U, len(in))
	if len(in) == 0 {
		return parts, true, nil
	}
	g := engine.GroupOf(&r.node)
	r.lim = g.Limiter(r.limit)
	r.elements = make([]mapElement[E, U], len(in))
	g.AddParts(len(in))
	for i := range r.elements {
		e := &r.elements[i]
		e.of, e.index, e.arg, e.fn = r, i, in[i], r.fn
		g.AddPart(&parts, &e.node, &r.node, e, &e.edge, i)
	}
	g.Expand(&r.node, len(in))
	return parts, false, nil
}

func (r *mapTask[E, U]) Dep(i int) *engine.Node {
	switch {
	case i < len(r.elements):
		return &r.elements[i].node
	case i == 0 && r.elements == nil && r.in != nil:
		return &r.in.node
	}
	return nil
}

func (r *mapTask[E, U]) Drop(failed bool) {
	if failed {
		r.value = nil
	}
	r.in, r.fn, r.elements = nil, nil, nil
}

func (r *mapTask[E, U]) Call(context.Context) error { return nil }
func (r *mapTask[E, U]) Fill(c *engine.Call)        { c.Func, c.Out = r.fn, new(U) }

// mapElement is one element's body. It is nobody's handle: its Task only keeps
// the value until the Map has it.
type mapElement[E, U any] struct {
	Task[U]
	noDeps
	of    *mapTask[E, U]
	index int
	arg   E
	fn    func(context.Context, E) (U, error)
	edge  engine.Edge
}

func (e *mapElement[E, U]) Call(ctx context.Context) error {
	v, err := e.fn(ctx, e.arg)
	if err == nil {
		e.value = v
	}
	return err
}

func (e *mapElement[E, U]) Drop(failed bool) {
	var zero E
	e.fn, e.arg = nil, zero
	if failed {
		e.forget()
	}
}
func (e *mapElement[E, U]) Fill(c *engine.Call)        { c.Func, c.In, c.Out = e.fn, []any{e.arg}, &e.value }
func (e *mapElement[E, U]) Limiter() *engine.Limiter   { return e.of.lim }
func (e *mapElement[E, U]) Whole() (*engine.Node, int) { return &e.of.node, e.index }
