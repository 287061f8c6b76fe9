package asap

import (
	"cmp"
	"context"
	"fmt"
)

// Flow is a set of tasks that is defined once and runs anywhere: in this
// process, on another engine, or as a picture. Values travel along declared
// edges only. [Define] makes it; it is safe for concurrent use.
type Flow[In, Out any] struct {
	name    string
	build   func(*Group, *Task[In]) *Task[Out]
	options []Option
}

// Define names a flow and runs nothing. build declares the tasks on the group
// that it is given, from the task of the input, and returns the task of the
// result; it is called for every run and for [Flow.Graph], so it must neither
// look at values nor wait: the input has its value only when build has
// returned. A body of the flow must not await a task of the flow.
func Define[In, Out any](name string, build func(*Group, *Task[In]) *Task[Out], options ...Option) *Flow[In, Out] {
	if build == nil {
		panic("asap: Define of flow " + name + " with a nil function; pass one that declares the tasks")
	}
	return &Flow[In, Out]{name, build, options}
}

// With returns the flow with further options, which come after its own.
func (f *Flow[In, Out]) With(options ...Option) *Flow[In, Out] {
	all := make([]Option, 0, len(f.options)+len(options))
	return &Flow[In, Out]{f.name, f.build, append(append(all, f.options...), options...)}
}

// Run runs the flow and returns the value of its result task, as the function
// [Run] does. It is a body itself: order.Then("checkout", Checkout.Run).
func (f *Flow[In, Out]) Run(ctx context.Context, in In) (Out, error) {
	if ctx == nil {
		panic("asap: Run of flow " + f.name + " with a nil context; pass context.Background()")
	}
	g := &Group{name: f.name} // an observer's first event has it
	p := &plan{flow: f.name}
	p.building.Store(true)
	g.plan = p
	g.init(ctx, f.options)
	var zero Out
	var refused error
	out, err := runIn(g, func(g *Group) *Task[Out] {
		input := newFlowInput(g, in)
		built := false
		defer func() {
			p.building.Store(false)
			refused = p.refused()
			if !built || refused != nil {
				g.ended()
				g.endOutside(cmp.Or(refused, context.Canceled), refused)
			}
			g.resume(&input.node, true)
		}()
		out := f.build(g, &input.Task)
		if out == nil {
			panic("asap: flow " + f.name + ": its function returned no task; return the task of the result")
		}
		built = true
		return out
	})
	if refused != nil {
		return zero, refused
	}
	return out, err
}

// flowInput is the task of a flow's input: pending while the flow is built.
type flowInput[In any] struct {
	Task[In]
	noDeps
}

func newFlowInput[In any](g *Group, in In) *flowInput[In] {
	t := &flowInput[In]{}
	t.value = in
	t.node.init(g, "input", t, inline|given)
	t.node.pending = hold
	g.enter("input")
	if g.remote != nil {
		g.remote.declared(&t.node)
	}
	if g.watch != nil {
		g.watch.declared(&t.node)
	}
	return t
}

func (t *flowInput[In]) call(context.Context) error  { return nil }
func (t *flowInput[In]) drop()                       {}
func (t *flowInput[In]) fill(*Call)                  {}
func (t *flowInput[In]) ready() (chain, bool, error) { return chain{}, true, nil }

// Name returns the name that the flow was defined with.
func (f *Flow[In, Out]) Name() string { return f.name }

// Graph returns the structure of the flow, without running any body. It
// returns an error, and never panics, if the function that declares it looks
// at values, waits, panics, or returns no task of its group.
func (f *Flow[In, Out]) Graph() (*Graph, error) {
	p, err := f.draw()
	if err != nil {
		return nil, err
	}
	return p.graph(), nil
}

// Calls returns the bodies of the flow, one for each function that its
// definition names, as an [Executor] is asked to run them but without
// arguments, in order of declaration. An engine that runs bodies in another
// process finds them here by [Call.Body]. Calls runs no body; its errors are
// those of Graph.
func (f *Flow[In, Out]) Calls() ([]*Call, error) {
	p, err := f.draw()
	if err != nil {
		return nil, err
	}
	p.building.Store(false)
	p.recorded.Store(true)
	return p.calls(), nil
}

func (f *Flow[In, Out]) draw() (*plan, error) {
	p := &plan{flow: f.name, drawing: true}
	p.building.Store(true)
	g := new(Group)
	g.plan, p.group = p, g
	var err error
	done := make(chan struct{})
	go func() { // a Goexit of the function ends this goroutine alone
		returned := false
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("asap: flow %s: its function panicked: %v", f.name, v)
			} else if !returned {
				err = fmt.Errorf("asap: flow %s: its function called runtime.Goexit", f.name)
			}
		}()
		g.init(context.Background(), nil)
		var in In
		input := newFlowInput(g, in)
		p.add(&input.node)
		out := f.build(g, &input.Task)
		returned = true
		switch {
		case out == nil:
			err = fmt.Errorf("asap: flow %s: its function returned no task; return the task of the result", f.name)
		case out.node.group != g:
			err = fmt.Errorf("asap: flow %s: its function returned a task of another group; return one of the group that it was given", f.name)
		}
	}()
	<-done
	if refused := p.refused(); refused != nil {
		return nil, refused
	}
	return p, err
}
