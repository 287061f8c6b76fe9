package asap

import (
	"context"

	"github.com/asap-go/asap/internal/engine"
)

// Run makes a group, has build declare its tasks, waits for all of them, and
// returns the value of the task that build returned, or what [Group.Wait]
// returns. Nothing outlives it, whatever happens. If the group ends by an
// [Exit] of the type T, its value is returned; by one of another type,
// [ErrExited].
//
// With [Settled] the value comes beside the error when only others failed.
// Panics and Goexit in bodies are those of Wait.
func Run[T any](ctx context.Context, build func(*Group) *Task[T], options ...Option) (T, error) {
	if build == nil {
		panic("asap: Run with a nil function; pass one that declares the tasks")
	}
	g := New(ctx, options...)
	built := false
	defer func() {
		if !built { // build has panicked or left by Goexit
			g.Stop()
		}
	}()
	out := build(g)
	switch {
	case out == nil:
		panic("asap: Run: its function returned no task; return the task of the result")
	case engine.GroupOf(&out.node) != &g.core:
		panic("asap: Run: its function returned a task of another group; return one of the group that it was given")
	}
	built = true
	err := g.Wait()
	if err == nil {
		if x := g.exit(); x != nil {
			v, _ := x.value.(T)
			if _, ok := x.handle.(exitHandle[T]); !ok {
				var zero T
				return zero, ErrExited
			}
			return v, nil
		}
	}
	v, failed := out.outcome()
	if err == nil {
		err = failed
	}
	return v, err
}
