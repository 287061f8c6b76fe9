package flow

import (
	"cmp"
	"context"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// Flow is a set of tasks that is defined once and runs anywhere: in this
// process, on another engine, or as a picture. Values travel along declared
// edges only. [Define] makes it; it is safe for concurrent use.
type Flow[In, Out any] struct {
	name    string
	build   func(*asap.Group, *asap.Task[In]) *asap.Task[Out]
	options []asap.Option
	numbers *numbers
}

// Define names a flow and runs nothing. build declares the tasks on the group
// that it is given, from the task of the input, and returns the task of the
// result; it is called for every run and for [Flow.Graph], so it must neither
// look at values nor wait: the input has its value only when build has
// returned. A body of the flow must not await a task of the flow: it needs it, and
// reads it with [asap.Task.Get].
func Define[In, Out any](name string, build func(*asap.Group, *asap.Task[In]) *asap.Task[Out], options ...asap.Option) *Flow[In, Out] {
	if build == nil {
		panic("asap: Define of flow " + name + " with a nil function; pass one that declares the tasks")
	}
	return &Flow[In, Out]{name, build, options, new(numbers)}
}

// With returns the flow with further options, which come after its own: an observer
// for this run, an engine with [On], an [asap.Around] of every body inside of those that
// the flow has.
func (f *Flow[In, Out]) With(options ...asap.Option) *Flow[In, Out] {
	all := make([]asap.Option, 0, len(f.options)+len(options))
	return &Flow[In, Out]{f.name, f.build, append(append(all, f.options...), options...), f.numbers}
}

// Run runs the flow and returns the value of its result task, as the function
// [asap.Run] does. It is a body itself: order.Then("checkout", Checkout.Run).
func (f *Flow[In, Out]) Run(ctx context.Context, in In) (Out, error) {
	if ctx == nil {
		panic("asap: Run of flow " + f.name + " with a nil context; pass context.Background()")
	}
	return f.runWith(ctx, in, nil)
}

// runWith is Run for the handle r, if that is not nil.
func (f *Flow[In, Out]) runWith(ctx context.Context, in In, r *here) (Out, error) {
	p := newPlan(f.name)
	p.options, p.numbers, p.first, p.running = f.options, f.numbers, f.numbers.isFirst(), r
	var failed error // of the result's task, where others have their own
	out, err := asap.Run(ctx, func(g *asap.Group) func() Out {
		input := g.Input("input", in)
		built := false
		defer func() { p.defined(built) }()
		out := f.build(g, input)
		switch {
		case out == nil:
			panic("asap: flow " + f.name + ": its function returned no task; return the task of the result")
		case engine.GroupOf(p.nodeOf(out)) != p.backend.group:
			panic("asap: flow " + f.name + ": its function returned a task of another group; return one of the group that it was given")
		}
		built = true
		return func() Out {
			r := out.Result()
			failed = r.Err
			return r.Value
		}
	}, p)
	if p.result != nil {
		var zero Out
		return zero, p.result
	}
	return out, cmp.Or(err, failed)
}

// Name returns the name that the flow was defined with.
func (f *Flow[In, Out]) Name() string { return f.name }
