package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// Handle is a flow that runs on Temporal, or has run: [Start] and [Attach] make it. It
// is the handle of every engine, with the ids that Temporal has besides.
//
// Signal sends a signal of the workflow with that name and the value as its payload: so
// may any other client, in any language. Cancel returns when the server knows; its cause
// is sent before it, as the [CancelSignal]. Tasks blocks until a worker that serves the flow has answered, and asks
// the server for attempts: of what runs, and in the history of what has ended. When the context of Wait ends, the workflow
// goes on.
type Handle[Out any] struct {
	*flow.Running[Out]
	run *run
}

func newHandle[In, Out any](c Client, f *flow.Flow[In, Out], w client.WorkflowRun) *Handle[Out] {
	r := &run{c, f.Name(), w}
	return &Handle[Out]{flow.NewRunning(f, r), r}
}

// ID returns the id of the workflow.
func (h *Handle[Out]) ID() string { return h.run.workflow.GetID() }

// RunID returns the id of the run of the workflow.
func (h *Handle[Out]) RunID() string { return h.run.workflow.GetRunID() }

// run is a workflow, for its handle.
type run struct {
	client   Client
	flow     string
	workflow client.WorkflowRun
}

var _ flow.Run = (*run)(nil)

func (r *run) Signal(ctx context.Context, name string, value any) error {
	err := r.client.SignalWorkflow(ctx, r.workflow.GetID(), r.workflow.GetRunID(), name, value)
	if isGone(err) {
		return fmt.Errorf("%w: %w", flow.ErrEnded, err)
	}
	return err
}

// isGone reports whether the server knows no such workflow that runs.
func isGone(err error) bool {
	_, gone := errors.AsType[*serviceerror.NotFound](err)
	return gone
}

// CancelSignal is the name of the signal that says why a workflow is about to be canceled:
// a request to cancel it has no place for that. Its payload, by the data converter, is
// the error as [asap.Result] has it: {"error": {"message": "…"}}. It alone cancels nothing. A
// flow has no signal of its own with this name.
const CancelSignal = "asap.cancel.cause"

// Cancel asks twice if there is a cause. A client that dies in between has canceled
// nothing.
func (r *run) Cancel(ctx context.Context, cause error) error {
	err := error(nil)
	if cause != context.Canceled {
		err = r.client.SignalWorkflow(ctx, r.workflow.GetID(), r.workflow.GetRunID(), CancelSignal, asap.Result[struct{}]{Err: cause})
	}
	if err == nil {
		err = r.client.CancelWorkflow(ctx, r.workflow.GetID(), r.workflow.GetRunID())
	}
	if isGone(err) { // it has ended, or never was, which Wait says
		return nil
	}
	return err
}

func (r *run) query(ctx context.Context, query string, into any) error {
	v, err := r.client.QueryWorkflow(ctx, r.workflow.GetID(), r.workflow.GetRunID(), query)
	if err != nil {
		return err
	}
	return v.Get(into)
}

func (r *run) Tasks(ctx context.Context) ([]flow.TaskState, error) {
	var states []flow.TaskState
	if err := r.query(ctx, TasksQuery, &states); err != nil {
		return nil, err
	}
	running := func(s flow.TaskState) bool { return s.State == flow.StateRunning }
	if c, ok := r.client.(describer); ok && slices.ContainsFunc(states, running) {
		d, err := c.DescribeWorkflowExecution(ctx, r.workflow.GetID(), r.workflow.GetRunID())
		if err != nil {
			return nil, err
		}
		attempts(states, d.GetPendingActivities())
	}
	ended := func(s flow.TaskState) bool { return s.State != flow.StateRunning && s.Attempt > 0 }
	if c, ok := r.client.(historian); ok && slices.ContainsFunc(states, ended) {
		events := c.GetWorkflowHistory(ctx, r.workflow.GetID(), r.workflow.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		if err := pastAttempts(states, events); err != nil {
			return nil, err
		}
	}
	return states, nil
}

func (r *run) Wait(ctx context.Context, out any) error {
	err := r.workflow.Get(ctx, out)
	switch {
	case err == nil:
		return nil
	case over(ctx, err):
		return &flowError{fmt.Errorf("asap: flow %s: await of workflow %s: %w", r.flow, r.workflow.GetID(), context.Cause(ctx)), []error{ctx.Err()}}
	}
	return ended(r.flow, err, out, func(query string, into any) error { return r.query(ctx, query, into) })
}
