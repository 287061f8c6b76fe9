package watch

import (
	"context"
	"runtime/pprof"
	"runtime/trace"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// The steps of a task but for its waits. An entry belongs to the task from
// Declare on, and the steps come one after the other: the engine sees to it.
// Those that cold places call take a nil Group too, at the price of a branch
// that is inlined. With a nil entry no step is noted.

// Declare notes and tells a task, before anybody else knows it, and returns where
// its steps are noted, nil if they are not. Parent is the number of the Race or
// Map that it is a part of, or 0; bits and facts, which may be nil, say what it was
// declared with. Dep yields the number of the ith dependency, which may be 0, and false
// behind the last; it may be nil.
func (w *Group) Declare(name string, parent, bits uint32, facts *record.Facts, dep func(i int) (uint32, bool)) *record.Entry {
	if w.run == nil {
		return nil
	}
	e, _ := w.run.slot(w.run.ids.Add(1))
	e.Group, e.Name = w.number, name
	if parent != 0 {
		e.SetParent(parent)
	}
	for i := 0; dep != nil; i++ {
		on, ok := dep(i)
		if !ok {
			break
		}
		e.Depend(on)
	}
	e.Note(facts)
	at := w.run.now()
	e.Declare(at, bits)
	if len(w.tellers) > 0 {
		w.tellDeclared(e, at)
	}
	return e
}

// Ready notes and tells that nothing holds the task back, since the dependency
// with the number on has ended, or since it was declared if on is 0.
func (w *Group) Ready(e *record.Entry, on uint32, at time.Duration) {
	if w != nil {
		w.noteReady(e, on, at)
	}
}

func (w *Group) noteReady(e *record.Entry, on uint32, at time.Duration) {
	if e == nil {
		return
	}
	e.SetReady(at, on)
	if len(w.tellers) > 0 {
		w.tellReady(e, at, on)
	}
}

// Start notes and tells that the body starts, at the given instant but not
// before it was ready, and returns its context and its region in the trace, nil
// if there is none. The goroutine of the body calls it: it gets the labels, also
// when e is nil.
func (w *Group) Start(e *record.Entry, ctx context.Context, at time.Duration, task string) (context.Context, *trace.Region) {
	ctx = w.Report(e, ctx, at)
	if w.labels {
		ctx = pprof.WithLabels(ctx, pprof.Labels("group", w.name, "task", task))
		pprof.SetGoroutineLabels(ctx)
	}
	if w.trace != nil && trace.IsEnabled() {
		return ctx, trace.StartRegion(ctx, task)
	}
	return ctx, nil
}

// Report is Start without labels and regions, for bodies that run elsewhere.
func (w *Group) Report(e *record.Entry, ctx context.Context, at time.Duration) context.Context {
	if e == nil {
		return ctx
	}
	at = e.Start(at)
	if len(w.tellers) > 0 {
		ctx = w.tellStart(e, at, ctx)
	}
	return ctx
}

// BodyEnd ends the region, which may be nil, and takes the labels from the
// goroutine of the body, which calls it.
func (w *Group) BodyEnd(region *trace.Region) {
	if w != nil {
		w.leaveBody(region)
	}
}

func (w *Group) leaveBody(region *trace.Region) {
	if region != nil {
		region.End()
	}
	if w.labels {
		pprof.SetGoroutineLabels(context.Background())
	}
}

// Ended notes and tells the end of the task, after EndWaits if it had a body.
func (w *Group) Ended(e *record.Entry, outcome uint8, err error, at time.Duration) {
	if w != nil && e != nil {
		w.noteEnd(Ended, e, outcome, err, at)
	}
}

// noteEnd notes and tells the end of a task or of the group. An error that
// nobody reads in the entry is left out of it: it leads to its group and on to
// other entries, and so would keep all there ever were.
func (w *Group) noteEnd(k Kind, e *record.Entry, outcome uint8, err error, at time.Duration) {
	if len(w.readers) > 0 {
		e.End(at, outcome, err)
	} else {
		e.End(at, outcome, nil)
	}
	if len(w.tellers) > 0 {
		w.tellEnd(k, e, at, outcome, err)
	}
}
