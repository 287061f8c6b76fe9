package asap

import (
	"context"
	"runtime/pprof"
	"runtime/trace"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// The steps of a task, as they are noted for observers.

// entry is where the steps of n are noted, nil if nobody observes it.
func (n *node) entry() *record.Entry {
	if s := n.side.Load(); s != nil {
		return s.entry
	}
	return nil
}

// number is n's in events, 0 if nobody observes it.
func (n *node) number() uint32 {
	if e := n.entry(); e != nil {
		return e.Number
	}
	return 0
}

// now is the time for events, 0 if nobody observes.
func (w *watch) now() time.Duration {
	if w.base == nil {
		return 0
	}
	return w.base.now()
}

func (w *watch) declared(n *node) {
	if w.base == nil {
		return
	}
	e := w.base.slot()
	n.takeSide(&side{entry: e}) // each its own: in a chunk, a task that is kept would keep its neighbours
	e.Group, e.Name = w.entry.Number, n.label()
	if n.kind&(element|entrant) != 0 {
		e.SetParent(n.body.(interface{ parent() *node }).parent().number())
	}
	if n.kind&race == 0 {
		for i := 0; ; i++ {
			dep := n.body.dep(i)
			if dep == nil {
				break
			}
			e.Depend(dep.number())
		}
	}
	at := w.base.now()
	e.Declare(at)
	if len(w.observers) > 0 {
		w.tellDeclared(e, at)
	}
}

// takeSide gives n, which nobody else knows yet, its side.
func (n *node) takeSide(s *side) {
	if m := n.more(); m != nil {
		s.more.Store(m)
	}
	n.side.Store(s)
}

func (w *watch) ready(n, dep *node, at time.Duration) {
	e := n.entry()
	if e == nil {
		return
	}
	on := uint32(0)
	if dep != nil {
		on = dep.number()
	}
	e.SetReady(at, on)
	if len(w.observers) > 0 {
		w.tellReady(e, at, on)
	}
}

// prepare returns the context of a body that starts, and says that it does.
func (g *Group) prepare(n *node, at time.Duration) context.Context {
	var ctx context.Context = n
	if n.kind&entrant != 0 {
		ctx = n.body.(racer).race().context(n)
	}
	if g.watch != nil {
		ctx = g.watch.started(n, ctx, at)
	}
	if ctx != context.Context(n) {
		n.moreOf().ctx = ctx
	}
	return ctx
}

// started says that a body starts, at the given instant but not before it was
// ready, and returns its context.
func (w *watch) started(n *node, ctx context.Context, at time.Duration) context.Context {
	ctx = w.reportStart(n, ctx, at)
	if w.labels {
		ctx = pprof.WithLabels(ctx, pprof.Labels("group", n.group.name, "task", n.label()))
		pprof.SetGoroutineLabels(ctx)
	}
	if w.trace != nil && trace.IsEnabled() {
		n.moreOf().region = trace.StartRegion(ctx, n.label())
	}
	return ctx
}

// reportStart is started without labels and regions.
func (w *watch) reportStart(n *node, ctx context.Context, at time.Duration) context.Context {
	e := n.entry()
	if e == nil {
		return ctx
	}
	at = e.Start(at)
	if len(w.observers) > 0 {
		ctx = w.tellStart(Started, e, at, ctx)
	}
	return ctx
}

func (w *watch) bodyEnd(n *node) {
	if w.trace != nil {
		if m := n.more(); m != nil && m.region != nil {
			m.region.End()
			m.region = nil
		}
	}
	if w.labels {
		pprof.SetGoroutineLabels(context.Background())
	}
}

// blocked reports a wait of n for a task or for a nested group.
func (w *watch) blocked(n, on *node, group *Group, at time.Duration) {
	e := n.entry()
	if e == nil {
		return
	}
	target, local := w.target(on, group)
	if len(w.sinks) > 0 {
		e.Block(at, local)
	}
	if len(w.observers) > 0 {
		w.tellWait(Blocked, n, e, at, target)
	}
}

// resumed reports the end of a wait that blocked has reported.
func (w *watch) resumed(n, on *node, group *Group, at time.Duration) {
	e := n.entry()
	if e == nil {
		return
	}
	target, local := w.target(on, group)
	if len(w.sinks) > 0 {
		e.Resume(at, local)
	}
	if len(w.observers) > 0 {
		w.tellWait(Resumed, n, e, at, target)
	}
}

// target is the ID of what is waited for, 0 if nobody observes that, and its
// number, 0 if it is of another run.
func (w *watch) target(on *node, group *Group) (id ID, local uint32) {
	switch {
	case group != nil && group.watch != nil && group.watch.base != nil:
		id = group.watch.id(group.watch.entry.Number)
	case on != nil && on.entry() != nil:
		id = on.group.watch.id(on.number())
	}
	if id>>32 == w.base.run>>32 {
		local = uint32(id)
	}
	return id, local
}

// passed reports a wait for a task that is done already: the body depends on
// it all the same.
func (w *watch) passed(n, on *node) {
	at := w.now()
	w.blocked(n, on, nil, at)
	w.resumed(n, on, nil, at)
}

func (w *watch) ended(n *node, at time.Duration) {
	e := n.entry()
	if e == nil {
		return
	}
	outcome, err := Succeeded, error(nil)
	if f := n.failure(); f != nil {
		outcome, err = f.outcome, f.err
	}
	w.noteEnd(e, at, outcome, err)
	if len(w.observers) > 0 {
		w.tellEnd(Ended, e, at, outcome, err)
	}
}

// noteEnd notes the end in e. An error that nobody reads there is left out: it
// leads to its group and on to other entries, and so would keep all there ever were.
func (w *watch) noteEnd(e *record.Entry, at time.Duration, outcome Outcome, err error) {
	if len(w.sinks) == 0 {
		err = nil
	}
	e.End(at, uint8(outcome), err)
}
