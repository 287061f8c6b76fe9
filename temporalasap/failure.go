package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// An error crosses as a temporal.ApplicationError with the text and the type
// name that Temporal's tools show, and with the whole of it as the first detail.
type report = asap.Result[struct{}]

const (
	exitType     = "asap.Exit"        // details: number of the exit, value
	interrupted  = "asap.Interrupted" // the worker stopped while the body ran
	canceledType = "asap.Canceled"
)

// send is the error of an activity whose body returned err.
func (t *task) send(ctx context.Context, call *flow.Call, err error) error {
	if err == nil || errors.Is(err, activity.ErrResultPending) {
		return err
	}
	exit, value, exited := call.Exited(err)
	if exited {
		if large := fits(t.values, "the value of its exit is", value); large != nil {
			err, exited = large, false
		}
	}
	if exited {
		return temporal.NewApplicationErrorWithOptions("early exit", exitType, temporal.ApplicationErrorOptions{
			NonRetryable: true, Category: temporal.ApplicationErrorCategoryBenign, Details: []any{exit, value}})
	}
	late, final := isLate(call, err)
	if !late && ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Cause(ctx))) {
		return sendCanceled(ctx, err)
	}
	_, large := err.(*tooLarge)
	options := temporal.ApplicationErrorOptions{NonRetryable: t.final() || large || final, Details: []any{bounded(err)}}
	name := typeName(err)
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		name, options.Category, options.NextRetryDelay = app.Type(), app.Category(), app.NextRetryDelay()
		options.NonRetryable = options.NonRetryable || app.NonRetryable()
	}
	return temporal.NewApplicationErrorWithOptions(message(err), name, options)
}

// sendCanceled is the error of a body that ended with its context. If the
// server did not ask for that, the worker stops: another one takes over.
func sendCanceled(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case cause == errHeartbeat: // known to the adapter and not to the SDK
		return temporal.NewApplicationErrorWithOptions(message(err), canceledType, temporal.ApplicationErrorOptions{
			NonRetryable: true, Category: temporal.ApplicationErrorCategoryBenign})
	case temporal.IsCanceledError(cause), cause == context.Canceled && activity.GetInfo(ctx).IsLocalActivity:
		return temporal.NewCanceledError()
	}
	return temporal.NewApplicationErrorWithOptions(fmt.Sprint(cause), interrupted, temporal.ApplicationErrorOptions{
		Category: temporal.ApplicationErrorCategoryBenign})
}

// typeName is what a RetryPolicy knows an error by, as the SDK has it: the name
// of its type, that of the cause for one that only adds text.
func typeName(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		t := reflect.TypeOf(err)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch {
		case t.Name() == "" || t.PkgPath() == "errors" || t.PkgPath() == "fmt":
		case t.Name() == "PanicError": // the SDK takes that for a panic of its own
			return "asap.PanicError"
		default:
			return t.Name()
		}
	}
	return ""
}

// receive takes the end of a call out of its future.
func (e *engine) receive(f *flight) error {
	err := f.future.Get(e.wait, f.call.Out)
	if err == nil {
		return nil
	}
	if temporal.IsCanceledError(err) {
		return context.Canceled
	}
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return foreign(err)
	}
	switch app.Type() {
	case exitType:
		var exit int
		if err := app.Details(&exit); err != nil {
			return fmt.Errorf("asap: exit: %w", err)
		}
		return f.call.Exit(exit, func(into any) error { return app.Details(&exit, into) })
	case canceledType:
		return context.Canceled
	}
	return original(app, f.call)
}

// original is what was sent, or what is left of an error that somebody else made.
func original(app *temporal.ApplicationError, call *flow.Call) error {
	var r report
	if app.HasDetails() && app.Details(&r) == nil && r.Err != nil {
		if p, ok := r.Err.(*asap.PanicError); ok && p.Task == call.Body {
			p.Task = call.Task
		}
		return r.Err
	}
	return &flow.RemoteError{Type: app.Type(), Message: app.Message()}
}

// foreign is an error of Temporal's own, such as a timeout, without the
// addresses that the SDK puts around it.
func foreign(err error) error {
	if t, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return &flow.RemoteError{Type: "*temporal.TimeoutError", Message: t.Error()}
	}
	if p, ok := errors.AsType[*temporal.PanicError](err); ok { // outside of a body
		return &flow.RemoteError{Type: "*temporal.PanicError", Message: "panic: " + p.Error()}
	}
	if _, ok := errors.AsType[*temporal.TerminatedError](err); ok {
		return &flow.RemoteError{Type: "*temporal.TerminatedError", Message: childTerminated}
	}
	return err
}

// What is said of children, also by a history.
const (
	childTerminated = "child workflow terminated"
	childTimeout    = "Child workflow timeout (type: StartToClose)" // as temporal.TimeoutError has it
	childTwice      = "child workflow execution already started"    // as temporal.ChildWorkflowExecutionAlreadyStartedError has it
)

// result is the error of the workflow: that of the flow with its value, which
// a settled flow may have beside it.
func (e *engine) result(out any, err error) error {
	large := fits(e.def.values, "its result is", out) //workflowcheck:ignore (see fits)
	if large != nil {
		out = nil
		if err == nil {
			err = fmt.Errorf("asap: flow %s: %w", e.def.name, large)
		}
	}
	if err == nil {
		return nil
	}
	if e.tooLong != nil {
		err = e.tooLong
	}
	r := bounded(err)                   //workflowcheck:ignore (it encodes structs, and no map)
	if oversize(e.def.values, r, out) { //workflowcheck:ignore (see fits)
		out = nil
	}
	if e.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		if ge, ok := errors.AsType[*asap.GroupError](err); !ok || ge.Cause != nil { // else it has failed before
			return temporal.NewCanceledError(r, out)
		}
	}
	// Another run, of which a RetryPolicy of the workflow decides, cannot help
	// what is too large.
	return temporal.NewApplicationErrorWithOptions(message(err), cutType(err), temporal.ApplicationErrorOptions{
		NonRetryable: e.tooLong != nil || large != nil, Details: []any{r, out}})
}

func cutType(err error) string {
	switch err.(type) {
	case *asap.GroupError:
		return "asap.GroupError"
	case *asap.CycleError:
		return "asap.CycleError"
	}
	return "asap.Error"
}

// flowError is how a flow ended on Temporal: the same text and causes as in
// the process, and the workflow's error with its ids.
type flowError struct {
	err    error
	others []error
}

func (e *flowError) Error() string   { return e.err.Error() }
func (e *flowError) Unwrap() []error { return append([]error{e.err}, e.others...) }

// outcome makes of a workflow's error that of the flow, and fills out with a
// value beside it. It returns nil for an error that the flow did not make.
func outcome(err error, out any) error {
	wf, ok := errors.AsType[*temporal.WorkflowExecutionError](err)
	if !ok {
		return nil
	}
	var r report
	if app, ok := errors.AsType[*temporal.ApplicationError](wf); ok {
		_ = app.Details(&r, out)
	} else if c, ok := errors.AsType[*temporal.CanceledError](wf); ok {
		_ = c.Details(&r, out)
	}
	if r.Err == nil {
		return nil
	}
	return &flowError{r.Err, []error{wf}}
}
