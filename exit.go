package asap

import (
	"fmt"

	"github.com/asap-go/asap/internal/engine"
)

// Exit ends a group early and successfully, with a value; [Group.NewExit] makes it.
type Exit[R any] struct {
	group *Group
}

// NewExit returns a handle for an early exit with a value of type R. A group
// may have several; the first that is used wins.
func (g *Group) NewExit[R any]() *Exit[R] {
	g.check("NewExit")
	e := &Exit[R]{group: g}
	if b := g.core.Backend(); b != nil {
		b.KeepExit(exitHandle[R]{e})
	}
	return e
}

// With makes the error that ends the group when a body of the group returns
// it, also wrapped, and from a body of Optional, Race or Map. By itself With
// does nothing. The first body to return one wins over all that come later;
// the rest is canceled with the cause [ErrExited] and its errors are dropped,
// and [Group.Wait] returns nil. In a body of another group it is an ordinary
// failure.
func (e *Exit[R]) With(value R) error {
	e.check("With")
	return &exitError{group: e.group, handle: exitHandle[R]{e}, value: value}
}

// Value returns the value of the exit that ended the group. It reports false
// if this handle's did not, or not yet.
func (e *Exit[R]) Value() (R, bool) {
	e.check("Value")
	x := e.group.exit()
	if x == nil || x.handle != (exitHandle[R]{e}) {
		var zero R
		return zero, false
	}
	v, _ := x.value.(R) // an R that is a nil interface is no R
	return v, true
}

func (e *Exit[R]) check(call string) {
	if e == nil || e.group == nil {
		panic("asap: " + call + " of a zero Exit; make one with Group.NewExit")
	}
}

// exit returns what has ended the group, nil if that was no exit.
func (g *Group) exit() *exitError {
	if end := g.core.End(); end != nil && end.Why == engine.ByExit {
		return end.Exit.(*exitError)
	}
	return nil
}

// exitError is what [Exit.With] makes.
type exitError struct {
	group  *Group
	handle engine.ExitHandle
	value  any
}

func (e *exitError) Error() string { return "asap: early exit; return it from a body of its group" }
func (e *exitError) text() string  { return "early exit of another group" }

// exitHandle is an Exit for engines elsewhere: its value crosses to another
// process, and there to the exit of the same group.
type exitHandle[R any] struct{ exit *Exit[R] }

func (h exitHandle[R]) Receive(decode func(into any) error) error {
	var v R
	if err := decode(&v); err != nil {
		return fmt.Errorf("asap: value of an exit, a %T: %w", v, err)
	}
	return h.exit.With(v)
}
