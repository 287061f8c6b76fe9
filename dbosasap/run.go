package dbosasap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap/flow"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/google/uuid"
)

// Run runs flow durably and returns what [flow.Flow.Run] returns: its value, or its
// error, in which errors.As finds the [*asap.GroupError] and [*asap.TaskError], and
// the [*flow.RemoteError] for what a body returned. It blocks until the flow has
// ended. The flow must be registered.
//
// When ctx ends Run cancels the flow, waits for it for up to 10 s, and returns an
// error that is the context's error and cause. To leave a flow alone then, use
// [Start]. Options are those of DBOS: with [dbos.WithWorkflowID] a flow that was begun
// under that id is not begun again.
func Run[In, Out any](ctx context.Context, rt *Runtime, f *flow.Flow[In, Out], in In, options ...dbos.WorkflowOption) (Out, error) {
	var zero Out
	if ctx.Err() != nil && f != nil {
		return zero, &flowError{fmt.Errorf("asap: flow %s: start: %w", f.Name(), context.Cause(ctx)), []error{ctx.Err()}}
	}
	h, err := Start(ctx, rt, f, in, options...)
	if err != nil {
		return zero, err
	}
	out, err := h.Get(ctx)
	if err == nil || ctx.Err() == nil {
		return out, err
	}
	ended := []error{ctx.Err(), context.Cause(ctx)}
	if err := h.Cancel(context.Cause(ctx)); err != nil {
		return out, &flowError{fmt.Errorf("asap: flow %s: workflow %s could not be canceled and goes on: %w", h.flow, h.ID(), err), ended}
	}
	grace, end := context.WithTimeout(context.WithoutCancel(ctx), cancelGrace)
	defer end()
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

// Start begins flow durably and returns a handle to it. It blocks until the database
// has it, and no longer: ctx does not touch the flow after that. With
// [dbos.WithWorkflowID] of one that was begun before, the handle is to that one,
// whatever its input.
func Start[In, Out any](ctx context.Context, rt *Runtime, f *flow.Flow[In, Out], in In, options ...dbos.WorkflowOption) (*Handle[Out], error) {
	if f == nil {
		return nil, errors.New("asap: Start with a nil Flow; make one with Define")
	}
	if ctx.Err() != nil {
		return nil, &flowError{fmt.Errorf("asap: flow %s: start: %w", f.Name(), context.Cause(ctx)), []error{ctx.Err()}}
	}
	input, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("asap: flow %s: its input cannot be kept: %w", f.Name(), err)
	}
	id := uuid.NewString()
	rt.mu.Lock()
	rt.fresh[id] = true
	rt.mu.Unlock()
	h, err := start(rt.dbos, f.Name(), string(input), slices.Concat([]dbos.WorkflowOption{dbos.WithWorkflowID(id)}, options)...)
	if err != nil || h.GetWorkflowID() != id {
		rt.isFresh(id)
	}
	if err != nil {
		return nil, fmt.Errorf("asap: flow %s: start: %w", f.Name(), err)
	}
	return newHandle[Out](rt, f.Name(), h), nil
}

// Attach returns a handle to a flow that was started before, perhaps by another
// process.
func Attach[In, Out any](rt *Runtime, f *flow.Flow[In, Out], id string) (*Handle[Out], error) {
	h, err := dbos.RetrieveWorkflow[string](rt.dbos, id)
	if err != nil {
		return nil, fmt.Errorf("asap: flow %s: %w", f.Name(), err)
	}
	return newHandle[Out](rt, f.Name(), h), nil
}

// Handle is a flow that runs, or has run: [Start] and [Attach] make it. Its methods
// may be called from any goroutine at the same time.
type Handle[Out any] struct {
	rt     *Runtime
	flow   string
	handle dbos.WorkflowHandle[string]

	asked chan struct{} // has one until somebody waits for the end
	ended chan struct{} // closed when text and err are there
	text  string
	err   error
}

func newHandle[Out any](rt *Runtime, name string, h dbos.WorkflowHandle[string]) *Handle[Out] {
	asked := make(chan struct{}, 1)
	asked <- struct{}{}
	return &Handle[Out]{rt: rt, flow: name, handle: h, asked: asked, ended: make(chan struct{})}
}

// ID returns the id of the workflow.
func (h *Handle[Out]) ID() string { return h.handle.GetWorkflowID() }

// Get blocks until the flow has ended and returns what [Run] does. When ctx ends it
// returns its cause, and the flow goes on.
func (h *Handle[Out]) Get(ctx context.Context) (Out, error) {
	var out Out
	select {
	case <-h.asked:
		go func() { // ends with the workflow, or the process's context
			h.text, h.err = h.handle.GetResult(dbos.WithHandlePollingInterval(20 * time.Millisecond))
			close(h.ended)
		}()
	default:
	}
	select {
	case <-h.ended:
	case <-ctx.Done():
		return out, &flowError{fmt.Errorf("asap: flow %s: await of workflow %s: %w", h.flow, h.ID(), context.Cause(ctx)), []error{ctx.Err()}}
	}
	r, err := readRecord(h.text)
	if err != nil { // canceled by DBOS, not there, or out of attempts
		return out, fmt.Errorf("asap: flow %s: workflow %s: %w", h.flow, h.ID(), h.err)
	}
	if r.Value != nil {
		if err := json.Unmarshal(r.Value, &out); err != nil {
			return out, fmt.Errorf("asap: flow %s: its result cannot be read from the database: %w", h.flow, err)
		}
	}
	if r.Error != nil {
		return out, decodeError(r.Error)
	}
	return out, nil
}

// Cancel asks the flow to end, and with it every body that runs; nil is
// [context.Canceled]. It returns when the database knows; Get returns when they have
// ended. The flow may undo what it has done: [dbos.CancelWorkflow] would keep it from
// that.
func (h *Handle[Out]) Cancel(cause error) error {
	if cause == nil {
		cause = context.Canceled
	}
	if err := h.rt.send(h.ID(), cancelName, encodeError(cause)); err != nil {
		return fmt.Errorf("asap: flow %s: %w", h.flow, err)
	}
	return nil
}

// Tasks returns the state of every task at this moment, in order of start and then,
// for those that wait, of declaration. Of a flow that another process runs, only what
// has ended is known: the rest is [Waiting].
func (h *Handle[Out]) Tasks() ([]TaskState, error) {
	if e := h.rt.engineOf(h.ID()); e != nil {
		return e.tasks(), nil
	}
	def := h.rt.definition(h.flow)
	if def == nil {
		return nil, fmt.Errorf("asap: flow %s is not registered here", h.flow)
	}
	status, err := h.handle.GetStatus()
	if err != nil {
		return nil, fmt.Errorf("asap: flow %s: %w", h.flow, err)
	}
	steps, err := dbos.GetWorkflowSteps(h.rt.dbos, h.ID())
	if err != nil {
		return nil, fmt.Errorf("asap: flow %s: %w", h.flow, err)
	}
	return def.recorded(steps, !status.CompletedAt.IsZero()), nil
}

// flowError is an error of a flow that is others as well.
type flowError struct {
	err    error
	others []error
}

func (e *flowError) Error() string   { return e.err.Error() }
func (e *flowError) Unwrap() []error { return append([]error{e.err}, e.others...) }
