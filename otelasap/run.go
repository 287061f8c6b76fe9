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
	outer    *group // the outermost group that it is in, or is itself, or one that tells of itself
	nested   bool   // in a group whose span is recorded
	around   *quiet // of one that tells of itself in another, whose span is not
	ctx      context.Context
	span     trace.Span
	began    time.Duration
	recorded bool      // the span is; else the bodies have no span of their own
	told     bool      // of an outermost one: events are all that is told of it, through a wrapper
	measured bool      // its metrics are those of its events
	asked    bool      // who sees it instead
	declared []asap.ID // the tasks of a nested one, which are forgotten with it
	ended    bool
	end      asap.Event // of an outermost one, until its critical path is known
	waiting
}

// waiting is what is known of the waits of a body, or of a group outside of any.
type waiting struct {
	waits bool
	since time.Duration
	on    target
}

// target is what is waited for. A run may forget it before the wait ends, or have ended
// itself.
type target struct {
	id   asap.ID
	name string
	of   *run
	task *task // nil of a group, and of what nobody knows
}

// target returns what has that ID, and is called without a mutex if it may be of
// another run than the one that asks: no two are held at once.
func (r *run) target(id asap.ID) target {
	w := target{id: id, of: r}
	if w.task = r.tasks[id]; w.task != nil {
		w.name = w.task.name
	} else if g := r.groups[id]; g != nil {
		w.name = g.name
	}
	return w
}

// otherTarget is target, of another run, or of none if there is none.
func (o *Observer) otherTarget(id asap.ID) target {
	of := o.run(id)
	if of == nil {
		return target{id: id}
	}
	of.mu.Lock()
	defer of.mu.Unlock()
	return of.target(id)
}

// task is what is known of a task. Its calls come one after the other; the
// run's mutex is for those of its dependents and parts.
type task struct {
	name   string
	series string  // the name on spans
	label  label   // and on metrics
	group  *group  // nil when it has ended
	of     asap.ID // of that group
	part   *task   // of this Map or Race
	race   bool
	deps   []asap.ID
	last   asap.ID // the dependency that ended last
	ctx    context.Context
	span   trace.Span        // nil: it has not started, and never may; has ended; or has none of its own
	at     trace.SpanContext // of the span, also when it has ended
	began  bool              // it has started
	whole  bool              // it is a Map or a Race, which starts with its parts
	once   sync.Once         // it does

	outcome                  asap.Outcome
	declared, ready, started time.Duration
	wasReady                 bool
	blocked                  time.Duration // in all
	linked                   []asap.ID     // what it has awaited
	links                    int           // of its span
	waiting
}

// mayGoOn tells whether a group in g that starts now does not wait for the end of g to be
// told. What is nested in one of those does.
func (g *group) mayGoOn(e asap.Event) bool {
	return !g.nested && g.around == nil && e.At-g.began >= long
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

// forget forgets a nested group that has ended. The one around may never end, as that
// of a server.
func (r *run) forget(id asap.ID) {
	if g := r.groups[id]; g != nil {
		for _, t := range g.declared {
			delete(r.tasks, t)
		}
		delete(r.groups, id)
	}
}

// finder finds the spans of what is depended on: a task's own, or, of one that runs
// nothing, as an Input and a Gather, those of its dependencies. A task that never ran
// although it has a body leads to nothing.
type finder struct {
	of   *run
	room int // for how many spans
	seen map[*task]bool
}

// maxSeen is how many tasks that run nothing are looked through for one link.
const maxSeen = 1024

func (f *finder) spans(t *task, found []trace.SpanContext) []trace.SpanContext {
	switch {
	case t == nil || len(found) >= f.room:
	case t.at.IsValid():
		if t.at.IsSampled() { // else the link would lead nowhere
			found = append(found, t.at)
		}
	case (t.outcome == asap.Succeeded || t.outcome == asap.LeftOut) && len(t.deps) <= maxLinks:
		if f.seen[t] || len(f.seen) >= maxSeen {
			return found
		}
		if f.seen == nil {
			f.seen = make(map[*task]bool)
		}
		f.seen[t] = true
		for _, d := range t.deps {
			found = f.spans(f.of.tasks[d], found)
		}
	}
	return found
}

// maxLinks is how many links a span has, and how many dependencies of a Gather are
// linked: as many as a span takes by default, and it drops those that came first.
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
