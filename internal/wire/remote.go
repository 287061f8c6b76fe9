// Package wire carries errors to another process: their form as JSON, and what is
// left there of those that have none of their own. Package asap says how its errors
// travel, package flow names the RemoteError.
package wire

import "slices"

// RemoteError is what is left of an error that was encoded in one process and
// decoded in another: its text and its type. [errors.Is] still finds in it what
// the original had of asap.ErrSkipped, asap.ErrExited, asap.ErrGoexit,
// [context.Canceled] and [context.DeadlineExceeded], and [errors.As] the
// TaskError, GroupError, PanicError and CycleError; its other causes are
// RemoteErrors too.
type RemoteError struct {
	Type    string // of the original, as %T prints it: *fs.PathError
	Message string

	is     []error
	causes []error
	stands error // for this, of an engine that can carry it beside the form
}

// New returns the error of the given type and text, whose Is method knows is, and
// that wraps causes.
func New(typ, message string, is, causes []error) *RemoteError {
	return &RemoteError{Type: typ, Message: message, is: is, causes: causes}
}

// Error is the text of the original.
func (e *RemoteError) Error() string { return e.Message }

// Is reports what the Is method of the original said of the errors of package asap
// and of contexts.
func (e *RemoteError) Is(target error) bool { return slices.Contains(e.is, target) }

// Unwrap returns what the original wrapped.
func (e *RemoteError) Unwrap() []error {
	if e.stands != nil {
		return append([]error{e.stands}, e.causes...)
	}
	return e.causes
}

// Stand lets e wrap err as well, which an engine has carried by means of its own: the
// original, or what is as good. It does not travel with the form of e.
func Stand(e *RemoteError, err error) { e.stands = err }

// StandsFor returns what e was given by [Stand], nil if nothing.
func StandsFor(e *RemoteError) error { return e.stands }
