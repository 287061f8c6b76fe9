package temporalasap

import (
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/flow"
)

// Registry takes workflows: a worker, a test environment, or a
// worker.WorkflowReplayer.
type Registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register makes a worker serve flow: a workflow with the name of the flow, and
// an activity for each body, named flow.task. It runs the flow's definition to
// find them, and no body. On a registry that takes no activities, such as a
// worker.WorkflowReplayer, it registers the workflow alone.
//
// The bodies are those of this process: they may use what the definition's
// function has around it, such as clients, but not what differs from run to run:
// make a flow once, not for each request.
// Register returns an error, and registers nothing, if a body's arguments or
// value cannot travel, the definition differs from call to call, a name is
// empty, no time limit is given, or an option names no task. It also does for a
// name that the worker has already; what it registered before that stays.
func Register[In, Out any](r Registry, f *flow.Flow[In, Out], options ...Option) error {
	_, err := register(r, f, options)
	return err
}

func register[In, Out any](r Registry, f *flow.Flow[In, Out], options []Option) (d *definition, err error) {
	d, err = define(f, options)
	if err != nil {
		return nil, err
	}
	defer func() { // the SDK panics for a name that the worker has already
		if v := recover(); v != nil {
			err = fmt.Errorf("asap: flow %s: %v", d.name, v)
		}
	}()
	w := d.workflow
	w.Name = d.name
	r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in In) (Out, error) {
		return execute(ctx, d, f, in)
	}, w)
	activities, ok := r.(interface {
		RegisterActivityWithOptions(a any, options activity.RegisterOptions)
	})
	if !ok {
		return d, nil
	}
	for _, t := range d.tasks {
		if t.kind != childWorkflow {
			activities.RegisterActivityWithOptions(t.function(), activity.RegisterOptions{Name: t.activityName})
		}
	}
	return d, nil
}

// execute is the workflow.
func execute[In, Out any](ctx workflow.Context, d *definition, f *flow.Flow[In, Out], in In) (Out, error) {
	e := newEngine(ctx, d)
	e.answers()
	defer e.close()
	// On an executor a group starts no goroutine and waits for nothing else.
	out, err := f.With(flow.On(e)).Run(e.group, in) //workflowcheck:ignore
	return out, e.result(out, err)
}
