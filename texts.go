package asap

import (
	"context"
	"strings"
	"time"

	"github.com/asap-go/asap/internal/texts"
)

// textOf is the text of err inside another error: a panic has its stack only at
// the outermost.
func textOf(err error) string {
	if t, ok := err.(interface{ text() string }); ok {
		return t.text()
	}
	return texts.Of(err)
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

func (e *raceError) Error() string   { return strings.Join(texts.All(e.errs, textOf), "; ") }
func (e *raceError) Unwrap() []error { return e.errs }

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
