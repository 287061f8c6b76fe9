package otelasap

import (
	"context"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
	"go.opentelemetry.io/otel"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Scope is the name of the instrumentation scope of all spans and metrics.
const Scope = "github.com/asap-go/asap/otelasap"

// Observer is an [asap.Observer] that makes spans and records metrics. It may
// be given to any number of groups, also at the same time and to a group
// and one nested in it; it keeps what it needs of a run until its outermost
// group ends. Its calls never wait, as long as the processors of the tracer
// provider do not. Make it with [New].
type Observer struct {
	tracer trace.Tracer
	meters *instruments
	keys   keys
	types  errorTypes
	starts starts
	each   asap.Observer // tells of runs that have ended
	inside asap.Observer // and of groups in one that goes on: see long
	alone  [2][1]asap.Observer
	runs   sync.Map // of *run, by the upper half of the IDs
}

// New returns an observer that reports to the global providers, or to those of
// the options.
func New(options ...Option) *Observer {
	var c config
	for _, o := range options {
		o.apply(&c)
	}
	if c.tracers == nil {
		c.tracers = otel.GetTracerProvider()
	}
	if c.meters == nil {
		c.meters = otel.GetMeterProvider()
	}
	o := &Observer{
		tracer: c.tracers.Tracer(Scope, trace.WithSchemaURL(semconv.SchemaURL)),
		meters: newInstruments(c.meters),
		types:  errorTypes{of: c.types},
	}
	o.each, o.inside = waterfall.Each(o.runEnded), waterfall.Each(o.runEnded)
	o.alone[0][0], o.alone[1][0] = o.each, o.inside
	return o
}

// Unlabeled says that the observer needs no profiler labels.
func (o *Observer) Unlabeled() {}

func (o *Observer) run(id asap.ID) *run {
	if r, ok := o.runs.Load(id >> 32); ok {
		return r.(*run)
	}
	return nil
}

// Start starts the span of a group or a body and returns ctx with it.
func (o *Observer) Start(ctx context.Context, e asap.Event) context.Context {
	if e.Kind == asap.GroupStart {
		return o.startGroup(ctx, e)
	}
	if r := o.run(e.Group); r != nil {
		return o.startTask(ctx, r, e)
	}
	return ctx
}

// long is how long a group runs whose nested groups tell of themselves from then on, if
// the observer is given to them. It may be that of a server or a worker, and never end.
const long = time.Minute

// Instead says who sees a group: the Observer, if the group's span is recorded, and
// else at most who tells of the whole run, when it has ended, for the metrics.
func (o *Observer) Instead(ctx context.Context, e asap.Event) []asap.Observer {
	if q := quietOf(ctx, o); q != nil && q.group == e.Group {
		switch {
		case !o.meters.enabled(ctx):
			return nil
		case q.around != nil:
			return o.alone[1][:]
		}
		return o.alone[0][:]
	}
	r := o.run(e.Group)
	if r == nil { // in one whose span is not recorded
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.groups[e.Group]
	switch {
	case g == nil || g.asked: // it sees the group already
		return nil
	case g.outer != g && g.outer.mayGoOn(e) && !g.outer.told:
		g.asked, g.outer = true, g
		return []asap.Observer{o.inside}
	case g.outer != g:
		return nil
	case g.around != nil && g.measured:
		g.asked = true
		return []asap.Observer{o, o.inside}
	case !g.measured && g.told: // likewise, through a wrapper
		return nil
	case !g.measured: // each tells of it with the group around it
		g.asked = true
		return []asap.Observer{o}
	}
	g.asked, g.told = true, false
	return []asap.Observer{o, o.each}
}

// Observe takes note of a step, and ends spans.
func (o *Observer) Observe(e asap.Event) {
	r := o.run(e.Group)
	if r == nil {
		if e.Kind != asap.GroupStart || !o.meters.enabled(context.Background()) {
			return
		}
		r = o.openRun(time.Now(), e)
		r.quiet[e.Group] = true
		r.mu.Unlock()
	}
	var other target
	if e.Kind == asap.Blocked && e.On != 0 && e.On>>32 != e.Group>>32 {
		other = o.otherTarget(e.On)
	}
	r.mu.Lock()
	g := r.groups[e.Group]
	if g == nil {
		o.observeQuiet(r, e) // unlocks
		return
	}
	told := g.outer.told
	if e.Task != 0 {
		o.observeTask(r, g, e, other) // unlocks
	} else {
		over := waited{}
		switch {
		case e.Kind == asap.Blocked:
			g.begin(r, e, other)
		case e.Kind == asap.Resumed && g.waits:
			over = g.finish(e)
		}
		r.mu.Unlock()
		over.tell(r, g.span)
		if e.Kind == asap.GroupEnd {
			o.endGroup(r, g, e)
		}
	}
	if told {
		o.each.Observe(e)
	}
}

// observeQuiet takes note of a step of a group whose span is not recorded, and that
// does not ask the Observer's Instead: another one is wrapped around it. It is called
// with the run's mutex, and unlocks it.
func (o *Observer) observeQuiet(r *run, e asap.Event) {
	if e.Kind == asap.GroupStart && !r.quiet[e.Group] {
		r.quiet[e.Group] = true
		r.open++
	}
	known := r.quiet[e.Group]
	if e.Kind == asap.GroupEnd && known {
		delete(r.quiet, e.Group)
		defer o.leave(r, e)
	}
	r.mu.Unlock()
	if known {
		o.each.Observe(e)
	}
}

// openRun returns the run of an outermost group that starts now, with its mutex.
func (o *Observer) openRun(now time.Time, e asap.Event) *run {
	for {
		r := o.run(e.Group)
		if r == nil {
			known, _ := o.runs.LoadOrStore(e.Group>>32, newRun(now, e))
			r = known.(*run)
		}
		r.mu.Lock()
		if !r.left {
			r.open++
			return r
		}
		r.mu.Unlock() // it was forgotten at this moment
	}
}

// leave forgets a run when the last of its groups has ended.
func (o *Observer) leave(r *run, e asap.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
	if r.open == 0 {
		r.left = true
		o.runs.CompareAndDelete(e.Group>>32, r)
	}
}

// observeTask is called with the run's mutex, and unlocks it.
func (o *Observer) observeTask(r *run, g *group, e asap.Event, other target) {
	t := r.tasks[e.Task]
	if t != nil {
		switch e.Kind {
		case asap.Ready:
			t.ready, t.wasReady, t.last = e.At, true, e.On
		case asap.Blocked:
			t.begin(r, e, other)
		}
	}
	r.mu.Unlock()
	switch {
	case t == nil && e.Kind == asap.Declared:
		o.declared(r, g, e)
	case t != nil && e.Kind == asap.Resumed:
		t.resume(r, e)
	case t != nil && e.Kind == asap.Ended:
		o.ended(r, t, e)
	}
}

func (o *Observer) declared(r *run, g *group, e asap.Event) {
	named := name(e.Name)
	t := &task{name: named, series: named, group: g, ctx: g.ctx, deps: e.Deps, declared: e.At, race: e.Race}
	r.mu.Lock()
	around := r.tasks[e.Parent]
	r.mu.Unlock()
	if around != nil && around.of == e.Group {
		t.part, t.series = around, around.name+"[]"
		o.startWhole(r, around)
	}
	t.label, t.of = label{g.name, t.series}, e.Group
	if around != nil && t.part == nil && t.label == secondCall {
		t.label = around.label.hedge()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks[e.Task] = t
	if g.nested {
		g.declared = append(g.declared, e.Task)
	}
}
