package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/echo"
	"github.com/asap-go/asap/internal/wire"
)

// An error crosses as a temporal.ApplicationError with the text and the type name that
// Temporal's tools show, and with the whole of it in a packet.

// Types of errors that say something to the workflow, and are no body's.
const (
	exitType     = "asap.Exit"
	interrupted  = "asap.Interrupted" // the worker stopped while the body ran
	canceledType = "asap.Canceled"
)

// send is the error of an activity whose body returned err.
func (t *task) send(ctx context.Context, call *flow.Call, err error) error {
	exit, value, exited := call.Exited(err)
	if exited {
		details, fails := t.values.exit(exit, value)
		if fails == nil {
			return temporal.NewApplicationErrorWithOptions("early exit", exitType, temporal.ApplicationErrorOptions{
				NonRetryable: true, Category: temporal.ApplicationErrorCategoryBenign, Details: details})
		}
		err = fails
	}
	late, final := isLate(call, err)
	canceled := ctx.Err() != nil && isAsked(ctx)
	if !late && ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Cause(ctx))) &&
		(!canceled || echo.Only(err, context.Cause(ctx), true)) { // else a rollback has failed, say
		return sendCanceled(ctx, err)
	}
	_, unsent := errors.AsType[*notSent](err)
	options := temporal.ApplicationErrorOptions{NonRetryable: t.final || unsent || final || canceled}
	name := typeName(err)
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		name, options.Category, options.NextRetryDelay = app.Type(), app.Category(), app.NextRetryDelay()
		options.NonRetryable = options.NonRetryable || app.NonRetryable()
	}
	if details, fails := t.values.details(t.values.pack(err), nil); fails == nil { // else text and type have to do
		options.Details = details
	}
	return temporal.NewApplicationErrorWithOptions(message(err), name, options)
}

// exit is what tells of an early exit.
func (v *values) exit(number int, value any) ([]any, error) {
	if err := v.fits("the value of its exit is", value); err != nil {
		return nil, err
	}
	details, err := v.details(packet{Exit: &number}, value)
	if err != nil {
		return nil, &notSent{fmt.Sprint("the value of its exit cannot be encoded: ", err)}
	}
	return details, nil
}

// isAsked reports whether the server has asked a body whose context has ended to end.
func isAsked(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause == errHeartbeat || temporal.IsCanceledError(cause) || cause == context.Canceled && activity.GetInfo(ctx).IsLocalActivity
}

// sendCanceled is the error of a body that ended with its context. If the
// server did not ask for that, the worker stops: another one takes over.
func sendCanceled(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case cause == errHeartbeat: // known to the adapter and not to the SDK
		return temporal.NewApplicationErrorWithOptions(message(err), canceledType, temporal.ApplicationErrorOptions{
			NonRetryable: true, Category: temporal.ApplicationErrorCategoryBenign})
	case isAsked(ctx):
		return temporal.NewCanceledError()
	}
	return interruption(cause)
}

// interruption is the error of an attempt that another worker makes again.
func interruption(why error) error {
	return temporal.NewApplicationErrorWithOptions(fmt.Sprint(why), interrupted, temporal.ApplicationErrorOptions{
		Category: temporal.ApplicationErrorCategoryBenign})
}

// plainTypes are the names that the SDK has for the errors of packages errors and fmt. The
// errors of bodies say themselves whether they are final. Such ones come from the SDK, for
// values that cannot be encoded or decoded, or from a mock or a CompleteActivity, which
// go past the body, and are final where those of bodies are.
var plainTypes = []string{"", "wrapError", "wrapErrors", "joinError"}

// panicked is the type of the SDK's error for a panic outside of a body, which has one of
// its own: of a method that encodes the value, or decodes an argument.
const panicked = "PanicError"

// uncoded is the type of the SDK's errors for values that cannot be encoded or decoded.
const (
	uncoded          = "wrapError"
	uncodedArguments = "unable to decode the activity function input payload with error: "
)

// typeName is what a RetryPolicy knows an error by, as the SDK has it: the name
// of its type, that of the cause for one that only adds text.
func typeName(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		t := reflect.TypeOf(err)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch {
		case t == reflect.TypeFor[wire.Returned]() || t.PkgPath() == "errors" || t.PkgPath() == "fmt" || slices.Contains(plainTypes, t.Name()):
		case t.Name() == "PanicError": // the SDK takes that for a panic of its own
			return "asap.PanicError"
		default:
			return t.Name()
		}
	}
	return ""
}

// receive is what the group is told of a call that has ended with err, which comes from
// the SDK: of an activity or a child, in a workflow or in its history.
func (v *values) receive(call *flow.Call, err error) error {
	if temporal.IsCanceledError(err) {
		return context.Canceled
	}
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return foreign(err)
	}
	if app.Type() == canceledType {
		return context.Canceled
	}
	p, value, ok := v.open(app)
	switch {
	case !ok && app.Type() == exitType:
		return errors.New("asap: exit: it cannot be decoded; give Register the client's data converter with Converter")
	case !ok:
		return others(app)
	case p.Exit != nil:
		return call.Exit(*p.Exit, value)
	}
	fails := p.err(v)
	if p, ok := fails.(*asap.PanicError); ok && p.Task == call.Body {
		p.Task = call.Task
	}
	return fails
}

// others is an error that somebody else made: the SDK, of what it could not encode, a
// mock, or who has completed the activity.
func others(app *temporal.ApplicationError) error {
	r := wire.New(applicationType, app.Message(), nil, nil)
	switch {
	case app.Type() == uncoded && strings.Contains(app.Message(), converter.ErrUnableToEncode.Error()):
		r.Message = "its value cannot be encoded: " + app.Message()
	case app.Type() == uncoded && strings.HasPrefix(app.Message(), uncodedArguments):
		r.Message = "its arguments cannot be decoded: " + strings.TrimPrefix(app.Message(), uncodedArguments)
	}
	if slices.Contains(plainTypes, app.Type()) {
		r.Type = app.Type()
	} else {
		wire.Stand(r, app)
	}
	return r
}

// foreign is an error of Temporal's own, such as a timeout, without the
// addresses that the SDK puts around it.
func foreign(err error) error {
	if t, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		var is []error
		if isTimeLimit(t) {
			is = append(is, context.DeadlineExceeded)
		}
		r := wire.New(timeoutType, t.Error(), is, nil)
		wire.Stand(r, t)
		return r
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

// notSent is the error of a value that cannot be sent: no policy of retries has a say in it.
type notSent struct{ text string }

func (e *notSent) Error() string { return e.text }
