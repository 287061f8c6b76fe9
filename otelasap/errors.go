package otelasap

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Values of error.type that are no types.
const (
	panicType  = "panic"
	goexitType = "goexit"
)

var otherType = semconv.ErrorTypeOther.Value.AsString()

// isError tells of an outcome whether it is an error, of those that [told] makes.
func isError(o asap.Outcome) bool {
	return o == asap.Failed || o == asap.Panicked || o == asap.Goexited
}

// maxTypes is how many values of error.type an Observer tells apart; the rest is
// _OTHER. An error's own ErrorType, or the user's function, may make any number of them.
const maxTypes = 100

// errorTypes gives errors their error.type.
type errorTypes struct {
	of    func(error) string // the user's, nil without
	known syncMap[string, struct{}]
}

// outcome is the error.type of an outcome, "" if it has none. It is what the user's
// function says of what is left without the errors that package asap has wrapped around
// it, of several failures the first, and else by the rule of semconv.ErrorType the name
// of its type.
func (t *errorTypes) outcome(o asap.Outcome, err error) string {
	switch {
	case o == asap.Panicked:
		return panicType
	case o == asap.Goexited:
		return goexitType
	case o != asap.Failed && o != asap.Tolerated || err == nil:
		return ""
	}
	word := name(t.typeOf(err))
	if _, ok := t.known.load(word); !ok {
		if _, ok := t.known.add(word, struct{}{}, maxTypes); !ok {
			return otherType
		}
	}
	return word
}

func (t *errorTypes) typeOf(err error) (word string) {
	defer func() { // a user's method or function
		if recover() != nil {
			word = otherType
		}
	}()
	if t.of != nil {
		word = t.of(rootOf(err))
	}
	if word != "" {
		return word
	}
	return typeName(err)
}

// typeName is the name of the type of what is left of an error: its exception.type.
func typeName(err error) (word string) {
	defer func() { // a user's method
		if recover() != nil {
			word = otherType
		}
	}()
	err = rootOf(err)
	if remote, ok := err.(*flow.RemoteError); ok {
		return name(remote.Type)
	}
	return name(semconv.ErrorType(err).Value.AsString())
}

// group is the error.type of a group that has ended, "" if it is no error. One
// that was canceled is none, as whoever asked has left, unless its deadline had passed:
// then whoever asked got nothing because it took too long.
func (t *errorTypes) group(o asap.Outcome, err error) string {
	switch {
	case isError(o):
		return t.outcome(o, err)
	case o == asap.Canceled && isLate(err):
		return t.outcome(asap.Failed, context.DeadlineExceeded)
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

var (
	asapPath = reflect.TypeFor[asap.TaskError]().PkgPath()
	fmtType  = reflect.TypeOf(fmt.Errorf("%w", context.Canceled))
)

// rootOf takes off what package asap has wrapped around an error, and between that what
// only gives it another text. A limit of time is what it is to [errors.Is].
func rootOf(err error) error {
	for range 1000 { // an error may be its own cause
		t := reflect.TypeOf(err)
		if ofAsap := t.Kind() == reflect.Pointer && t.Elem().PkgPath() == asapPath; !ofAsap && t != fmtType {
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
			if errors.Is(err, context.DeadlineExceeded) {
				return context.DeadlineExceeded
			}
			return err
		}
		err = next
	}
	return err
}

// bodyText is the text of what the body returned. That of a task's error is safe to
// ask for, whatever the body has returned, and begins with the name.
func bodyText(e asap.Event) string {
	s := fmt.Sprint(e.Err)
	if te, ok := e.Err.(*asap.TaskError); ok {
		s = strings.TrimPrefix(s, te.Task+": ")
	}
	return text(s)
}

// panicText is what a body panicked with; the stack has an attribute of its own.
func panicText(p *asap.PanicError) string { return text(fmt.Sprint(p.Value)) }

// groupText is the error of the group without the stack of a panic.
func groupText(e asap.Event) string {
	if p, ok := e.Err.(*asap.PanicError); ok {
		return text(p.Task + ": panic: " + panicText(p))
	}
	return text(fmt.Sprint(e.Err))
}
