package asap

import (
	"math/rand/v2"
	"runtime/trace"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// watch is what a group that somebody looks at has: observers, pprof labels,
// or a task of the Go tracer. A group that nobody looks at has none, and each
// step asks for it with one branch.
type watch struct {
	base      *watchBase    // nil without observers
	entry     *record.Entry // of the group
	observers []*watcher    // that are called for each event
	sinks     []record.Sink // observers that read the table of entries
	own       []record.Sink // of sinks, those that the group around this one does not have
	table     *record.Table // for own, until the group ends
	outermost bool          // of the observed groups
	labels    bool
	trace     *trace.Task

	noWaits waitLog // stands for the log of a body that has ended without one
}

// watchBase is shared by an outermost observed group and those nested in it.
type watchBase struct {
	start time.Time
	clock func() time.Time // an executor's, nil for that of this process
	run   ID               // the upper half of every ID, drawn so that one observer can tell runs apart
	ids   atomic.Uint32
	chunk atomic.Pointer[slots]
	table atomic.Pointer[record.Table] // nil until somebody reads it
	mu    sync.Mutex                   // guards changes of chunk and table
}

type watcher struct {
	Observer
	dropped atomic.Bool
}

// isWatched reports whether anybody looks at the group.
func (g *Group) isWatched(c *config) bool {
	return trace.IsEnabled() || g.owner != nil && g.owner.group.watch != nil ||
		c != nil && (c.named || len(c.observers) > 0)
}

func newWatch(g *Group, c *config) *watch {
	w := &watch{labels: c.named}
	var outer *watch
	if g.owner != nil {
		outer = g.owner.group.watch
	}
	if outer != nil {
		w.base, w.sinks = outer.base, outer.sinks
		w.labels = w.labels || outer.labels
		for _, o := range outer.observers {
			w.observers = append(w.observers, &watcher{Observer: o.Observer})
		}
	}
	for _, o := range c.observers {
		w.add(o)
	}
	if trace.IsEnabled() {
		name := g.name
		if name == "" {
			name = "asap.Group"
		}
		g.parent, w.trace = trace.NewTask(g.parent, name)
	}
	if len(w.observers)+len(w.sinks) > 0 {
		w.start(g)
	}
	return w
}

// add adds an observer that the group was given.
func (w *watch) add(o Observer) {
	if _, ok := o.(interface{ Unlabeled() }); !ok {
		w.labels = true
	}
	if s := sinkOf(o); s == nil {
		w.observers = append(w.observers, &watcher{Observer: o})
	} else if !slices.Contains(w.sinks, s) {
		w.own = append(w.own, s)
		w.sinks = append(slices.Clip(w.sinks), s)
	}
}

// sinkOf returns o as one that reads the table, nil if it has to be called:
// also when o only embeds one that reads.
func sinkOf(o Observer) record.Sink {
	if r, ok := o.(interface{ Sink() record.Sink }); ok {
		if s := r.Sink(); s != nil && s.Owner() == any(o) {
			return s
		}
	}
	return nil
}

// start reports the start of the group.
func (w *watch) start(g *Group) {
	at := time.Duration(0)
	if w.base == nil {
		w.outermost = true
		w.base = &watchBase{start: time.Now(), run: ID(rand.Uint32()) << 32}
		if g.remote != nil {
			if x, ok := g.remote.exec.(interface{ Now() time.Time }); ok {
				w.base.start, w.base.clock = x.Now(), x.Now
			}
		}
	} else {
		at = w.base.now()
	}
	if len(w.own) > 0 {
		w.table = w.base.tableOf()
	}
	w.entry = w.base.slot()
	w.entry.Group, w.entry.Name = w.entry.Number, g.name
	if g.owner != nil {
		w.entry.SetParent(g.owner.number())
	}
	w.entry.Begin(at, 0)
	for _, s := range w.own {
		s.Began(w.table, w.entry.Number)
	}
	if len(w.observers) > 0 {
		g.parent = w.tellStart(GroupStart, w.entry, at, g.parent)
	}
}

func (w *watch) groupEnd(g *Group) {
	if w.base != nil {
		at, outcome := w.base.now(), g.outcome()
		w.noteEnd(w.entry, at, outcome, g.result)
		if len(w.observers) > 0 {
			w.tellEnd(GroupEnd, w.entry, at, outcome, g.result)
		}
		for _, s := range w.own {
			w.endSink(s)
		}
		if w.table = nil; w.outermost {
			w.base.table.Store(nil) // a task that is kept keeps it no longer
		}
	}
	if w.trace != nil {
		w.trace.End()
	}
}

func (w *watch) endSink(s record.Sink) {
	defer w.sinkPanicked()
	s.Ended(w.table, w.entry.Number)
}

func (w *watch) sinkPanicked() {
	if v := recover(); v != nil {
		w.tellDropped(w.event(GroupEnd, w.entry, w.entry.Ended), v)
	}
}

// outcome is how the group as a whole ended.
func (g *Group) outcome() Outcome {
	end, b := g.end.Load(), g.book.Load()
	switch {
	case b != nil && b.panicked != nil:
		return Panicked
	case b != nil && b.goexit != nil:
		return Goexited
	case end != nil && end.why == byExit:
		return Exited
	case g.result == nil:
		return Succeeded
	case b != nil && len(b.failures) > 0:
		return Failed
	}
	return Canceled
}
