package temporalasap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// Queries for what the failure of a workflow tells, and the value beside it: for clients
// that cannot decode the failure by themselves, since they have a data converter of
// their own.
const (
	reportQuery = "asap-report"
	valueQuery  = "asap-value"
)

// result is the error of the workflow: that of the flow with its value, which
// a settled flow may have beside it.
func (e *engine) result(out any, err error) error {
	v := e.def.values
	large := v.fits("its result is", out) //workflowcheck:ignore (see fits)
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
	p := v.pack(err)                                       //workflowcheck:ignore (it encodes structs, and no map)
	p.Value = out != nil && !reflect.ValueOf(out).IsZero() //workflowcheck:ignore (it looks at values, in no order)
	if p.Value && v.oversize(p, out) {                     //workflowcheck:ignore (see fits)
		p.Value = false
	}
	details, fails := v.details(p, out) //workflowcheck:ignore (see fits)
	if fails != nil {
		p.Value = false
		details, _ = v.details(p, nil) //workflowcheck:ignore (see fits)
	}
	e.outcome = &p
	if p.Value {
		e.value = out
	}
	if e.canceled(err) {
		return temporal.NewCanceledError(details...)
	}
	// Another run, of which a RetryPolicy of the workflow decides, cannot help
	// what is too large.
	why := v.cause(err) //workflowcheck:ignore (as pack)
	return temporal.NewApplicationErrorWithOptions(message(err), cutType(err), temporal.ApplicationErrorOptions{
		NonRetryable: e.tooLong != nil || large != nil, Details: details, Cause: why})
}

// answers sets what answers to clients: the states of tasks, and what they cannot read of
// the failure of the workflow.
func (e *engine) answers() {
	err := errors.Join(
		workflow.SetQueryHandler(e.ctx, TasksQuery, func() ([]flow.TaskState, error) { return e.states(), nil }),
		workflow.SetQueryHandler(e.ctx, reportQuery, func() (json.RawMessage, error) {
			if e.outcome == nil {
				return nil, errors.New("the flow has not failed")
			}
			return json.Marshal(e.outcome) //workflowcheck:ignore (it encodes structs, and no map)
		}),
		workflow.SetQueryHandler(e.ctx, valueQuery, func() (any, error) { return e.value, nil }))
	if err != nil {
		panic(err)
	}
}

// cause is what the workflow's failure has for a cause: the first error that is
// Temporal's own, with its details, and else what is left of the first that is a body's.
func (v *values) cause(err error) error {
	for own := range ownErrors(err) {
		if _, left := own.(*flow.RemoteError); left {
			continue
		}
		if data := v.failure(own); data != nil && len(data) <= maxReport/2 {
			return own
		}
	}
	r, ok := errors.AsType[*flow.RemoteError](err)
	if !ok {
		return nil
	}
	return temporal.NewApplicationError(message(r), r.Type[strings.LastIndexByte(r.Type, '.')+1:], false, nil)
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

// ended is the error of a flow whose workflow has ended with err, and fills out with a
// value beside it. ask is a query, as in outcome.
func ended(f string, err error, out any, ask func(query string, into any) error) error {
	if told := outcome(err, out, ask); told != nil {
		return told
	}
	fails := fmt.Errorf("asap: flow %s: %w", f, err) // terminated, timed out, not there
	if t, ok := errors.AsType[*temporal.TimeoutError](err); ok && isTimeLimit(t) {
		return &flowError{fails, []error{context.DeadlineExceeded}}
	}
	return fails
}

// outcome makes of a workflow's error that of the flow, and fills out with a value
// beside it. It returns nil for an error that the flow did not make. ask is a query: what
// this client cannot decode, the worker encodes for it.
func outcome(err error, out any, ask func(query string, into any) error) error {
	wf, ok := errors.AsType[*temporal.WorkflowExecutionError](err)
	if !ok {
		return nil
	}
	v := &values{DataConverter: converter.GetDefaultDataConverter()}
	var told detailed
	if app, ok := errors.AsType[*temporal.ApplicationError](wf); ok {
		told = app
	} else if c, ok := errors.AsType[*temporal.CanceledError](wf); ok {
		told = c
	}
	if told == nil || !told.HasDetails() {
		return nil
	}
	p, value, ok := v.open(told)
	if !ok {
		var data json.RawMessage
		if fails := ask(reportQuery, &data); fails != nil || !p.read(data) {
			return &flowError{fmt.Errorf("asap: the client cannot decode the failure of the workflow, and no worker has answered: %w", err), []error{fails}}
		}
		value = func(into any) error { return ask(valueQuery, into) }
	}
	fails := &flowError{p.err(v), []error{wf}}
	if p.Value {
		if err := unpack(func(into ...any) error { return value(into[0]) }, out); err != nil {
			reflect.ValueOf(out).Elem().SetZero()
			fails.err = errors.Join(fails.err, fmt.Errorf("asap: the value beside the error cannot be decoded: %w", err))
		}
	}
	return fails
}
