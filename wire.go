package asap

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/asap-go/asap/internal/wire"
)

// MarshalJSON encodes the value, or else the error with everything that it wraps.
func (r Result[T]) MarshalJSON() ([]byte, error) {
	if r.Err != nil {
		return json.Marshal(struct {
			Error *wireError `json:"error"`
		}{newWire(r.Err)})
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
		Error *wireError `json:"error"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*r = Result[T]{Value: w.Value}
	if w.Error != nil {
		var zero T
		*r = Result[T]{zero, w.Error.error()}
	}
	return nil
}

// MarshalJSON encodes the error with everything that it wraps, so that it can
// cross to another process.
func (e *TaskError) MarshalJSON() ([]byte, error) { return json.Marshal(newWire(e)) }

// UnmarshalJSON decodes what MarshalJSON has encoded. What the error wraps and
// is not of this package comes back as the RemoteError of package flow.
func (e *TaskError) UnmarshalJSON(data []byte) error {
	out, err := decodeWire[*TaskError](data)
	if err == nil {
		e.Task, e.Err, e.cause, e.echo = out.Task, out.Err, out.cause, out.echo
	}
	return err
}

// MarshalJSON encodes the error with everything that it wraps, so that it can
// cross to another process.
func (e *GroupError) MarshalJSON() ([]byte, error) { return json.Marshal(newWire(e)) }

// UnmarshalJSON decodes what MarshalJSON has encoded. What the failures wrap
// and is not of this package comes back as the RemoteError of package flow.
func (e *GroupError) UnmarshalJSON(data []byte) error {
	out, err := decodeWire[*GroupError](data)
	if err == nil {
		*e = *out
	}
	return err
}

func decodeWire[E error](data []byte) (E, error) {
	var w wireError
	var none E
	if err := json.Unmarshal(data, &w); err != nil {
		return none, err
	}
	out, ok := w.error().(E)
	if !ok {
		return none, fmt.Errorf("asap: what was decoded is no %T", none)
	}
	return out, nil
}

// wireError is an error on its way to another process.
type wireError struct {
	Kind    string       `json:"kind,omitempty"` // task, undo, group, panic, cycle, or a sentinel; "" for any other
	Name    string       `json:"name,omitempty"` // of the task or the group
	Type    string       `json:"type,omitempty"`
	Message string       `json:"message,omitempty"`
	Stack   string       `json:"stack,omitempty"`
	Path    []string     `json:"path,omitempty"`
	Is      []string     `json:"is,omitempty"` // sentinels of which only the original's Is method knows
	Causes  []*wireError `json:"causes,omitempty"`

	// Of a group that was ended from outside, Cause also of a task that an end
	// has ended.
	Cause   *wireError   `json:"cause,omitempty"`
	Context *wireError   `json:"context,omitempty"` // the error of the context that has ended
	Running []string     `json:"running,omitempty"`
	Ended   []*wireError `json:"ended,omitempty"` // the errors of bodies that are no failures
	Later   int          `json:"later,omitempty"` // failures after the end
}

// sentinels are the errors that are the same everywhere.
var sentinels = [...]struct {
	name string
	err  error
}{
	{"skipped", ErrSkipped},
	{"exited", ErrExited},
	{"goexit", ErrGoexit},
	{"canceled", context.Canceled},
	{"deadline", context.DeadlineExceeded},
}

// Bounds of what travels: engines limit the size of an error.
const (
	maxWireDepth = 64
	maxWireNodes = 1000
	maxWireText  = 16 << 10
)

type wirer struct{ left int }

func newWire(err error) *wireError {
	w := wirer{maxWireNodes}
	return w.encode(err, maxWireDepth)
}

func (w *wirer) encode(err error, depth int) *wireError {
	w.left--
	switch e := err.(type) {
	case *TaskError:
		out := &wireError{Kind: "task", Name: e.Task, Causes: w.causes([]error{e.Err}, depth)}
		if e.echo {
			out.Cause = w.one(e.cause, depth)
		}
		return out
	case *GroupError:
		return w.group(e, depth)
	case *undoError:
		return &wireError{Kind: "undo", Causes: w.causes([]error{e.err}, depth)}
	case *CycleError:
		return &wireError{Kind: "cycle", Path: e.Path}
	case *PanicError:
		out := &wireError{Kind: "panic", Name: e.Task, Type: fmt.Sprintf("%T", e.Value), Message: cut(fmt.Sprint(e.Value)), Stack: cut(string(e.Stack))}
		if cause := e.Unwrap(); cause != nil {
			out.Causes = w.causes([]error{cause}, depth)
		}
		return out
	case *wire.RemoteError:
		out := &wireError{Type: e.Type, Message: cut(e.Message), Causes: w.causes(e.Unwrap(), depth)}
		out.Is = saidBy(e)
		return out
	}
	for _, s := range sentinels {
		if err == s.err {
			return &wireError{Kind: s.name}
		}
	}
	out := &wireError{Type: fmt.Sprintf("%T", err), Message: cut(textOf(err))}
	if is, ok := err.(interface{ Is(error) bool }); ok {
		out.Is = saidBy(is)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if cause := e.Unwrap(); cause != nil {
			out.Causes = w.causes([]error{cause}, depth)
		}
	case interface{ Unwrap() []error }:
		out.Causes = w.causes(e.Unwrap(), depth)
	}
	return out
}

// saidBy has the sentinels that an Is method knows.
func saidBy(err interface{ Is(error) bool }) (names []string) {
	for _, s := range sentinels {
		if err.Is(s.err) {
			names = append(names, s.name)
		}
	}
	return names
}

func (w *wirer) group(e *GroupError, depth int) *wireError {
	out := &wireError{Kind: "group", Name: e.Group, Running: e.Running, Later: e.later}
	out.Context, out.Cause = w.one(e.err, depth), w.one(e.Cause, depth)
	failures := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		failures[i] = f
	}
	out.Causes = w.causes(failures, depth)
	var ended []error
	for _, err := range e.ended {
		if te, ok := err.(*TaskError); !ok || !te.listed { // else it is among the failures
			ended = append(ended, err)
		}
	}
	out.Ended = w.causes(ended, depth)
	return out
}

// one is causes for one error, which may be nil.
func (w *wirer) one(err error, depth int) *wireError {
	if err == nil {
		return nil
	}
	return w.causes([]error{err}, depth)[0]
}

func (w *wirer) causes(errs []error, depth int) []*wireError {
	var out []*wireError
	for _, err := range errs {
		switch {
		case err == nil:
		case w.left <= 0 || depth == 0:
			return append(out, &wireError{Type: "asap.more", Message: "and more errors, which are too many to send"})
		default:
			out = append(out, w.encode(err, depth-1))
		}
	}
	return out
}

func cut(text string) string {
	if len(text) > maxWireText {
		text = text[:maxWireText] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// error returns what the original is here.
func (w *wireError) error() error {
	causes := errorsOf(w.Causes)
	switch w.Kind {
	case "task":
		e := &TaskError{Task: w.Name}
		if len(causes) > 0 {
			e.Err = causes[0]
		}
		if w.Cause != nil {
			e.cause, e.echo = w.Cause.error(), true
		}
		return e
	case "undo":
		e := &undoError{}
		if len(causes) > 0 {
			e.err = causes[0]
		}
		return e
	case "group":
		e := &GroupError{Group: w.Name, Running: w.Running, ended: errorsOf(w.Ended), later: w.Later}
		if w.Cause != nil {
			e.Cause = w.Cause.error()
		}
		if w.Context != nil {
			e.err = w.Context.error()
		}
		for _, c := range causes {
			te, ok := c.(*TaskError)
			if !ok {
				te = &TaskError{Task: "…", Err: c}
			}
			e.Failures = append(e.Failures, te)
		}
		return e
	case "cycle":
		return &CycleError{w.Path}
	case "panic":
		e := &PanicError{Task: w.Name, Value: w.Message, Stack: []byte(w.Stack)}
		if len(causes) > 0 {
			e.Value = wire.New(w.Type, w.Message, nil, causes)
		}
		return e
	}
	for _, s := range sentinels {
		if w.Kind == s.name {
			return s.err
		}
	}
	var is []error
	for _, name := range w.Is {
		for _, s := range sentinels {
			if s.name == name {
				is = append(is, s.err)
			}
		}
	}
	return wire.New(w.Type, w.Message, is, causes)
}

func errorsOf(all []*wireError) (errs []error) {
	for _, w := range all {
		if w != nil {
			errs = append(errs, w.error())
		}
	}
	return errs
}
