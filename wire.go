package asap

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/asap-go/asap/internal/echo"
	"github.com/asap-go/asap/internal/wire"
)

// MarshalJSON encodes the value, or else the error with everything that it wraps.
func (r Result[T]) MarshalJSON() ([]byte, error) {
	if r.Err != nil {
		return json.Marshal(struct {
			Error *wire.Form `json:"error"`
		}{wire.Encode(ours{}, r.Err)})
	}
	return json.Marshal(struct {
		Value T `json:"value"`
	}{r.Value})
}

// UnmarshalJSON decodes what MarshalJSON has encoded. Errors that are not of
// this package come back as the RemoteError of package flow.
func (r *Result[T]) UnmarshalJSON(data []byte) error {
	var w struct {
		Value T          `json:"value"`
		Error *wire.Form `json:"error"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*r = Result[T]{Value: w.Value}
	if w.Error != nil {
		*r = Result[T]{Err: w.Error.Decode(ours{})}
	}
	return nil
}

// MarshalJSON encodes the error with everything that it wraps, so that it can
// cross to another process.
func (e *TaskError) MarshalJSON() ([]byte, error) { return json.Marshal(wire.Encode(ours{}, e)) }

// UnmarshalJSON decodes what MarshalJSON has encoded. What the error wraps and
// is not of this package comes back as the RemoteError of package flow.
func (e *TaskError) UnmarshalJSON(data []byte) error {
	out, err := decode[*TaskError](data)
	if err == nil {
		*e = *out
	}
	return err
}

// GobEncode is MarshalJSON for encoding/gob, to which the type has to be registered, as
// it is in the interface of a [Result].
func (e *TaskError) GobEncode() ([]byte, error) { return e.MarshalJSON() }

// GobDecode decodes what GobEncode has encoded, as UnmarshalJSON does.
func (e *TaskError) GobDecode(data []byte) error { return e.UnmarshalJSON(data) }

// MarshalJSON encodes the error with everything that it wraps, so that it can
// cross to another process.
func (e *GroupError) MarshalJSON() ([]byte, error) { return json.Marshal(wire.Encode(ours{}, e)) }

// UnmarshalJSON decodes what MarshalJSON has encoded. What the failures wrap
// and is not of this package comes back as the RemoteError of package flow.
func (e *GroupError) UnmarshalJSON(data []byte) error {
	out, err := decode[*GroupError](data)
	if err == nil {
		*e = *out
	}
	return err
}

func decode[E error](data []byte) (none E, err error) {
	var f wire.Form
	if err := json.Unmarshal(data, &f); err != nil {
		return none, err
	}
	out, ok := f.Decode(ours{}).(E)
	if !ok {
		return none, fmt.Errorf("asap: what was decoded is no %T", none)
	}
	return out, nil
}

// ours says how the errors of this package travel.
type ours struct{}

var _ wire.Errors = ours{}

func (ours) Text(err error) string { return textOf(err) }

func (ours) Sentinels() []wire.Sentinel {
	return []wire.Sentinel{
		{Name: "skipped", Err: ErrSkipped},
		{Name: "exited", Err: ErrExited},
		{Name: "goexit", Err: ErrGoexit},
		{Name: "canceled", Err: context.Canceled},
		{Name: "deadline", Err: context.DeadlineExceeded},
	}
}

func (ours) Form(e *wire.Encoder, err error) *wire.Form {
	switch err := err.(type) {
	case *TaskError:
		f := &wire.Form{Kind: "task", Name: err.Task, Causes: e.All(err.Err)}
		if err.mark.Echo {
			f.Cause = e.One(err.mark.Cause)
		}
		return f
	case *GroupError:
		return err.form(e)
	case *undoError:
		return &wire.Form{Kind: "undo", Causes: e.All(err.err)}
	case *CycleError:
		return &wire.Form{Kind: "cycle", Path: err.Path}
	case *PanicError:
		return &wire.Form{Kind: "panic", Name: err.Task, Type: fmt.Sprintf("%T", err.Value),
			Message: wire.Cut(fmt.Sprint(err.Value)), Stack: wire.Cut(string(err.Stack)), Causes: e.All(err.Unwrap())}
	}
	return nil
}

func (e *GroupError) form(to *wire.Encoder) *wire.Form {
	f := &wire.Form{Kind: "group", Name: e.Group, Running: e.Running, Later: e.later}
	f.Context, f.Cause = to.One(e.err), to.One(e.Cause)
	var failures, ended []error
	for _, te := range e.Failures {
		failures = append(failures, te)
	}
	for _, err := range e.ended {
		if te, ok := err.(*TaskError); !ok || !te.mark.Listed { // else it is among the failures
			ended = append(ended, err)
		}
	}
	f.Causes, f.Ended = to.All(failures...), to.All(ended...)
	return f
}

func (o ours) Error(f *wire.Form, causes []error) error {
	var first error
	if len(causes) > 0 {
		first = causes[0]
	}
	switch f.Kind {
	case "task":
		return &TaskError{f.Name, first, echo.Mark{Cause: f.Cause.Decode(o), Echo: f.Cause != nil}}
	case "undo":
		return &undoError{first}
	case "group":
		e := &GroupError{Group: f.Name, Running: f.Running, Cause: f.Cause.Decode(o),
			err: f.Context.Decode(o), ended: wire.DecodeAll(o, f.Ended), later: f.Later}
		for _, c := range causes {
			te, ok := c.(*TaskError)
			if !ok {
				te = &TaskError{Task: "…", Err: c}
			}
			e.Failures = append(e.Failures, te)
		}
		return e
	case "cycle":
		return &CycleError{f.Path}
	case "panic":
		e := &PanicError{Task: f.Name, Value: f.Message, Stack: []byte(f.Stack)}
		if first != nil {
			e.Value = wire.New(f.Type, f.Message, nil, causes)
		}
		return e
	}
	return nil
}
