package engine

import "context"

// PrepareEnd makes the group's real context, before the call of Record: so nobody
// sees a dead context without its cause (keeps 25). It asks the caller's context, so no lock
// may be held.
func (g *Group) PrepareEnd() { g.makeRealContext() }

// Record makes e the reason why the group ends, unless there is one already, and
// reports whether it did. It cancels nothing: the caller has a [Verdict], or
// calls cancel. Keeps 22.
func (g *Group) Record(e *Ending) bool { return g.ending.CompareAndSwap(nil, e) }

// End returns why the group ends, nil if nobody has noticed that it does.
func (g *Group) End() *Ending { return g.ending.Load() }

// NoticedEnd returns why no further body starts, nil if they may. It takes over
// the end of the parent if nobody has yet.
func (g *Group) NoticedEnd() *Ending {
	if e := g.ending.Load(); e != nil {
		return e
	}
	g.noticeParent()
	return g.ending.Load()
}

// EndOutside ends the group, and those nested in it, for a cause outside its
// bodies: the parent's end, Stop, or a backend that fails. What comes after the last
// task, such as while undos run, changes nothing.
func (g *Group) EndOutside(err, cause error) { g.endOutside(err, cause) }

// endOutside reports whether it was the first to end the group: then those nested
// in it have ended.
func (g *Group) endOutside(err, cause error) bool {
	return g.ending.Load() == nil && !g.isSealed() && g.endWith(g.host.Outside(err, cause))
}

// EndWith is EndOutside with what Wait returns then.
func (g *Group) EndWith(cause, report error) {
	g.endWith(&Ending{Why: ByOutside, Cause: cause, Report: report})
}

// noticeEnd reports whether no further body starts. It asks the caller's context,
// so no mutex may be held, and takes over its end if nobody has yet. It is asked
// for every body: a group that nobody cancels pays one load and the parent's Err,
// and no goroutine that waits for it. Keeps 26.
func (g *Group) noticeEnd() bool {
	return g.ending.Load() != nil || g.base.parent.Err() != nil && g.noticeParent()
}

// looksEnded is what noticeEnd begins with, small enough to be inlined where a body is
// declared or starts: who sees true asks that. No mutex may be held.
func (g *Group) looksEnded() bool {
	return g.ending.Load() != nil || g.base.parent.Err() != nil
}

// hasEnded reports whether the group has an end, also if nobody has noticed it yet,
// for a goroutine that may have been left behind by a body. Without a mutex, like
// noticeEnd.
func (g *Group) hasEnded() bool {
	if g.ending.Load() != nil || !g.enter() {
		return g.ending.Load() != nil
	}
	defer g.leave()
	return g.noticeEnd()
}

// endsWithOuter reports whether the group has an end, or one around it that it is about
// to end with: tasks are told that a task is done before the groups inside are (keeps
// 23). For the same goroutines as hasEnded.
func (g *Group) endsWithOuter() bool {
	for ended := g.hasEnded(); !ended; ended = g.ending.Load() != nil {
		owner := g.owner.Load()
		if owner == nil || g.parent.Done() == nil { // nil if it ends with nothing around
			return false
		}
		g = owner.group
	}
	return true
}

// noticeParent takes over the end of the base's parent, which comes from there
// to g, and reports whether g has an end.
func (g *Group) noticeParent() bool {
	if err := g.base.parent.Err(); err != nil {
		cause := causeOf(g.base.parent, err)
		g.base.EndOutside(err, cause)
		g.EndOutside(err, cause) // the base may have ended otherwise, and be on its way
	}
	return g.ending.Load() != nil
}

// endWith records e, if it is the first, and cancels. It may be called by anybody
// who is alive in the group or knows that it has a task that has not ended; who
// publishes the end of a task has a Verdict instead, for its order. It reports
// whether it was the first.
func (g *Group) endWith(e *Ending) bool {
	g.PrepareEnd()
	if !g.Record(e) {
		return false
	}
	g.cancel()
	return true
}

// cancel ends the group's context and everything that only waits, once Record
// has said why: first the groups nested in it, so that none of their bodies
// starts once the context of this one is seen dead (keeps 24). What waits comes
// last, as it goes on with the context that has ended. Only whose Record was the
// first calls it, once, with no mutex held.
func (g *Group) cancel() {
	e := g.ending.Load()
	g.endInside(e.ctxErr(), e.Cause)
	g.makeRealContext().cancel(e.Cause)
	g.endTimedContexts()
	if g.elsewhere {
		g.backend.Cancel(e.Cause)
	}
	g.endParked()
	g.skipAllQueued()
	g.skipHeld()
	g.endArrivals()
}

// ctxErr is the error of the context that e ends.
func (e *Ending) ctxErr() error {
	if e.Why == ByOutside && e.Err != nil {
		return e.Err
	}
	return context.Canceled
}
