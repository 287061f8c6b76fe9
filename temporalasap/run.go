package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/asap-go/asap/flow"
)

// TaskQueue is the task queue of flows that are started without another one:
// the worker that serves them listens there.
const TaskQueue = "asap"

// Client starts and asks workflows: a client.Client does.
type Client interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	GetWorkflow(ctx context.Context, workflowID, runID string) client.WorkflowRun
	CancelWorkflow(ctx context.Context, workflowID, runID string) error
	QueryWorkflow(ctx context.Context, workflowID, runID, queryType string, args ...any) (converter.EncodedValue, error)
}

// Run runs flow on Temporal and returns what [flow.Flow.Run] returns: its value,
// or its error, in which errors.As finds the [*asap.GroupError] and
// [*asap.TaskError], and the [*flow.RemoteError] for what a body returned. It
// blocks until the workflow has ended. A worker must have the flow registered.
//
// When ctx ends Run cancels the workflow, also one that is only being started,
// waits for it for up to 10 s, and returns an error that is the context's error
// and cause. To leave a workflow alone then, use [Start]. Options are those of
// the client, at most once; the task queue is [TaskQueue] without them.
func Run[In, Out any](ctx context.Context, c Client, f *flow.Flow[In, Out], in In, options ...client.StartWorkflowOptions) (Out, error) {
	var zero Out
	if ctx.Err() != nil && f != nil {
		return zero, notStarted(ctx, f.Name(), ctx.Err())
	}
	// The start outlives ctx: cut short, it would leave nobody who knows whether
	// there is a workflow to cancel.
	grace, end := graceAfter(ctx)
	defer end()
	h, err := Start(grace, c, f, in, options...)
	switch {
	case err != nil && ctx.Err() != nil:
		return zero, notStarted(ctx, f.Name(), err)
	case err != nil:
		return zero, err
	}
	out, err := h.Get(ctx)
	if err == nil || ctx.Err() == nil {
		return out, err
	}
	ended := []error{ctx.Err(), context.Cause(ctx)}
	if err := h.Cancel(grace); err != nil {
		return out, &flowError{fmt.Errorf("asap: flow %s: workflow %s could not be canceled and goes on: %w", h.flow, h.ID(), err), ended}
	}
	out, err = h.Get(grace)
	switch {
	case err == nil:
		return out, nil
	case grace.Err() != nil:
		err = fmt.Errorf("asap: flow %s: workflow %s was canceled and has not ended after %s", h.flow, h.ID(), cancelGrace)
	}
	return out, &flowError{err, ended}
}

const cancelGrace = 10 * time.Second

// graceAfter is a context that ends a while after ctx, or when its function is
// called.
func graceAfter(ctx context.Context) (context.Context, func()) {
	grace, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { // ends with grace
		select {
		case <-time.After(cancelGrace):
			cancel()
		case <-grace.Done():
		}
	})
	return grace, func() { stop(); cancel() }
}

// notStarted is the error of a start that the end of ctx has prevented.
func notStarted(ctx context.Context, f string, err error) error {
	return &flowError{fmt.Errorf("asap: flow %s: start: %w", f, context.Cause(ctx)), []error{ctx.Err(), err}}
}

// Start starts flow on Temporal as a workflow and returns a handle to it. It
// blocks until the server has it, and no longer: the end of ctx does not touch
// the workflow after that. Options are those of the client, at most once. If a
// workflow with their ID runs already, the handle is to that one, whatever its
// input, unless they say WorkflowExecutionErrorWhenAlreadyStarted.
func Start[In, Out any](ctx context.Context, c Client, f *flow.Flow[In, Out], in In, options ...client.StartWorkflowOptions) (*Handle[Out], error) {
	switch {
	case f == nil:
		return nil, errors.New("asap: Start with a nil Flow; make one with Define")
	case len(options) > 1:
		return nil, fmt.Errorf("asap: flow %s: Start with %d client.StartWorkflowOptions; put them into one", f.Name(), len(options))
	}
	var o client.StartWorkflowOptions
	if len(options) == 1 {
		o = options[0]
	}
	if o.TaskQueue == "" {
		o.TaskQueue = TaskQueue
	}
	run, err := c.ExecuteWorkflow(ctx, o, f.Name(), in)
	switch {
	case err != nil && over(ctx, err):
		return nil, notStarted(ctx, f.Name(), err)
	case err != nil:
		return nil, fmt.Errorf("asap: flow %s: start: %w", f.Name(), err)
	}
	return &Handle[Out]{c, f.Name(), run}, nil
}

// Attach returns a handle to a workflow of flow that was started before,
// perhaps by another process. An empty runID is the latest run of the workflow.
// Attach does not ask the server: a workflow that is not there fails in Get.
func Attach[In, Out any](ctx context.Context, c Client, f *flow.Flow[In, Out], workflowID, runID string) *Handle[Out] {
	return &Handle[Out]{c, f.Name(), c.GetWorkflow(ctx, workflowID, runID)}
}

// Handle is a flow that runs on Temporal, or has run: [Start] and [Attach] make
// it. Its methods may be called from any goroutine at the same time.
type Handle[Out any] struct {
	client Client
	flow   string
	run    client.WorkflowRun
}

// ID returns the id of the workflow.
func (h *Handle[Out]) ID() string { return h.run.GetID() }

// RunID returns the id of the run of the workflow.
func (h *Handle[Out]) RunID() string { return h.run.GetRunID() }

// Get blocks until the workflow has ended and returns what [Run] does. When ctx
// ends it returns its cause, and the workflow goes on.
func (h *Handle[Out]) Get(ctx context.Context) (Out, error) {
	var out Out
	err := h.run.Get(ctx, &out)
	switch {
	case err == nil:
		return out, nil
	case over(ctx, err):
		var zero Out
		return zero, &flowError{fmt.Errorf("asap: flow %s: await of workflow %s: %w", h.flow, h.ID(), context.Cause(ctx)), []error{ctx.Err()}}
	}
	return out, ended(h.flow, err, &out, func(query string) (converter.EncodedValue, error) {
		return h.client.QueryWorkflow(ctx, h.ID(), h.RunID(), query)
	})
}

// ended is the error of a flow whose workflow has ended with err, and fills out with a
// value beside it.
func ended(f string, err error, out any, query func(string) (converter.EncodedValue, error)) error {
	told := outcome(err, out, func(name string, into any) error {
		v, err := query(name)
		if err != nil {
			return err
		}
		return v.Get(into)
	})
	if told != nil {
		return told
	}
	fails := fmt.Errorf("asap: flow %s: %w", f, err) // terminated, timed out, not there
	if t, ok := errors.AsType[*temporal.TimeoutError](err); ok && isTimeLimit(t) {
		return &flowError{fails, []error{context.DeadlineExceeded}}
	}
	return fails
}

// over reports whether ctx has ended, or ends now: a server that knows of its
// deadline may give up before the clock here has come to it.
func over(ctx context.Context, err error) bool {
	_, canceled := errors.AsType[*serviceerror.Canceled](err)
	_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
	if deadline, ok := ctx.Deadline(); ok && (canceled || late) && time.Until(deadline) < time.Second {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}

// Cancel asks the workflow to end, and with it every body that runs. It returns
// when the server knows; Get returns when they have ended.
func (h *Handle[Out]) Cancel(ctx context.Context) error {
	if err := h.client.CancelWorkflow(ctx, h.ID(), h.RunID()); err != nil {
		return fmt.Errorf("asap: flow %s: %w", h.flow, err)
	}
	return nil
}

// Tasks returns the state of every task at this moment, in order of start and
// then, for those that wait, of declaration. It blocks until a worker that
// serves the flow has answered, and asks the server for the attempts of those that run.
func (h *Handle[Out]) Tasks(ctx context.Context) ([]TaskState, error) {
	var states []TaskState
	v, err := h.client.QueryWorkflow(ctx, h.ID(), h.RunID(), TasksQuery)
	if err == nil {
		err = v.Get(&states)
	}
	if err != nil {
		return nil, fmt.Errorf("asap: flow %s: %w", h.flow, err)
	}
	running := func(s TaskState) bool { return s.State == Running }
	if c, ok := h.client.(describer); ok && slices.ContainsFunc(states, running) {
		d, err := c.DescribeWorkflowExecution(ctx, h.ID(), h.RunID())
		if err != nil {
			return nil, fmt.Errorf("asap: flow %s: %w", h.flow, err)
		}
		attempts(states, d.GetPendingActivities())
	}
	return states, nil
}
