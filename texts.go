package asap

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Errors read as a person would have wrapped them. The name of this package is
// only in the texts of its sentinels, and in those of panics for mistakes.

// textOf is the text of err inside another error: a panic has its stack only at
// the outermost, and an Error method that panics does not hide who returned it.
func textOf(err error) (text string) {
	if t, ok := err.(interface{ text() string }); ok {
		return t.text()
	}
	if err == nil {
		return "<nil>"
	}
	defer func() {
		if v := recover(); v != nil {
			text = textOfBad(err, v)
		}
	}()
	return strings.TrimPrefix(err.Error(), "asap: ") // of a sentinel, or of a mistake that is told as an error
}

// textOfBad is the text of an error whose Error method has panicked with v.
func textOfBad(err error, v any) string {
	if r := reflect.ValueOf(err); r.Kind() == reflect.Pointer && r.IsNil() {
		return fmt.Sprintf("a nil %T", err)
	}
	return fmt.Sprintf("a %T whose Error method panics: %v", err, v)
}

// nameOf is the name of a task in a text.
func nameOf(task string) string {
	if task == "" {
		return "task"
	}
	return task
}

// skipError is the error of a task whose body never ran.
type skipError struct {
	task  string
	cause error // never a skipError of another task
}

func (e *skipError) Error() string        { return e.task + " skipped: " + textOf(e.cause) }
func (e *skipError) Unwrap() error        { return e.cause }
func (e *skipError) Is(target error) bool { return target == ErrSkipped }

// exitedError is the error of a task that an early exit ended.
type exitedError struct{ task string }

func (e *exitedError) Error() string { return e.task + ": " + textOf(ErrExited) }
func (e *exitedError) Unwrap() error { return ErrExited }

// raceError is the error of a Race: those of all its functions, in argument order.
type raceError struct{ errs []error }

func (e *raceError) Unwrap() []error { return e.errs }
func (e *raceError) Error() string {
	texts := make([]string, len(e.errs))
	for i, err := range e.errs {
		texts[i] = textOf(err)
	}
	return strings.Join(texts, "; ")
}

// awaitError is what a wait that was cut short returns.
type awaitError struct {
	task  string
	cause error
}

func (e *awaitError) Error() string { return "await " + e.task + ": " + textOf(e.cause) }
func (e *awaitError) Unwrap() error { return e.cause }

// raceLostError is the cause of the context of a function that has not won its Race.
// Who returns it says that its context has ended.
type raceLostError struct{ race string }

func (e *raceLostError) Error() string        { return e.race + ": race lost" }
func (e *raceLostError) Is(target error) bool { return target == context.Canceled }

// lateError is the error of a body that has returned it after its limit of time.
type lateError struct{ limit, err error }

func (e *lateError) Error() string {
	if e.err == e.limit { // the cause of the body's context
		return textOf(e.limit)
	}
	return textOf(e.limit) + ": " + textOf(e.err)
}
func (e *lateError) Unwrap() []error { return []error{e.limit, e.err} }

// limitError says that a limit of time has ended a body, or kept it from beginning.
type limitError struct {
	limit string // timeout or within
	after time.Duration
}

func (e *limitError) Error() string        { return e.limit + " " + e.after.String() }
func (e *limitError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout and Temporary are those of [context.DeadlineExceeded].
func (e *limitError) Timeout() bool   { return true }
func (e *limitError) Temporary() bool { return true }
