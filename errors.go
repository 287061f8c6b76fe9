package asap

import (
	"errors"
	"fmt"
	"strings"

	"github.com/asap-go/asap/internal/echo"
	"github.com/asap-go/asap/internal/texts"
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

// GroupError is what [Group.Wait] returns when tasks failed, or when the
// group's parent or [Group.Stop] ended it before they were done.
type GroupError struct {
	Group    string       // the name given with [Name], or the flow's
	Failures []*TaskError // in the order in which they were recorded, those of undos last
	// Cause is why the group was ended from outside, nil if it was not: what
	// [context.Cause] of its parent says, or [context.Canceled] for Stop.
	Cause error
	// Running has the tasks whose bodies ended with an error after that, in order
	// of their ends, without those that only waited for another task or a
	// nested group then.
	Running []string

	err   error   // of the parent's context
	ended []error // of the bodies that ran when the group was ended
	later int     // of Failures of bodies, that came after the end
}

// Error is the text of what failed before the group ended, and how many tasks
// failed after that. Of one failure it is that one's text. The texts of undos come
// behind it.
func (e *GroupError) Error() string {
	failures, undos := splitUndos(e.Failures)
	before := failures[:max(len(failures)-e.later, 0)]
	g := texts.Group{Name: e.Group, Before: texts.All(before, (*TaskError).Error), Later: e.later,
		Undos: texts.All(undos, (*TaskError).Error), Running: e.Running}
	if e.Cause != nil {
		g.Outside, g.Cause = true, textOf(e.Cause)
	}
	return g.String()
}

// splitUndos divides failures in those of bodies and those of undos, which are the last.
func splitUndos(all []*TaskError) (failures, undos []*TaskError) {
	i := len(all)
	for i > 0 && isUndo(all[i-1]) {
		i--
	}
	return all[:i], all[i:]
}

// hasEarly reports whether a body failed before the group had ended.
func (e *GroupError) hasEarly() bool {
	failures, _ := splitUndos(e.Failures)
	return len(failures) > e.later
}

func isUndo(e *TaskError) bool {
	_, ok := e.Err.(*undoError)
	return ok
}

// Unwrap returns the error and the cause of the context that ended the group, if
// one has, the errors with which the bodies ended that ran then, and the failures,
// each once.
func (e *GroupError) Unwrap() []error {
	errs := make([]error, 0, 2+len(e.ended)+len(e.Failures))
	if e.err != nil {
		errs = append(errs, e.err)
	}
	if e.Cause != nil && !echo.Same(e.Cause, e.err) {
		errs = append(errs, e.Cause)
	}
	errs = append(errs, e.ended...)
	for _, f := range e.Failures {
		if !f.mark.Running {
			errs = append(errs, f)
		}
	}
	return errs
}

// TaskError is the error of a task whose body ran: whose it is, and what the
// body returned.
type TaskError struct {
	Task string // with a number if others of the group are called so and somebody looks: user#2
	Err  error

	mark echo.Mark // what its group has made of it
}

// Error is the text of what the body returned, behind the task's name.
func (e *TaskError) Error() string {
	if p, ok := e.Err.(*PanicError); ok && p.Task == e.Task {
		return p.text()
	}
	return texts.Task(e.Task) + ": " + textOf(e.Err)
}

// Unwrap returns what the body returned.
func (e *TaskError) Unwrap() error { return e.Err }

// Is makes [errors.Is] find why the group had ended, if that is why the body
// returned.
func (e *TaskError) Is(target error) bool {
	return e.mark.Echo && errors.Is(e.mark.Cause, target)
}

// As makes [errors.As] find the same.
func (e *TaskError) As(target any) bool {
	return e.mark.Echo && errors.As(e.mark.Cause, target)
}

// CycleError says that a wait can never end, because what it waits for waits
// for the waiter.
type CycleError struct {
	// Path names the tasks from the waiter to the waiter again. When an
	// executor has nothing in flight, it names the tasks that never started.
	Path []string
}

func (e *CycleError) Error() string { return "cycle: " + strings.Join(e.Path, " → ") }

// PanicError is what [Group.Wait], [Run] and [Group.Stop] panic with when a
// body panicked, and the error that its waiters get.
type PanicError struct {
	Task  string
	Value any    // what the body panicked with
	Stack []byte // of the body's goroutine, as [runtime/debug.Stack] gives it
}

// Error contains the stack of the body: of a panic that nobody recovers, the
// runtime prints only this text and the stack of the goroutine in Wait.
func (e *PanicError) Error() string { return e.text() + "\n\n" + string(e.Stack) }

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func (e *PanicError) text() string { return fmt.Sprintf("%s: panic: %v", texts.Task(e.Task), e.Value) }

// raised is what Wait panics with: the error, or its value if that is
// [net/http.ErrAbortHandler], which others compare by identity. It is known by its
// type and text: that package is too much to import for one variable.
func (e *PanicError) raised() any {
	err, ok := e.Value.(error)
	if ok && fmt.Sprintf("%T", err) == "*errors.errorString" && err.Error() == "net/http: abort Handler" {
		return e.Value
	}
	return e
}

// Cause returns what the body that failed first returned, without the names of
// tasks and groups around it, for who looks at its type or compares it. Of a group
// that was ended from outside before a task failed it is the cause of that. It is
// err itself if err is none of this package.
func Cause(err error) error {
	for {
		switch e := err.(type) {
		case *TaskError:
			switch {
			case e.mark.Echo:
				err = e.mark.Cause
			case e.mark.Collateral:
				err = e.root()
			case e.Err != nil:
				err = e.Err
			default:
				return e
			}
		case *GroupError:
			switch {
			case e.hasEarly() || len(e.Failures) > 0 && e.Cause == nil:
				err = e.Failures[0]
			case e.Cause != nil:
				err = e.Cause
			default:
				return e
			}
		case *undoError:
			err = e.err
		case *raceError:
			err = e.errs[0]
		case *skipError:
			err = e.cause
		case *awaitError:
			err = e.cause
		case *lateError:
			err = e.err
		case *exitedError:
			return ErrExited
		default:
			return err
		}
	}
}

// root returns the failure in the group's list because of which e is collateral.
func (e *TaskError) root() error {
	var root error
	echo.Find(e.Err, func(err error) bool {
		te, ok := err.(*TaskError)
		if ok && te.mark.Group == e.mark.Group && te.mark.Listed && root == nil {
			root = te
		}
		return root != nil
	})
	if root == nil {
		return e.Err
	}
	return root
}

// Plain is [Cause] around a call that returns a value as well:
//
//	u, err := asap.Plain(user.Await(ctx))
func Plain[T any](value T, err error) (T, error) { return value, Cause(err) }
