package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/flow"
)

// flight is one call on its way: held back (Queued), handed to Temporal (Running), or
// ended, then without its call.
type flight struct {
	*task
	name    string
	call    *flow.Call
	done    func(error)
	future  workflow.Future
	cancel  workflow.CancelFunc // of a function of a Race, or one with a Within
	ended   error               // why it was canceled alone, nil if it was not
	childID string              // of a child workflow, if it was given
	state   flow.State
	since   time.Time
	attempt int // 1 once Temporal has it
	err     string
}

// newFlight keeps f, in a block with others.
func (e *engine) newFlight(f flight) *flight {
	if len(e.block) == cap(e.block) {
		e.block = make([]flight, 0, min(max(len(e.all), 4), 64))
	}
	e.block = append(e.block, f)
	p := &e.block[len(e.block)-1]
	e.all = append(e.all, p)
	return p
}

// launch hands a call to Temporal.
func (e *engine) launch(f *flight) {
	e.acted = true
	ctx := e.activity
	switch {
	case f.call.Undo:
		ctx = e.wait // no cancel ends it
	case f.inRace || f.call.Within > 0:
		ctx, f.cancel = workflow.WithCancel(e.wait)
	}
	var future workflow.Future
	var err error
	if f.kind != localActivity { // which is handed what it takes as it is
		err = f.values.fits("its arguments are", f.call.In...) //workflowcheck:ignore (see fits)
	}
	if err == nil && f.kind == childWorkflow {
		ctx, err = e.childContext(ctx, f)
	}
	if err == nil {
		future, err = f.execute(ctx, e.prefix, f.arguments(e.Now()))
	}
	if err != nil {
		e.finish(f, err)
		return
	}
	f.future, f.state, f.since, f.attempt = future, flow.StateRunning, e.Now(), 1
	e.flying = append(e.flying, f)
}

// execute schedules the activity. The SDK panics with the data converter's error, or with
// what panics in that.
func (f *flight) execute(ctx workflow.Context, prefix string, in []any) (future workflow.Future, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		_, fails := f.values.encode(in...) //workflowcheck:ignore (see fits)
		if fails == nil {
			panic(v)
		}
		err = &notSent{fmt.Sprint("its arguments cannot be encoded: ", fails)}
	}()
	ctx = f.options(ctx, prefix)
	switch f.kind {
	case localActivity:
		return workflow.ExecuteLocalActivity(ctx, f.registered, in...), nil
	case childWorkflow:
		return workflow.ExecuteChildWorkflow(ctx, f.childWorkflow, in...), nil
	}
	return workflow.ExecuteActivity(ctx, f.registered, in...), nil
}

// options returns ctx with those of the task. They are of half a kilobyte, too
// much for the stack under a call of the SDK.
func (f *flight) options(ctx workflow.Context, prefix string) workflow.Context {
	switch f.kind {
	case localActivity:
		return workflow.WithLocalActivityOptions(ctx, f.local)
	case childWorkflow: // see childContext
		return ctx
	}
	options := f.activity
	options.ActivityID = prefix + f.name
	return workflow.WithActivityOptions(ctx, options)
}

// finish tells the group how a call ended.
func (e *engine) finish(f *flight, err error) {
	f.state, f.since = flow.StateSucceeded, e.Now()
	switch {
	case err == context.Canceled && errors.Is(f.ended, context.DeadlineExceeded): // its Within
		if f.state, f.err = flow.StateFailed, f.ended.Error(); f.mayFail {
			f.state = flow.StateTolerated
		}
	case err != nil:
		if f.state, f.err = failedState(f.call, err); f.state == flow.StateFailed && f.mayFail && !isDeath(err) {
			f.state = flow.StateTolerated
		}
	}
	done := f.done
	f.call, f.done, f.future, f.cancel = nil, nil, nil, nil
	done(err)
}

// CancelCall ends a function of a Race that has lost, or a body whose Within has ended.
func (e *engine) CancelCall(call *flow.Call, cause error) {
	e.seen, e.acted = 0, true
	for _, f := range e.flying {
		if f.call == call && f.cancel != nil {
			f.ended = cause
			f.cancel()
		}
	}
	for _, f := range e.queue {
		if f.call == call {
			f.ended = cause
		}
	}
}
