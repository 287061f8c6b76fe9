package asap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrSkipped is in the error of every task whose body never ran.
	ErrSkipped = errors.New("asap: skipped")
	// ErrExited is in the error of every task that an early exit ended, and is
	// the cause of the group's context then.
	ErrExited = errors.New("asap: group exited early")
	// ErrGoexit is in the error of a task whose body called [runtime.Goexit].
	ErrGoexit = errors.New("asap: body called runtime.Goexit")
)

// GroupError is what [Group.Wait] returns when tasks failed.
// [errors.Is] and [errors.As] reach every failure and its causes.
type GroupError struct {
	Group    string       // the name given with [Name], or the flow's
	Failures []*TaskError // in the order in which they were recorded, never empty

	rest error // of a group that was ended from outside, beside its undos
}

// Error is the text of the one failure, or a count and the text of each.
// The texts of undos come behind it.
func (e *GroupError) Error() string {
	failures, undos := splitUndos(e.Failures)
	group := ""
	if e.Group != "" {
		group = "group " + e.Group + ": "
	}
	var texts []string
	switch {
	case e.rest != nil:
		texts = append(texts, inner(e.rest))
	case len(failures) > 1:
		texts = append(texts, fmt.Sprintf("%s%d tasks failed: %s", group, len(failures), textsOf(failures)))
	case len(failures) == 1:
		texts = append(texts, failures[0].text())
	case len(undos) > 1:
		texts = append(texts, fmt.Sprintf("%s%d undos failed: %s", group, len(undos), textsOf(undos)))
		undos = nil
	}
	if len(undos) > 0 {
		texts = append(texts, textsOf(undos))
	}
	return "asap: " + strings.Join(texts, "; ")
}

// splitUndos divides failures in those of bodies and those of undos, which are the last.
func splitUndos(all []*TaskError) (failures, undos []*TaskError) {
	i := len(all)
	for i > 0 && isUndo(all[i-1]) {
		i--
	}
	return all[:i], all[i:]
}

func isUndo(e *TaskError) bool {
	_, ok := e.Err.(*undoError)
	return ok
}

func textsOf(failures []*TaskError) string {
	texts := make([]string, len(failures))
	for i, f := range failures {
		texts[i] = f.text()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the failures.
func (e *GroupError) Unwrap() []error {
	errs := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		errs[i] = f
	}
	if e.rest != nil {
		errs = append(errs, e.rest)
	}
	return errs
}

// TaskError is the error of a task whose body ran: whose it is, and what the
// body returned.
type TaskError struct {
	Task string
	Err  error

	// Written before the task is done; see scan.
	group      *Group // nil when it was not made by a group
	listed     bool   // among the group's failures
	collateral bool   // what it wraps is
	canceled   bool   // it says that a context has ended
	outermost  int    // the least depth of a group whose errors it wraps
}

func (e *TaskError) Error() string { return "asap: " + e.text() }
func (e *TaskError) Unwrap() error { return e.Err }
func (e *TaskError) text() string {
	if p, ok := e.Err.(*PanicError); ok && p.Task == e.Task {
		return p.text()
	}
	return "task " + e.Task + ": " + inner(e.Err)
}

// CycleError says that a wait can never end, because what it waits for waits
// for the waiter.
type CycleError struct {
	// Path names the tasks from the waiter to the waiter again. When an
	// executor has nothing in flight, it names the tasks that never started.
	Path []string
}

func (e *CycleError) Error() string { return "asap: " + e.text() }
func (e *CycleError) text() string  { return "cycle: " + strings.Join(e.Path, " → ") }

// PanicError is what [Group.Wait], [Run] and [Group.Stop] panic with when a
// body panicked, and the error that its waiters get.
type PanicError struct {
	Task  string
	Value any    // what the body panicked with
	Stack []byte // of the body's goroutine, as [runtime/debug.Stack] gives it
}

// Error contains the stack of the body: of a panic that nobody recovers, the
// runtime prints only this text and the stack of the goroutine in Wait.
func (e *PanicError) Error() string {
	return fmt.Sprintf("asap: %s\n\n%s", e.text(), e.Stack)
}

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func (e *PanicError) text() string { return fmt.Sprintf("task %s: panic: %v", e.Task, e.Value) }

// findError calls look with err and everything that it wraps, but for what is
// behind an error of which look says that nothing there matters. Unlike errors.As
// it goes on behind one that is of the right type.
func findError(err error, look func(error) (skip bool)) {
	for err != nil && !look(err) {
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap() // no recursion: a chain of awaits makes a deep error
		case interface{ Unwrap() []error }:
			for _, err := range e.Unwrap() {
				findError(err, look)
			}
			return
		default:
			return
		}
	}
}

// texter is an error of this package: inside another one it is written
// without the prefix.
type texter interface{ text() string }

func inner(err error) string {
	if t, ok := err.(texter); ok {
		return t.text()
	}
	if err == nil {
		return "<nil>"
	}
	return strings.TrimPrefix(err.Error(), "asap: ")
}

// skipError is the error of a task whose body never ran.
type skipError struct {
	task  string
	cause error // never a skipError of another task
}

func (e *skipError) Error() string        { return "asap: " + e.text() }
func (e *skipError) text() string         { return "task " + e.task + " skipped: " + inner(e.cause) }
func (e *skipError) Unwrap() error        { return e.cause }
func (e *skipError) Is(target error) bool { return target == ErrSkipped }

// exitedError is the error of a task that an early exit ended.
type exitedError struct{ task string }

func (e *exitedError) Error() string { return "asap: " + e.text() }
func (e *exitedError) text() string  { return "task " + e.task + ": group exited early" }
func (e *exitedError) Unwrap() error { return ErrExited }

// raceError is the error of a Race: those of all its functions, in argument order.
type raceError struct{ errs []error }

func (e *raceError) Error() string   { return "asap: " + e.text() }
func (e *raceError) Unwrap() []error { return e.errs }
func (e *raceError) text() string {
	texts := make([]string, len(e.errs))
	for i, err := range e.errs {
		texts[i] = inner(err)
	}
	return strings.Join(texts, "; ")
}

// raceLostError is the cause of the context of a function that has not won its Race.
// Who returns it says that its context has ended.
type raceLostError struct{ race string }

func (e *raceLostError) Error() string        { return e.race + ": race lost" }
func (e *raceLostError) Is(target error) bool { return target == context.Canceled }

// awaitError is what a wait that was cut short returns.
type awaitError struct {
	task  string
	cause error
}

func (e *awaitError) Error() string { return "asap: " + e.text() }
func (e *awaitError) text() string  { return "await " + e.task + ": " + inner(e.cause) }
func (e *awaitError) Unwrap() error { return e.cause }

// endError says that the group was ended from outside before anything failed:
// it is both the context's error and its cause.
type endError struct{ err, cause error }

func (e *endError) Error() string { return "asap: " + e.text() }
func (e *endError) text() string {
	if e.err == e.cause {
		return "group canceled: " + inner(e.err)
	}
	return "group canceled: " + inner(e.err) + ": " + inner(e.cause)
}
func (e *endError) Unwrap() []error { return []error{e.err, e.cause} }

// lateError is the error of a body that has returned it after its limit of time.
type lateError struct{ limit, err error }

func (e *lateError) Error() string { return e.text() }
func (e *lateError) text() string {
	if e.err == e.limit { // the cause of the body's context
		return inner(e.limit)
	}
	return inner(e.limit) + ": " + inner(e.err)
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
