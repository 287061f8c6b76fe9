package dbosasap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap"
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
	out, err := h.Wait(ctx)
	if err == nil || ctx.Err() == nil {
		return out, err
	}
	ended := []error{ctx.Err(), context.Cause(ctx)}
	if err := h.Cancel(context.WithoutCancel(ctx), context.Cause(ctx)); err != nil {
		return out, &flowError{fmt.Errorf("asap: flow %s: workflow %s could not be canceled and goes on: %w", f.Name(), h.ID(), err), ended}
	}
	grace, end := context.WithTimeout(context.WithoutCancel(ctx), cancelGrace)
	defer end()
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
	input, err := encode(in)
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
	return newHandle(rt, f, h), nil
}

// Attach returns a handle to a flow that was started before, perhaps by another
// process.
func Attach[In, Out any](rt *Runtime, f *flow.Flow[In, Out], id string) (*Handle[Out], error) {
	h, err := dbos.RetrieveWorkflow[string](rt.dbos, id)
	if err != nil {
		return nil, fmt.Errorf("asap: flow %s: %w", f.Name(), err)
	}
	return newHandle(rt, f, h), nil
}

// Handle is a flow that runs, or has run: [Start] and [Attach] make it. All methods may
// be called from any goroutine at the same time, and by several processes.
//
// What [dbos.CancelWorkflow] cancels ends at once and undoes nothing, as the database
// takes no record of it any more; [flow.Running.Cancel] lets it undo.
type Handle[Out any] struct {
	*flow.Running[Out]
	id string
}

func newHandle[In, Out any](rt *Runtime, f *flow.Flow[In, Out], h dbos.WorkflowHandle[string]) *Handle[Out] {
	asked := make(chan struct{}, 1)
	asked <- struct{}{}
	return &Handle[Out]{flow.NewRunning(f, &run{rt: rt, flow: f.Name(), handle: h, asked: asked, ended: make(chan struct{})}), h.GetWorkflowID()}
}

// ID returns the id of the workflow.
func (h *Handle[Out]) ID() string { return h.id }

// run is the run of a flow, by the database.
type run struct {
	rt     *Runtime
	flow   string
	handle dbos.WorkflowHandle[string]

	asked chan struct{} // has one until somebody waits for the end
	ended chan struct{} // closed when text and err are there
	text  string
	err   error
}

var _ flow.Run = (*run)(nil)

func (r *run) id() string { return r.handle.GetWorkflowID() }

// isOver reports whether the database has the run's end.
func (r *run) isOver() (bool, error) {
	s, err := r.handle.GetStatus()
	return err == nil && !s.CompletedAt.IsZero(), err
}

func (r *run) Signal(_ context.Context, name string, value any) error {
	over, err := r.isOver()
	if err != nil {
		return err
	}
	if over {
		return flow.ErrEnded
	}
	data, err := encode(value)
	if err != nil {
		return fmt.Errorf("it cannot be kept: %w", err)
	}
	return r.rt.send(r.id(), signalMessage(name), data)
}

func (r *run) Cancel(_ context.Context, cause error) error {
	over, err := r.isOver()
	if err != nil || over {
		return err
	}
	return r.rt.send(r.id(), cancelName, encodeError(cause))
}

func (r *run) Tasks(context.Context) (states []flow.TaskState, err error) {
	if err := r.rt.replay(r.flow, r.id(), func(s []flow.TaskState) { states = s }); err != nil {
		return nil, err
	}
	if e := r.rt.engineOf(r.id()); e != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		states = withTries(states, e.tries)
	}
	return states, nil
}

// replay looks at what the database has of a flow.
func (rt *Runtime) replay(name, id string, look func([]flow.TaskState), options ...asap.Option) error {
	d := rt.definition(name)
	if d == nil {
		return fmt.Errorf("flow %s is not registered here", name)
	}
	all, err := dbos.ListWorkflows(rt.dbos, dbos.WithFilterWorkflowIDs(id), dbos.WithFilterLoadInput(true), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("there is no workflow %s", id)
	}
	in, ok := listed(all[0].Input)
	if !ok {
		return fmt.Errorf("workflow %s is no flow", id)
	}
	p, err := newPast(rt.dbos, d, id)
	if err != nil {
		return err
	}
	if e := rt.engineOf(id); p.began.IsZero() && e != nil {
		p.begin(e.began)
	} else if p.began.IsZero() {
		p.begin(all[0].CreatedAt)
	}
	return d.replay(p, in, look, options...)
}

func (r *run) Wait(ctx context.Context, out any) error {
	select {
	case <-r.asked:
		go func() { // ends with the workflow, or the process's context
			r.text, r.err = r.handle.GetResult(dbos.WithHandlePollingInterval(20 * time.Millisecond))
			close(r.ended)
		}()
	default:
	}
	select {
	case <-r.ended:
	case <-ctx.Done():
		return &flowError{fmt.Errorf("asap: flow %s: wait for workflow %s, which goes on: %w", r.flow, r.id(), context.Cause(ctx)), []error{ctx.Err()}}
	}
	told, err := readRecord(r.text)
	if err != nil { // canceled by DBOS, not there, or out of attempts
		return fmt.Errorf("asap: flow %s: workflow %s: %w", r.flow, r.id(), r.err)
	}
	if told.Value != nil {
		if err := decode(told.Value, out); err != nil {
			return fmt.Errorf("asap: flow %s: its result cannot be read from the database: %w", r.flow, err)
		}
	}
	if told.Error != nil {
		return decodeError(told.Error)
	}
	return nil
}

// flowError is an error of a flow that is others as well.
type flowError struct {
	err    error
	others []error
}

func (e *flowError) Error() string   { return e.err.Error() }
func (e *flowError) Unwrap() []error { return append([]error{e.err}, e.others...) }
