package asap

import (
	"context"

	"github.com/asap-go/asap/internal/engine"
)

// Undo declares what undoes the value of t when it is not to be kept: what refunds a
// payment, releases a reservation, closes a connection. It returns t:
//
//	charge := stock.Then("charge", chargeCard).Undo(refund)
//
// fn is called once for each value that is not kept: of t if it has succeeded in a
// group that has not, because a task failed, or panicked, or the group's context
// or [Group.Stop] ended it; of a function that has succeeded after its Race was
// decided; of a call under an [Around] beside the one whose value t has; of a body that
// has succeeded after an early exit. What has failed, was skipped or left out has
// nothing to undo; a Map has its slice, and an Input what it was given. Failures in
// a [Settled] group undo nothing, and neither does an exit.
//
// The undos of a group run when all its bodies have ended and before [Group.Wait]
// returns, one after the other, the latest success first: so what depended on t is
// undone before t. ctx has the values of the group's context, and no end: derive a
// limit of time. No slot of a [Limit] is held. The error of an undo is among the
// failures of the [GroupError], also if all else went well, as "charge: undo: card
// service down"; a panic or Goexit is raised by Wait. The others run all the same.
//
// Undo may be called until the group has ended, best where the task is declared: of a
// task that had succeeded before, it counts as if that were now. The group keeps the
// value until its end. Several undos of a task all run, the last declared first.
func (t *Task[T]) Undo(fn func(ctx context.Context, value T) error) *Task[T] {
	n := checkTask(t, "Undo")
	if fn == nil {
		panic("asap: Undo of task " + engine.Label(n) + " with a nil function; pass one that undoes it, or leave Undo out")
	}
	ok := engine.Undo(n, fn, func(ctx context.Context, lost *engine.Lost) error {
		if lost == nil {
			return fn(ctx, t.value)
		}
		v, _ := lost.Value.(T) // of a nil interface there is no type
		return fn(ctx, v)
	})
	if !ok {
		panic("asap: Undo of task " + engine.Label(n) + " after the end of its group; call it where the task is declared, before Wait")
	}
	return t
}

// Undoes reports whether what has succeeded is to be undone: unless Wait would return
// nil, or only what a settled group returns.
func (h *host) Undoes() bool {
	g := h.group()
	end, v := g.core.End(), g.verdict.Load()
	switch {
	case v != nil && (v.panicked != nil || v.goexit != nil):
		return true
	case end == nil || end.Why == engine.ByExit:
		return false
	case end.Why == engine.ByOutside:
		return v != nil && v.unfinished
	}
	return true
}

// UndoFailed records the error of an undo of n. What it wraps was not the group's end.
func (h *host) UndoFailed(n *engine.Node, err error) {
	g := h.group()
	j := g.judge(n, nil)
	j.Add(err)
	te := &TaskError{engine.Label(n), &undoError{err}, j.Failure()}
	te.mark.Listed = true
	v := g.makeVerdict()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.undos = append(v.undos, te)
}

// undoError is what an undo has returned.
type undoError struct{ err error }

func (e *undoError) Error() string { return "undo: " + textOf(e.err) }
func (e *undoError) Unwrap() error { return e.err }
