package asap

import (
	"context"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// The observers that are called for each event. Events are large: they are
// made here and not in the frames of who reports, which are also on the stack of
// a body that nobody observes.

// event is one of a task, or of the group.
func (w *watch) event(k Kind, of *record.Entry, at time.Duration) Event {
	e := Event{Kind: k, At: at, Group: w.id(w.entry.Number), Name: of.Name, Parent: w.id(of.Parent())}
	if of != w.entry {
		e.Task = w.id(of.Number)
		if e.Parent == 0 {
			e.Parent = w.id(w.entry.Parent())
		}
	}
	return e
}

// id is the ID of what has the number n in this run.
func (w *watch) id(n uint32) ID {
	if n == 0 {
		return 0
	}
	return w.base.run | ID(n)
}

//go:noinline
func (w *watch) tellStart(k Kind, of *record.Entry, at time.Duration, ctx context.Context) context.Context {
	e := w.event(k, of, at)
	ctx = w.begin(ctx, e)
	w.emit(e)
	return ctx
}

//go:noinline
func (w *watch) tellDeclared(of *record.Entry, at time.Duration) {
	e := w.event(Declared, of, at)
	for _, d := range of.Deps() {
		e.Deps = append(e.Deps, w.id(d))
	}
	w.emit(e)
}

//go:noinline
func (w *watch) tellReady(of *record.Entry, at time.Duration, on uint32) {
	e := w.event(Ready, of, at)
	e.On = w.id(on)
	w.emit(e)
}

// tellWait reports a Blocked or Resumed of n.
//
//go:noinline
func (w *watch) tellWait(k Kind, n *node, of *record.Entry, at time.Duration, on ID) {
	e := w.event(k, of, at)
	e.On = on
	w.wait(n, e)
}

//go:noinline
func (w *watch) tellEnd(k Kind, of *record.Entry, at time.Duration, o Outcome, err error) {
	e := w.event(k, of, at)
	e.Outcome, e.Err = o, err
	w.emit(e)
}

// begin asks every observer for the context of a group or body that starts.
func (w *watch) begin(ctx context.Context, e Event) context.Context {
	for _, o := range w.observers {
		ctx = w.startOn(o, ctx, e)
	}
	return ctx
}

func (w *watch) startOn(o *watcher, ctx context.Context, e Event) (out context.Context) {
	out = ctx
	if o.dropped.Load() {
		return
	}
	defer w.drop(o, e)
	if c := o.Start(ctx, e); c != nil {
		out = c
	}
	return
}

func (w *watch) emit(e Event) {
	for _, o := range w.observers {
		w.emitTo(o, e)
	}
}

func (w *watch) emitTo(o *watcher, e Event) {
	if o.dropped.Load() {
		return
	}
	defer w.drop(o, e)
	o.Observe(e)
}

// drop takes an observer that panics out of the rest of the group, and tells
// the others that want to know.
func (w *watch) drop(o *watcher, e Event) {
	if v := recover(); v != nil {
		o.dropped.Store(true)
		w.tellDropped(e, v)
	}
}

func (w *watch) tellDropped(e Event, v any) {
	tell := func(o any) {
		defer func() { _ = recover() }()
		if d, ok := o.(interface{ Dropped(Event, any) }); ok {
			d.Dropped(e, v)
		}
	}
	for _, o := range w.observers {
		if !o.dropped.Load() {
			tell(o.Observer)
		}
	}
	for _, s := range w.sinks {
		tell(s.Owner())
	}
}
