package asap

import (
	"context"
	"math/rand/v2"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"
)

// watch is what a group that somebody looks at has: observers, pprof labels,
// or a task of the Go tracer. A group that nobody looks at has none, and each
// step asks for it with one branch.
type watch struct {
	base      *watchBase
	id        ID
	observers []*watcher
	labels    bool
	trace     *trace.Task

	noWaits waitLog // stands for the log of a body that has ended without one
	sides   slab[side]
	deps    slab[ID]
}

// watchBase is shared by an outermost observed group and those nested in it.
type watchBase struct {
	start time.Time
	run   ID // the upper half of every ID, drawn so that one observer can tell runs apart
	ids   atomic.Uint32
}

func (b *watchBase) now() time.Duration { return time.Since(b.start) }

type watcher struct {
	Observer
	dropped atomic.Bool
}

// slab hands out values from arrays of 64, for what an observed group needs
// for each task.
type slab[T any] struct {
	mu   sync.Mutex
	rest []T
}

func (s *slab[T]) next() *T { return &s.take(1)[0] }

// take returns n adjacent values.
func (s *slab[T]) take(n int) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rest) < n {
		s.rest = make([]T, max(n, 64))
	}
	out := s.rest[:n:n]
	s.rest = s.rest[n:]
	return out
}

// isWatched reports whether anybody looks at the group.
func (g *Group) isWatched(c *config) bool {
	return trace.IsEnabled() || g.owner != nil && g.owner.group.watch != nil ||
		c != nil && (c.named || len(c.observers) > 0)
}

func newWatch(g *Group, c *config) *watch {
	var outer *watch
	if g.owner != nil {
		outer = g.owner.group.watch
	}
	w := &watch{labels: c.named}
	var base *watchBase
	if outer != nil {
		base = outer.base
		w.labels = w.labels || outer.labels
		for _, o := range outer.observers {
			w.observers = append(w.observers, &watcher{Observer: o.Observer})
		}
	}
	for _, o := range c.observers {
		w.observers = append(w.observers, &watcher{Observer: o})
		if _, ok := o.(interface{ Unlabeled() }); !ok {
			w.labels = true
		}
	}
	tracing := trace.IsEnabled()
	if base == nil {
		base = &watchBase{start: time.Now(), run: ID(rand.Uint32()) << 32}
	}
	w.base = base
	w.id = w.newID()
	if tracing {
		name := g.name
		if name == "" {
			name = "asap.Group"
		}
		g.parent, w.trace = trace.NewTask(g.parent, name)
	}
	e := w.event(g, GroupStart, nil, 0)
	if outer != nil {
		e.At = base.now()
	}
	g.parent = w.begin(g.parent, e)
	w.emit(e)
	return w
}

func (w *watch) newID() ID { return w.base.run | ID(w.base.ids.Add(1)) }

func (w *watch) event(g *Group, k Kind, n *node, at time.Duration) Event {
	e := Event{Kind: k, At: at, Group: w.id, Name: g.name}
	if n != nil {
		e.Task, e.Name = n.watchedID(), n.label()
		e.Parent = n.parentID()
	} else if g.owner != nil {
		e.Parent = g.owner.watchedID()
	}
	return e
}

func (n *node) watchedID() ID {
	if s := n.side.Load(); s != nil {
		return s.id
	}
	return 0
}

func (n *node) parentID() ID {
	if n.kind&(element|entrant) != 0 {
		return n.body.(interface{ parent() *node }).parent().watchedID()
	}
	if o := n.group.owner; o != nil {
		return o.watchedID()
	}
	return 0
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
	v := recover()
	if v == nil {
		return
	}
	o.dropped.Store(true)
	for _, p := range w.observers {
		if d, ok := p.Observer.(interface{ Dropped(Event, any) }); ok && p != o {
			func() {
				defer func() { _ = recover() }()
				d.Dropped(e, v)
			}()
		}
	}
}

func (w *watch) declared(n *node) {
	n.takeSide(w.sides.next()).id = w.newID()
	if len(w.observers) == 0 {
		return
	}
	e := w.event(n.group, Declared, n, w.base.now())
	if n.kind&race == 0 {
		k := 0
		for n.body.dep(k) != nil {
			k++
		}
		if k > 0 {
			e.Deps = w.deps.take(k)
		}
		for i := range e.Deps {
			e.Deps[i] = n.body.dep(i).watchedID()
		}
	}
	w.emit(e)
}

func (w *watch) ready(n, dep *node, at time.Duration) {
	if len(w.observers) == 0 {
		return
	}
	e := w.event(n.group, Ready, n, at)
	if dep != nil {
		e.On = dep.watchedID()
	}
	w.emit(e)
}

// prepare returns the context of a body that starts, and says that it does.
func (g *Group) prepare(n *node, at time.Duration) context.Context {
	var ctx context.Context = n
	s := n.sideOf()
	if n.kind&entrant != 0 {
		ctx = n.body.(racer).race().context(n)
	}
	if w := g.watch; w != nil {
		e := w.event(g, Started, n, at)
		ctx = w.begin(ctx, e)
		w.emit(e)
		if w.labels {
			ctx = pprof.WithLabels(ctx, pprof.Labels("group", g.name, "task", n.label()))
			pprof.SetGoroutineLabels(ctx)
		}
		if w.trace != nil && trace.IsEnabled() {
			s.region = trace.StartRegion(ctx, n.label())
		}
	}
	if ctx != context.Context(n) {
		s.ctx = ctx
	}
	return ctx
}

func (w *watch) bodyEnd(n *node) {
	if w.trace != nil {
		s := n.side.Load()
		if s.region != nil {
			s.region.End()
			s.region = nil
		}
	}
	if w.labels {
		pprof.SetGoroutineLabels(context.Background())
	}
}

func (w *watch) blocked(n, on *node, group *Group, at time.Duration) {
	if len(w.observers) == 0 {
		return
	}
	e := w.event(n.group, Blocked, n, at)
	switch {
	case group != nil && group.watch != nil:
		e.On = group.watch.id
	case on != nil:
		e.On = on.watchedID()
	}
	w.wait(n, e)
}

func (w *watch) resumed(n *node, at time.Duration) {
	if len(w.observers) > 0 {
		w.wait(n, w.event(n.group, Resumed, n, at))
	}
}

func (w *watch) resumedNow(n *node) { w.resumed(n, w.base.now()) }

// passed reports a wait for a task that is done already: the body depends on
// it all the same.
func (w *watch) passed(n, on *node) {
	at := w.base.now()
	w.blocked(n, on, nil, at)
	w.resumed(n, at)
}

func (w *watch) ended(n *node, at time.Duration) {
	if len(w.observers) == 0 {
		return
	}
	w.endWaits(n)
	e := w.event(n.group, Ended, n, at)
	e.Outcome, e.Err = Succeeded, n.error()
	if f := n.failure(); f != nil {
		e.Outcome = f.outcome
	}
	w.emit(e)
}

func (w *watch) groupEnd(g *Group) {
	e := w.event(g, GroupEnd, nil, w.base.now())
	e.Err = g.result
	e.Outcome = g.outcome()
	w.emit(e)
	if w.trace != nil {
		w.trace.End()
	}
}

// outcome is how the group as a whole ended.
func (g *Group) outcome() Outcome {
	end, b := g.end.Load(), g.ledger()
	switch {
	case b.panicked != nil:
		return Panicked
	case b.goexit != nil:
		return Goexited
	case end != nil && end.why == byExit:
		return Exited
	case g.result == nil:
		return Succeeded
	case len(b.failures) > 0:
		return Failed
	}
	return Canceled
}
