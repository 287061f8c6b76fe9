package randomflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// Loud is a flow of whose errors methods panic, or whose bodies do what they must not on
// an engine, and the error of its run on any engine, without the stack of a panic.
type Loud struct {
	Flow *flow.Flow[int, int]
	Want string
}

// mute is an error without a text as a nil pointer, and else one whose Is method panics.
type mute struct{}

func (m *mute) Error() string {
	_ = *m
	return "mute"
}

func (m *mute) Is(error) bool {
	if m != nil {
		panic("no Is")
	}
	return false
}

// wrapping is an error whose Unwrap method panics.
type wrapping struct{}

func (wrapping) Error() string { return "wrapping" }
func (wrapping) Unwrap() error { panic("no Unwrap") }

// Louds are the flows of that kind.
func Louds() []Loud {
	type c = context.Context
	type group = asap.Group
	type number = *asap.Task[int]
	id := func(_ c, n int) (int, error) { return n, nil }
	failing := func(err error) func(c, int) (int, error) {
		return func(c, int) (int, error) { return 9, err }
	}
	or := func(_ c, r asap.Result[int]) (int, error) { return r.Or(-1), nil }
	undo := func(err error) func(*group, number) number {
		return func(_ *group, in number) number {
			return in.Then("a", id).Undo(func(c, int) error { return err }).Then("ship", failing(errors.New("no ship")))
		}
	}
	var louds []Loud
	add := func(want string, build func(*group, number) number) {
		louds = append(louds, Loud{flow.Define(fmt.Sprint("loud", len(louds)), build), want})
	}
	add("user: a nil *randomflow.mute", func(_ *group, in number) number { return in.Then("user", failing((*mute)(nil))) })
	add("user: panic: no Is", func(_ *group, in number) number { return in.Then("user", failing(&mute{})) })
	add("user: panic: no Is", func(_ *group, in number) number {
		return in.Optional("user", failing(fmt.Errorf("shop: %w", &mute{}))).Then("or", or)
	})
	add("user: panic: no Unwrap", func(_ *group, in number) number { return in.Then("user", failing(wrapping{}), asap.MayFail()) })
	add("user: panic: no Unwrap", func(_ *group, in number) number {
		return in.Then("user", failing(wrapping{}), asap.Around(func(ctx c, _ string, body func(c) error) error { return body(ctx) }))
	})
	add("likes[1]: panic: no Is", func(g *group, in number) number {
		list := in.Then("list", func(c, int) ([]int, error) { return []int{1, 2}, nil })
		return g.MapOptional("likes", list, func(_ c, n int) (int, error) {
			if n == 2 {
				return 0, &mute{}
			}
			return n, nil
		}).Then("len", func(_ c, l []asap.Result[int]) (int, error) { return len(l), nil })
	})
	add("mirror[0]: panic: no Unwrap", func(_ *group, in number) number { return in.Race("mirror", failing(wrapping{})) })
	add("ship: no ship; a: undo: a nil *randomflow.mute", undo((*mute)(nil)))
	add("ship: no ship; a: undo: a: panic: no Is", undo(&mute{}))
	tolerated := errors.New("tolerated")
	for _, err := range []error{&asap.PanicError{Task: "user", Value: "old"}, fmt.Errorf("shop: %w", asap.ErrGoexit)} { // returned, so nobody dies
		add("or: tolerated", func(_ *group, in number) number {
			return in.Optional("user", failing(err)).Then("or", func(_ c, r asap.Result[int]) (int, error) { return 0, tolerated })
		})
		add("or: tolerated", func(_ *group, in number) number {
			user := in.Then("user", failing(err), asap.MayFail())
			return in.Then("or", failing(tolerated), asap.AfterEnd(user))
		})
		add("or: tolerated", func(_ *group, in number) number {
			return in.Race("mirror", failing(err), id).Then("or", failing(tolerated))
		})
	}
	add("late: panic: asap: ", func(_ *group, in number) number {
		a := in.Then("a", id)
		return a.Then("late", func(_ c, n int) (int, error) {
			a.Undo(func(c, int) error { return nil })
			return n, nil
		})
	})
	return louds
}

// Check says what is wrong with the error of a run.
func (l *Loud) Check(err error) error {
	text := fmt.Sprint(err)
	if len(text) < len(l.Want) || text[:len(l.Want)] != l.Want {
		return fmt.Errorf("flow %s gives the error %.200q, want %q", l.Flow.Name(), text, l.Want)
	}
	return nil
}
