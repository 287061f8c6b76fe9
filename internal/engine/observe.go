package engine

import (
	"context"
	"time"
)

// What observers are told of waits. The body's own goroutines call it, with no lock
// held; package watch puts those of one body in order.

// Report tells that the body of n starts on another engine, and returns the
// context for it that observers make of the group's.
func (g *Group) Report(n *Node) context.Context {
	if g.watch == nil {
		return g.parent
	}
	return g.watch.Report(n.entry(), g.parent, g.watch.Now())
}

// reportSuccess reports the end of n's body, before it is published.
func (w *worker) reportSuccess(n *Node) {
	watch, e := w.g.watch, n.entry()
	watch.EndWaits(e) // before the end is timed, so that no wait comes after it
	w.at = watch.Now()
	watch.Ended(e, n.outcome(nil), nil, w.at)
}

// reportBlocked reports a wait of n's body for a node or a nested group, with ctx if that
// is not nil and not the body's own.
func (n *Node) reportBlocked(on *Node, group *Group, ctx context.Context) {
	if n.group.watch != nil {
		n.noteBlocked(on, group, ctx)
	}
}

// noteBlocked is apart from reportBlocked for its frame, which a group that nobody looks at
// is not to have room for.
//
//go:noinline
func (n *Node) noteBlocked(on *Node, group *Group, ctx context.Context) {
	w := n.group.watch
	w.Blocked(n.entry(), targetID(on, group), w.Now(), deadlineOf(ctx, n.ownContext()))
}

// deadlineOf is the deadline of ctx if it comes before that of own, and else zero, as with
// nil. A context is a user's: what its method panics with is not to stop a wait that has begun.
func deadlineOf(ctx, own context.Context) (due time.Time) {
	if ctx == nil || ctx == own {
		return time.Time{}
	}
	defer func() { _ = recover() }()
	d, ok := ctx.Deadline()
	if of, has := own.Deadline(); !ok || has && !d.Before(of) {
		return time.Time{}
	}
	return d
}

// reportResumed reports the end of a wait that reportBlocked has reported.
func (n *Node) reportResumed(on *Node, group *Group) {
	if w := n.group.watch; w != nil {
		w.Resumed(n.entry(), targetID(on, group), w.Now())
	}
}

// reportPassed reports a wait for a node that is done already: the body depends on
// it all the same. Without it a recorder would miss an edge by luck.
func (n *Node) reportPassed(on *Node, ctx context.Context) {
	if w := n.group.watch; w != nil {
		at, id := w.Now(), targetID(on, nil)
		w.Blocked(n.entry(), id, at, deadlineOf(ctx, n.ownContext()))
		w.Resumed(n.entry(), id, at)
	}
}

// reportRefused reports a wait that does not begin, as its context has ended: what the
// body has come to, and what it returns the error of. n is nil if it is nobody's.
func (n *Node) reportRefused(on *Node, ctx context.Context) {
	if n != nil {
		n.reportPassed(on, ctx)
	}
}

// reportOutside reports a wait for n of somebody outside of any body, as one of n's
// group, with ctx, and reports whether reportResumedOutside is to follow.
func (n *Node) reportOutside(ctx context.Context) bool {
	w := n.group.watch
	return w != nil && w.GroupBlocked(n.number(), deadlineOf(ctx, n.group.base.parent))
}

// reportResumedOutside reports the end of such a wait.
func (n *Node) reportResumedOutside() { n.group.watch.GroupResumed(n.number()) }

// ReportOutside is reportOutside for a Backend that does the waiting itself, and returns
// what reports the end of the wait. It does nothing if that is of the body of by.
func ReportOutside(n, by *Node) (end func()) {
	if by != nil || !n.reportOutside(n.group.parent) {
		return func() {}
	}
	return n.reportResumedOutside
}

// endedBy is the number of the node whose end has ended the group, 0 if none has.
func (g *Group) endedBy() uint32 {
	if e := g.ending.Load(); e != nil {
		return e.By
	}
	return 0
}

// targetID is the ID of what is waited for, 0 if nobody observes that.
func targetID(on *Node, group *Group) uint64 {
	switch {
	case group != nil && group.watch != nil:
		return group.watch.GroupID()
	case on != nil && on.group.watch != nil:
		return on.group.watch.ID(on.number())
	}
	return 0
}
