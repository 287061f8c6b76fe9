package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

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
	SignalWorkflow(ctx context.Context, workflowID, runID, signalName string, arg any) error
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
	out, err := h.Wait(ctx)
	if err == nil || ctx.Err() == nil {
		return out, err
	}
	ended := []error{ctx.Err(), context.Cause(ctx)}
	if err := h.run.Cancel(grace, nil); err != nil {
		return out, &flowError{fmt.Errorf("asap: flow %s: workflow %s could not be canceled and goes on: %w", f.Name(), h.ID(), err), ended}
	}
	out, err = h.Wait(grace)
	switch {
	case err == nil:
		return out, nil
	case grace.Err() != nil:
		err = fmt.Errorf("asap: flow %s: workflow %s was canceled and has not ended after %s", f.Name(), h.ID(), cancelGrace)
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
	return newHandle(c, f, run), nil
}

// Attach returns a handle to a workflow of flow that was started before,
// perhaps by another process. An empty runID is the latest run of the workflow.
// Attach does not ask the server: a workflow that is not there fails in Wait.
func Attach[In, Out any](ctx context.Context, c Client, f *flow.Flow[In, Out], workflowID, runID string) *Handle[Out] {
	return newHandle(c, f, c.GetWorkflow(ctx, workflowID, runID))
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
