package dbosasap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap/flow"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// flight is one call on its way.
type flight struct {
	*task
	call   *flow.Call
	done   func(error)
	cause  error           // of past: it was canceled
	ctx    context.Context // ends with the call
	cancel context.CancelCauseFunc
	seq    int // under mu: its place, once it has one
}

// errEnded is the cause of the context of a call that has ended.
var errEnded = errors.New("asap: the call has ended")

// Start notes the call. Step makes a step of it, so that one on its own needs no
// goroutine.
func (e *engine) Start(call *flow.Call, done func(error)) {
	t := e.def.byBody[call.Body]
	if t == nil {
		done(fmt.Errorf("asap: flow %s has no task %s where it is registered; its definition must not depend on what differs from call to call", e.def.name, call.Body))
		return
	}
	f := &flight{task: t, call: call, done: done}
	f.ctx, f.cancel = context.WithCancelCause(context.Background())
	e.flights = append(e.flights, f)
	e.pending = append(e.pending, f)
}

// launch makes steps of what is pending, in order: so their numbers are the same
// whenever the workflow runs. It reports whether the group was told of an end.
func (e *engine) launch() bool {
	e.acted = false
	for len(e.pending) > 0 {
		f := e.pending[0]
		e.pending = e.pending[1:]
		switch {
		case f.ctx.Err() != nil: // the group has canceled it meanwhile, whenever the workflow runs
			e.finish(f, context.Cause(f.ctx))
		case f.kind != asStep:
			e.startWorkflow(f)
		case e.takeAlone(f):
			text, err := dbos.RunAsStep(e.ctx, func(ctx context.Context) (string, error) { return e.run(ctx, f) }, dbos.WithStepName(f.call.Task))
			e.mu.Lock()
			e.alone = nil
			e.mu.Unlock()
			e.deliver(f, text, err)
		default:
			outcome, err := dbos.Go(e.ctx, func(ctx context.Context) (string, error) { return e.run(ctx, f) }, dbos.WithStepName(f.call.Task))
			if err != nil {
				e.deliver(f, "", err)
				continue
			}
			go func() { // ends with the step
				o := <-outcome
				e.deliver(f, o.Result, o.Err)
			}()
		}
	}
	return e.acted
}

// takeAlone reports whether nothing can happen to the flow before the end of f but a
// cancel, which ends f by itself: see happen. Then the step runs right here.
func (e *engine) takeAlone(f *flight) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.flights) > 1 || len(e.timers) > 0 || len(e.expected) > 0 || len(e.arrived) > 0 || len(e.history) > 0 && e.history[0].Event != "" {
		return false
	}
	if !f.call.Undo { // which nothing cancels
		e.alone = f
	}
	return true
}

// run is the step: it runs the body, unless the database has its record, and takes the
// call's place.
func (e *engine) run(ctx context.Context, f *flight) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(f.ctx, func() { cancel(context.Cause(f.ctx)) })
	defer stop()
	select {
	case <-e.live: // nothing that was recorded can end it any more
	case <-ctx.Done():
	}
	var r record
	if ctx.Err() != nil {
		r = ended(f.call, context.Cause(ctx))
		r.Cause = true
	} else {
		r = e.try(ctx, f)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last++
	f.seq = e.last
	e.stamp(&r, f.seq)
	return r.text()
}

// stamp gives a record its place and time. Under mu.
func (e *engine) stamp(r *record, seq int) {
	r.Seq, r.Time = seq, time.Since(e.began).Microseconds()
	if e.told == 0 {
		r.Began = e.began.UnixMicro()
	}
}

// deliver puts a call that has ended in its place.
func (e *engine) deliver(f *flight, text string, err error) {
	a := &arrival{flight: f, err: err}
	if err == nil {
		a.record, a.err = readRecord(text)
	}
	e.mu.Lock()
	switch {
	case a.err == nil:
		f.seq = a.record.Seq
	case f.seq == 0: // the body has not run
		e.last++
		f.seq = e.last
	}
	e.arrived[f.seq] = a
	e.mu.Unlock()
	e.rouse()
}

// finish tells the group how a call has ended.
func (e *engine) finish(f *flight, err error) {
	e.acted = true
	f.cancel(errEnded)
	e.flights = slices.DeleteFunc(e.flights, func(o *flight) bool { return o == f })
	f.done(err)
}

// Cancel ends the calls in flight.
func (e *engine) Cancel(cause error) {
	for _, f := range e.flights {
		if !f.call.Undo {
			f.cancel(cause)
		}
	}
}

// CancelCall ends one call.
func (e *engine) CancelCall(call *flow.Call, cause error) {
	for _, f := range e.flights {
		if f.call == call {
			f.cancel(cause)
		}
	}
}
