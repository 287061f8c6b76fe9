package otelasap

import (
	"context"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
	"go.opentelemetry.io/otel/trace"
)

// run is an outermost observed group with all that is nested in it. It is kept
// until that group ends.
type run struct {
	root  asap.ID
	began time.Time           // the instant of At 0
	rec   *waterfall.Recorder // for the critical path; nil if nobody wants it

	mu     sync.Mutex // guards what follows and every task in it
	groups map[asap.ID]*group
	tasks  map[asap.ID]*task
}

// group is what is known of a group.
type group struct {
	name   string
	parent asap.ID
	ctx    context.Context // with the group's span
	span   trace.Span
	began  time.Duration
}

// task is what is known of a task. Its calls come one after the other; the
// run's mutex is for those of its dependents and parts.
type task struct {
	name   string
	series string // the name on metrics and spans
	group  *group
	part   *task // of this Map or Race
	deps   []asap.ID
	last   asap.ID // the dependency that ended last
	ctx    context.Context
	span   trace.Span // nil: it has not started, and never may

	declared, ready, started time.Duration
	wasReady                 bool
	blocked                  time.Duration // in all
	since                    time.Duration
	on                       asap.ID
	waits                    bool
}

func (r *run) time(at time.Duration) time.Time { return r.began.Add(at) }

// newRun begins the run that a group starts. An outermost group starts at 0;
// one of which only the inner part is observed, later.
func newRun(e asap.Event) *run {
	return &run{
		root:   e.Group,
		began:  time.Now().Add(-e.At),
		groups: make(map[asap.ID]*group),
		tasks:  make(map[asap.ID]*task),
	}
}

// nameOf is the name of a task or a group, for people.
func (r *run) nameOf(id asap.ID) string {
	if t := r.tasks[id]; t != nil {
		return t.name
	}
	if g := r.groups[id]; g != nil {
		return g.name
	}
	return ""
}

// spansOf calls f with the spans of a dependency: its own, or, of a task that
// has none because it runs nothing, as a Gather, those of its dependencies.
func (r *run) spansOf(id asap.ID, f func(trace.SpanContext)) {
	t := r.tasks[id]
	switch {
	case t == nil:
	case t.span != nil:
		f(t.span.SpanContext())
	case len(t.deps) <= maxLinks:
		for _, d := range t.deps {
			r.spansOf(d, f)
		}
	}
}

// maxLinks is how many dependencies of a Gather are linked: as many as a span
// takes by default.
const maxLinks = 128
