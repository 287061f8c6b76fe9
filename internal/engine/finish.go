package engine

import "context"

// How a group comes to be over, from two counts: declared minus ended is the tasks
// that have not ended, with the caller until it waits; alive is the goroutines that
// have their last step before them. They are two since a worker counts off once for
// all that has ended on it, and a goroutine may outlive the tasks. See 7 and 8.

// countEnded counts off k tasks, or the caller, and seals the group if that was
// the last. The caller must be alive, or it must not touch the group afterwards.
// Keeps 7.
func (g *Group) countEnded(k int64) {
	n := g.ended.Add(k)
	if n == g.declared.Load() {
		g.sealAfter(n)
	}
}

// sealAfter lets nothing be declared any more when n are and all have ended. One
// of many callers does: keeps 8. The waits of bodies for this group end here and
// not in finish, as the goroutine that finishes may be the one that waits.
func (g *Group) sealAfter(n int64) {
	if !g.declared.CompareAndSwap(n, sealed|n) {
		return // another one was declared, or has closed it
	}
	if g.ledger.Load() != nil && len(g.planUndos()) == 0 { // else when they have been called
		g.endJoins()
	}
	if g.alive.Load() == 0 {
		g.finish()
	}
}

// sealed is the bit of declared that says that nothing is declared any more.
const sealed = -1 << 63

// enter counts a goroutine of the group as alive, unless that is sealed: then it
// reports false. It counts first and then looks: keeps 8. Who is counted keeps the
// group from being over until leave. Anybody may call it.
func (g *Group) enter() bool {
	g.alive.Add(1)
	if !g.isSealed() {
		return true
	}
	g.leave()
	return false
}

// isSealed reports whether every task has ended and none can be declared.
func (g *Group) isSealed() bool { return g.declared.Load() < 0 }

// leave is the last step of who was counted in, with no lock held.
func (g *Group) leave() {
	if g.countOff() {
		g.finish()
	}
}

// countOff counts one who was alive, and reports whether that one is to finish the
// group. It looks at alive again once it has seen the seal: others may have been
// counted between its first look and the seal, and only who comes later has nothing
// to do. Keeps 8.
func (g *Group) countOff() bool {
	return g.alive.Add(-1) == 0 && g.isSealed() && g.alive.Load() == 0
}

// finish makes the group be over, once, as the last step of the last goroutine in
// it, or leaves that to a goroutine that calls undos first, as the caller may be a body
// that waits for this group.
func (g *Group) finish() {
	var todo []step
	if g.ledger.Load() != nil {
		todo = g.planUndos()
	}
	switch {
	case !g.over.CompareAndSwap(0, finishing):
	case len(todo) > 0 && g.elsewhere: // who drives it is the one that has sealed it, and goes on
	case len(todo) > 0:
		go g.newUndoer(todo).work() // whom Wait waits for
	default:
		g.becomeOver()
	}
}

// becomeOver is the last step. Only goroutines that bodies have left behind can still
// be on the way: they see over, or are found here (keeps 10, 24). Wait returns by the
// last line, so everything else comes before it. What observers do at the end is left
// to who counted the caller off, and is in join or on the way there: see tellEnd.
func (g *Group) becomeOver() {
	g.over.Store(over)
	if g.ledger.Load() != nil { // else nothing of the three was noted before the seal
		g.forgetUndos()
		g.unwatchParent()
		g.endDues()
	}
	g.endInside(context.Canceled, context.Canceled) // what goroutines have made that bodies have left behind,
	g.endParked()                                   // and what they wait for
	if c := g.realContext.Load(); c != nil && !g.lasts() {
		c.cancel(nil)
	}
	if g.ledger.Load() != nil { // again, for goroutines that bodies have left behind
		g.endTimedContexts()
	}
	if owner := g.owner.Swap(nil); owner != nil {
		owner.group.disown(g)
	}
	outcome, err := g.host.Ended()
	if outcome == Canceled {
		g.waited.Or(canceled)
	}
	if g.watch != nil {
		g.watch.Over(uint8(outcome), err, g.endedBy())
		return
	}
	g.idle.Done()
}

// tellEnd waits until a group that somebody looks at is over, tells its observers, and
// lets all go who wait for it. Only the first to join calls it: without that one no
// group is sealed, so there always is one. A worker's stack is new, and what observers
// do at the end would make it grow, for each group anew; who waits has a stack for that.
func (g *Group) tellEnd() {
	g.watch.AwaitOver()
	g.watch.GroupEnd()
	g.idle.Done()
}
