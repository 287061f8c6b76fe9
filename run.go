package asap

import "context"

// Run makes a group, has build declare its tasks, waits for all of them, and
// returns what the function that build returned makes of them:
//
//	page, err := asap.Run(ctx, func(g *asap.Group) func() Page {
//		user := g.Go("user", fetchUser)
//		cart := g.Go("cart", fetchCart)
//		return func() Page { return Page{user.Value(), cart.Value()} }
//	})
//
// For the value of one task, return its method: return user.Value. That function
// is called after the end, when [Group.Wait] would return nil; the group's context
// has ended then. In a settled group it is called whenever every task has ended by
// itself, or was skipped for another's failure: its value comes beside the error
// then, and it reads with [Task.Result]. A nil function is a scope without a result.
//
// Nothing outlives Run, whatever happens. If the group ends by an [Exit] of the
// type T, its value is returned; by one of another type, [ErrExited]. Panics and
// Goexit in bodies are those of Wait.
func Run[T any](ctx context.Context, build func(*Group) func() T, options ...Option) (T, error) {
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
	result := build(g)
	built = true
	err := g.Wait()
	var zero T
	if x := g.exit(); x != nil {
		v, _ := x.value.(T)
		switch _, ok := x.handle.(exitHandle[T]); {
		case err != nil: // an undo has failed
			return zero, err
		case !ok:
			return zero, ErrExited
		}
		return v, nil
	}
	if result == nil || err != nil && !g.isWhole(err) {
		return zero, err
	}
	return result(), err
}

// isWhole reports whether the group, for which Wait has returned err, is settled and
// all its tasks have ended by themselves: else err has a Cause, or is an engine's.
func (g *Group) isWhole(err error) bool {
	ge, ok := err.(*GroupError)
	return ok && ge.Cause == nil && g.core.IsSettled()
}
