package echo

// Only reports whether err, of a body whose context has ended with cause, says nothing but
// that: for engines, which are told of a cancel and have no group at hand. What a rollback
// adds is more, and must not be dropped. late says whether the end was a deadline's.
func Only(err, cause error, late bool) bool {
	j := New(func(error) Known { return Known{} }, nil, cause, lateness(late))
	j.Add(err)
	return j.IsEcho()
}

// lateness is the body of [Only].
type lateness bool

func (l lateness) IsLate() bool { return bool(l) }
