package dbosasap

import (
	"context"
	"errors"
	"fmt"

	"github.com/asap-go/asap/flow"
)

// flight is one call on its way. All of it is of the group's goroutine.
type flight struct {
	*task
	of     string // the id of the workflow
	call   *flow.Call
	done   func(error)
	cause  error                   // with which the group has canceled it, or nil
	cancel context.CancelCauseFunc // of the body, once it has begun
	over   bool                    // done was called
}

// errEnded is the cause of the context of a call that has ended.
var errEnded = errors.New("asap: the call has ended")

// end asks the call to end.
func (f *flight) end(cause error) {
	if f.cause == nil {
		f.cause = cause
	}
	if f.cancel != nil {
		f.cancel(cause)
	}
}

// Start notes the call, which Step begins.
func (e *engine) Start(call *flow.Call, done func(error)) {
	t := e.def.byBody[call.Body]
	if t == nil {
		done(fmt.Errorf("asap: flow %s has no task %s where it is registered; its definition must not depend on what differs from call to call", e.def.name, call.Body))
		return
	}
	f := &flight{task: t, of: e.id, call: call, done: done}
	e.flights[call.Task] = f
	e.started = append(e.started, f)
	e.pending = append(e.pending, f)
}

// launch holds the bodies of what is pending for the next step, and makes workflows of
// the others, in order: so DBOS numbers them the same whenever the workflow runs. It
// reports whether the group was told of an end.
func (e *engine) launch() bool {
	e.acted = false
	for len(e.pending) > 0 {
		f := e.pending[0]
		e.pending = e.pending[1:]
		switch {
		case f.cause != nil: // the group has canceled it meanwhile, whenever the workflow runs
			e.finish(f, f.cause)
		case e.left:
			e.finish(f, context.Cause(e.ctx))
		case f.kind == asStep:
			e.held = append(e.held, f)
		default:
			e.startWorkflow(f)
		}
	}
	return e.acted
}

// begin begins the bodies that were held, in a step of DBOS, with its context, but for
// those whose ends were recorded. One with which nothing else is under way runs right
// here.
func (e *engine) begin(ctx context.Context) {
	held := e.held
	e.held = nil
	for _, f := range held {
		if f.over {
			continue
		}
		var own context.Context
		own, f.cancel = context.WithCancelCause(context.WithValue(ctx, keyKey{}, f))
		if f.cause != nil {
			f.cancel(f.cause)
		}
		if !e.takeAlone(f) {
			go e.run(own, f) // ends with the body
			continue
		}
		e.run(own, f)
		e.mu.Lock()
		e.alone = nil
		e.mu.Unlock()
	}
}

// takeAlone reports whether nothing can happen to the flow before the end of f but a
// cancel, which ends f by itself: see happen.
func (e *engine) takeAlone(f *flight) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.flights) > 1 || len(e.timers) > 0 || len(e.expected) > 0 || len(e.news) > 0 {
		return false
	}
	if !f.call.Undo { // which nothing cancels
		e.alone = f
	}
	return true
}

// run runs the body, and puts its end among what has happened.
func (e *engine) run(ctx context.Context, f *flight) {
	if ctx.Err() == nil {
		e.happen(e.try(ctx, f))
		return
	}
	r := ended(f.call, context.Cause(ctx))
	r.Cause = true
	e.happen(r)
}

// finish tells the group how a call has ended.
func (e *engine) finish(f *flight, err error) {
	e.acted = true
	if f.cancel != nil {
		f.cancel(errEnded)
	}
	f.over = true
	delete(e.flights, f.call.Task)
	f.done(err)
}

// Cancel ends the calls in flight, but for those that undo.
func (e *engine) Cancel(cause error) {
	for _, f := range e.flights {
		if !f.call.Undo {
			f.end(cause)
		}
	}
}

// CancelCall ends one call.
func (e *engine) CancelCall(call *flow.Call, cause error) {
	if f := e.flights[call.Task]; f != nil {
		f.end(cause)
	}
}
