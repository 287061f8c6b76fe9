package asap

// Exit ends a group early and successfully, with a value; [Group.NewExit] makes it.
type Exit[R any] struct {
	group *Group
}

// NewExit returns a handle for an early exit with a value of type R. A group
// may have several; the first that is used wins.
func (g *Group) NewExit[R any]() *Exit[R] {
	g.check("NewExit")
	e := &Exit[R]{group: g}
	g.keepExit(e)
	return e
}

// With makes the error that ends the group when a body of the group returns
// it, also wrapped, and from a body of Optional, Race or Map. By itself With
// does nothing. The first body to return one wins over all that come later;
// the rest is canceled with the cause [ErrExited] and its errors are dropped,
// and [Group.Wait] returns nil. In a body of another group it is an ordinary
// failure.
func (e *Exit[R]) With(value R) error {
	if e == nil || e.group == nil {
		panic("asap: With of a zero Exit; make one with Group.NewExit")
	}
	return &exitError{group: e.group, handle: e, value: value}
}

// Value returns the value of the exit that ended the group. It reports false
// if this handle's did not, or not yet.
func (e *Exit[R]) Value() (R, bool) {
	if e == nil || e.group == nil {
		panic("asap: Value of a zero Exit; make one with Group.NewExit")
	}
	end := e.group.end.Load()
	if end == nil || end.exit == nil || end.exit.handle != any(e) {
		var zero R
		return zero, false
	}
	v, _ := end.exit.value.(R) // an R that is a nil interface is no R
	return v, true
}

// exitError is what [Exit.With] makes.
type exitError struct {
	group  *Group
	handle any // the *Exit[R]
	value  any
}

// exitOf returns the exit of g that err is or wraps.
func (g *Group) exitOf(err error) *exitError {
	var x *exitError
	findError(err, func(err error) bool {
		e, ok := err.(*exitError)
		if ok && e.group == g {
			x = e
		}
		return x != nil
	})
	return x
}

func (e *exitError) Error() string { return "asap: early exit; return it from a body of its group" }
func (e *exitError) text() string  { return "early exit of another group" }
