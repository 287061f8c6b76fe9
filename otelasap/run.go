package otelasap

import (
	"context"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"go.opentelemetry.io/otel/trace"
)

// run is all that is told by events of groups that share the upper half of their IDs:
// outermost ones, whose spans are recorded, and what is nested in them. It is kept
// until the last of them ends.
type run struct {
	began time.Time // the instant of At 0

	mu     sync.Mutex // guards what follows and every group and task in it
	groups map[asap.ID]*group
	tasks  map[asap.ID]*task
	quiet  map[asap.ID]bool // groups whose spans are not recorded, and that report events
	open   int              // those, and the outermost ones whose spans are, that have not ended
	left   bool             // it was forgotten, after the last of them
}

// group is what is known of a group.
type group struct {
	name     string
	outer    *group // the outermost group that it is in, or is itself
	ctx      context.Context
	span     trace.Span
	began    time.Duration
	recorded bool // the span is; else the bodies have no span of their own
	told     bool // of an outermost one: events are all that is told of it, through a wrapper
	measured bool // its metrics are those of its events
	asked    bool // who sees it instead
	ended    bool
	end      asap.Event // of an outermost one, until its critical path is known
	waiting
}

// waiting is what is known of the waits of a body, or of a group outside of any.
type waiting struct {
	waits bool
	since time.Duration
	on    asap.ID
}

// task is what is known of a task. Its calls come one after the other; the
// run's mutex is for those of its dependents and parts.
type task struct {
	name   string
	series string // the name on spans
	label  label  // and on metrics
	group  *group // nil when it has ended
	part   *task  // of this Map or Race
	race   bool
	deps   []asap.ID
	last   asap.ID // the dependency that ended last
	ctx    context.Context
	span   trace.Span // nil: it has not started, and never may; or has none of its own
	began  bool       // it has started
	whole  bool       // it is a Map or a Race, which starts with its parts

	outcome                  asap.Outcome
	declared, ready, started time.Duration
	wasReady                 bool
	blocked                  time.Duration // in all
	linked                   []asap.ID     // what it has awaited
	waiting
}

func (r *run) time(at time.Duration) time.Time { return r.began.Add(at) }

// newRun begins a run with a group that starts now. An outermost group starts at 0;
// one of which only the inner part is observed, later.
func newRun(now time.Time, e asap.Event) *run {
	return &run{
		began:  now.Add(-e.At),
		groups: make(map[asap.ID]*group),
		tasks:  make(map[asap.ID]*task),
		quiet:  make(map[asap.ID]bool),
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

// spansOf calls f with the spans of what is depended on: its own, or, of a task that
// runs nothing, as an Input and a Gather, those of its dependencies. A task that never
// ran although it has a body leads to nothing.
func (r *run) spansOf(id asap.ID, f func(trace.SpanContext)) {
	t := r.tasks[id]
	switch {
	case t == nil:
	case t.span != nil:
		f(t.span.SpanContext())
	case (t.outcome == asap.Succeeded || t.outcome == asap.LeftOut) && len(t.deps) <= maxLinks:
		for _, d := range t.deps {
			r.spansOf(d, f)
		}
	}
}

// maxLinks is how many dependencies of a Gather are linked, and how many tasks that a
// body awaits: as many as a span takes by default.
const maxLinks = 128

// outcomeOf is the outcome to tell: a function of a Race that fails by itself is
// tolerated, for what it means is the Race's to say.
func (t *task) outcomeOf(e asap.Event) asap.Outcome {
	return told(e.Outcome, t.part != nil && t.part.race)
}

func told(o asap.Outcome, ofRace bool) asap.Outcome {
	if o == asap.Failed && ofRace {
		return asap.Tolerated
	}
	return o
}
