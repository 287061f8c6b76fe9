package engine

import "context"

// alive counts the goroutines that have their last step before them, and declared
// minus ended the tasks that have not ended, with the caller until it waits. A
// worker adds what has ended on it when it has nothing to run: ended is too low
// meanwhile, never too high. Whoever makes the two equal closes declared, which is
// final; and of those who find it closed and nobody alive, one ends the group. So
// Wait returns after everybody's last step.

// countEnded counts off k tasks, or the caller, and ends the group if that was
// the last. What the group's tasks have used must not be touched afterwards.
func (g *Group) countEnded(k int64) {
	n := g.ended.Add(k)
	if n == g.declared.Load() {
		g.closeAfter(n)
	}
}

// closeAfter lets nothing be declared any more when n are and all have ended.
func (g *Group) closeAfter(n int64) {
	if !g.declared.CompareAndSwap(n, closedAt|n) {
		return // another one was declared, or has closed it
	}
	g.rejoin()
	if g.alive.Load() == 0 {
		g.finish()
	}
}

// closedAt is the bit of declared that says that nothing is declared any more.
const closedAt = -1 << 63

// enter counts a goroutine of the group in, unless it has ended: then it
// reports false. Who is counted keeps the group from ending until leave.
func (g *Group) enter() bool {
	g.alive.Add(1)
	if !g.isClosed() {
		return true
	}
	g.leave()
	return false
}

// isClosed reports whether every task has ended and none can be declared.
func (g *Group) isClosed() bool { return g.declared.Load() < 0 }

// leave is the last step of who was counted in. It looks at alive again: between
// the first look and that at declared others may have been counted in, and only
// of those who are counted in later is it sure that they have nothing to do.
func (g *Group) leave() {
	if g.alive.Add(-1) == 0 && g.isClosed() && g.alive.Load() == 0 {
		g.finish()
	}
}

// finish ends the group, once, as the last step of the last goroutine in it.
func (g *Group) finish() {
	if !g.over.CompareAndSwap(false, true) {
		return
	}
	g.unwatchParent()
	g.endInside(context.Canceled, context.Canceled) // what goroutines have made that bodies have left behind,
	g.wakeParked()                                  // and what they wait for
	if c := g.real.Load(); c != nil {
		c.cancel(nil)
	}
	if owner := g.owner.Swap(nil); owner != nil {
		owner.group.disown(g)
	}
	outcome, err := g.host.Ended()
	if g.watch != nil {
		g.watch.GroupEnd(uint8(outcome), err)
	}
	g.idle.Done()
}
