package otelasap

import (
	"context"
	"sync"

	"github.com/asap-go/asap"
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
	return &Observer{
		tracer: c.tracers.Tracer(Scope, trace.WithSchemaURL(semconv.SchemaURL)),
		meters: newInstruments(c.meters),
	}
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
	r := o.run(e.Group)
	if r == nil {
		if e.Kind != asap.GroupStart {
			return ctx
		}
		r = newRun(e)
		o.runs.Store(e.Group>>32, r)
	}
	if e.Kind == asap.GroupStart {
		return o.startGroup(ctx, r, e)
	}
	return o.startTask(ctx, r, e)
}

// Observe takes note of a step, and ends spans.
func (o *Observer) Observe(e asap.Event) {
	r := o.run(e.Group)
	if r == nil {
		return
	}
	if r.rec != nil {
		r.rec.Observe(e)
	}
	if e.Task == 0 {
		if e.Kind == asap.GroupEnd {
			o.endGroup(r, e)
		}
		return
	}
	r.mu.Lock()
	t := r.tasks[e.Task]
	if t == nil {
		if e.Kind == asap.Declared {
			o.declared(r, e)
		}
		r.mu.Unlock()
		return
	}
	switch e.Kind {
	case asap.Ready:
		t.ready, t.wasReady, t.last = e.At, true, e.On
	case asap.Blocked:
		o.blocked(r, t, e)
	case asap.Resumed:
		o.resumed(r, t, e)
	}
	r.mu.Unlock()
	if e.Kind == asap.Ended {
		o.ended(r, t, e)
	}
}

// declared is called with the run's mutex.
func (o *Observer) declared(r *run, e asap.Event) {
	g := r.groups[e.Group]
	if g == nil {
		return
	}
	t := &task{name: e.Name, series: e.Name, group: g, ctx: g.ctx, deps: e.Deps, declared: e.At}
	if p := r.tasks[e.Parent]; p != nil && e.Parent != g.parent {
		t.part, t.series = p, p.name+"[]"
		o.startWhole(r, p)
	}
	r.tasks[e.Task] = t
}
