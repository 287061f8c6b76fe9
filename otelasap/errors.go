package otelasap

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Values of error.type that are no types.
const (
	panicType  = "panic"
	goexitType = "goexit"
)

// isError tells of an outcome whether it is an error, of those that [told] makes.
func isError(o asap.Outcome) bool {
	return o == asap.Failed || o == asap.Panicked || o == asap.Goexited
}

// errorType is the error.type of an outcome, "" if it has none. It is the name of a
// type, by the rule of semconv.ErrorType, of what is left without the errors that
// package asap has wrapped around it: of several failures it is the first.
func errorType(o asap.Outcome, err error) (name string) {
	switch {
	case o == asap.Panicked:
		return panicType
	case o == asap.Goexited:
		return goexitType
	case o != asap.Failed && o != asap.Tolerated || err == nil:
		return ""
	}
	defer func() { // a user's method
		if recover() != nil {
			name = semconv.ErrorTypeOther.Value.AsString()
		}
	}()
	return semconv.ErrorType(rootOf(err)).Value.AsString()
}

// groupErrorType is the error.type of a group that has ended, "" if it is no error. One
// that was canceled is none, as whoever asked has left, unless its deadline had passed:
// then whoever asked got nothing because it took too long.
func groupErrorType(o asap.Outcome, err error) string {
	switch {
	case isError(o):
		return errorType(o, err)
	case o == asap.Canceled && isLate(err):
		return semconv.ErrorType(context.DeadlineExceeded).Value.AsString()
	}
	return ""
}

// isLate tells whether a group has ended since a deadline from outside had passed.
func isLate(err error) (late bool) {
	defer func() { _ = recover() }() // a user's method
	e, ok := err.(*asap.GroupError)
	if !ok || e.Cause == nil {
		return false
	}
	// The context's own error comes first; what bodies return may be of limits of theirs.
	return errors.Is(e.Cause, context.DeadlineExceeded) || e.Unwrap()[0] == context.DeadlineExceeded
}

func typeAttribute(name string) attribute.KeyValue { return semconv.ErrorTypeKey.String(name) }

var asapPath = reflect.TypeFor[asap.TaskError]().PkgPath()

// rootOf takes off what package asap has wrapped around an error. A time limit and a
// wait that was cut short stay as they are, with an error of package asap.
func rootOf(err error) error {
	for range 1000 { // an error may be its own cause
		if t := reflect.TypeOf(err); t.Kind() != reflect.Pointer || t.Elem().PkgPath() != asapPath {
			return err
		}
		next := error(nil)
		switch e := err.(type) {
		case *asap.GroupError:
			if next = e.Cause; len(e.Failures) > 0 {
				next = e.Failures[0]
			}
		case *asap.TaskError:
			next = e.Err
		case interface{ Unwrap() error }:
			next = e.Unwrap()
		case interface{ Unwrap() []error }:
			if all := e.Unwrap(); len(all) > 0 {
				next = all[0]
			}
		}
		if next == nil {
			return err
		}
		err = next
	}
	return err
}

// bodyText is the text of what the body returned. That of a task's error is safe to
// ask for, whatever the body has returned, and begins with the name.
func bodyText(e asap.Event) string {
	text := fmt.Sprint(e.Err)
	if te, ok := e.Err.(*asap.TaskError); ok {
		text = strings.TrimPrefix(text, te.Task+": ")
	}
	return text
}

// panicText is what a body panicked with; the stack has an attribute of its own.
func panicText(p *asap.PanicError) string { return fmt.Sprint(p.Value) }

// groupText is the error of the group without the stack of a panic.
func groupText(e asap.Event) string {
	if p, ok := e.Err.(*asap.PanicError); ok {
		return p.Task + ": panic: " + panicText(p)
	}
	return fmt.Sprint(e.Err)
}
