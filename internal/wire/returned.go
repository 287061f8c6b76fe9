package wire

import "errors"

// Returned is an error that a body has returned with a panic or Goexit in it, which was
// another's: this body lives, and what tolerates its failure does so on an engine, too. It
// is around the error from where the body ran to the group, which takes it off.
type Returned struct{ err error }

// Return returns err as one that a body has returned.
func Return(err error) error { return &Returned{err} }

// Lives returns err without a Returned around it, and whether there was one.
func Lives(err error) (error, bool) {
	if r, ok := err.(*Returned); ok {
		return r.err, true
	}
	return err, false
}

// Has reports whether there is an E in err.
func Has[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func (r *Returned) Error() string { return r.err.Error() }
func (r *Returned) Unwrap() error { return r.err }

// returned is the Kind of its form.
const returned = "returned"
