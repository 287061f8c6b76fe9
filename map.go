package asap

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
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
	checkGroup(g, dep, "Map", name)
	checkFunc(fn == nil, "Map", name)
	var c config
	for _, o := range options {
		if o != nil {
			o.apply(&c)
		}
	}
	if c.settled || c.named || c.executor != nil || len(c.observers) > 0 {
		panic("asap: Map " + name + " with an option other than Limit; give it to New")
	}
	r := &mapTask[E, U]{in: in, fn: fn, limit: c.limit}
	r.node.init(g, name, r, inline|mapped)
	g.startAfter(&r.node, dep, &r.edge)
	return &r.Task
}

type mapTask[E, U any] struct {
	Task[[]U]
	in       *Task[[]E]
	fn       func(context.Context, E) (U, error)
	edge     edge
	limit    int
	lim      *limiter     // of the elements
	open     atomic.Int64 // elements that have not ended
	elements []mapElement[E, U]
}

func (r *mapTask[E, U]) collect() bool {
	for i := range r.elements {
		r.value[i] = r.elements[i].value
	}
	return r.elements != nil
}

func (r *mapTask[E, U]) ready() (more chain, done bool, err error) {
	in := r.in.value
	if len(in) > maxDeps {
		return more, true, fmt.Errorf("asap: Map over %d elements; split the slice into parts of at most %d", len(in), maxDeps)
	}
	r.value = make([]U, len(in))
	if len(in) == 0 {
		return more, true, nil
	}
	g := r.node.group
	r.lim = g.lim
	if r.limit > 0 {
		r.lim = newLimiter(r.limit, g.lim)
		g.addFan(r.lim)
	}
	r.open.Store(int64(len(in)))
	r.elements = make([]mapElement[E, U], len(in))
	g.live.Add(int64(len(in)) * liveTask)
	for i := range r.elements {
		e := &r.elements[i]
		e.of, e.index, e.arg, e.fn = r, i, in[i], r.fn
		e.node.init(g, "", e, element|r.node.order())
		e.edge.to = &r.node
		e.node.list.Store(&e.edge)
		if g.remote != nil {
			g.remote.declaredPart(&e.node, &r.node, i)
		}
		if g.watch != nil {
			g.watch.declared(&e.node)
		}
		more.push(&e.node)
	}
	r.node.expand(len(in)) // from here on others may look at the elements
	return more, false, nil
}

func (r *mapTask[E, U]) dep(i int) *node {
	switch {
	case i < len(r.elements):
		return &r.elements[i].node
	case i == 0 && r.elements == nil && r.in != nil:
		return &r.in.node
	}
	return nil
}

func (r *mapTask[E, U]) drop() {
	if r.node.failure() != nil {
		r.value = nil
	}
	r.in, r.fn, r.elements = nil, nil, nil
}

func (r *mapTask[E, U]) call(context.Context) error { return nil }
func (r *mapTask[E, U]) fill(c *Call)               { c.Func, c.Out = r.fn, new(U) }

// mapElement is one element's body. It is nobody's handle: its Task only keeps
// the value until the Map has it.
type mapElement[E, U any] struct {
	Task[U]
	noDeps
	of    *mapTask[E, U]
	index int
	arg   E
	fn    func(context.Context, E) (U, error)
	edge  edge
}

func (e *mapElement[E, U]) call(ctx context.Context) error {
	v, err := e.fn(ctx, e.arg)
	if err == nil {
		e.value = v
	}
	return err
}

func (e *mapElement[E, U]) drop() {
	var zero E
	e.fn, e.arg = nil, zero
	if e.of.open.Add(-1) == 0 && e.of.limit > 0 {
		e.node.group.dropFan(e.of.lim)
	}
}
func (e *mapElement[E, U]) fill(c *Call)      { c.Func, c.In, c.Out = e.fn, []any{e.arg}, &e.value }
func (e *mapElement[E, U]) label() string     { return e.of.node.name + "[" + strconv.Itoa(e.index) + "]" }
func (e *mapElement[E, U]) limiter() *limiter { return e.of.lim }
func (e *mapElement[E, U]) parent() *node     { return &e.of.node }

func (g *Group) addFan(l *limiter) {
	b := g.ledger()
	g.mu.Lock()
	b.fans = append(b.fans, l)
	g.mu.Unlock()
}

func (g *Group) dropFan(l *limiter) {
	b := g.ledger()
	g.mu.Lock()
	b.fans = slices.DeleteFunc(b.fans, func(f *limiter) bool { return f == l })
	g.mu.Unlock()
}
