package otelasap

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

func (o *Observer) startTask(ctx context.Context, r *run, e asap.Event) context.Context {
	r.mu.Lock()
	t := r.tasks[e.Task]
	switch {
	case t == nil || t.group == nil:
		r.mu.Unlock()
		return ctx
	case t.began:
		span := t.span
		r.mu.Unlock()
		if span != nil {
			ctx = trace.ContextWithSpan(ctx, span)
		}
		return ctx
	}
	t.began, t.started = true, e.At
	if !t.group.recorded {
		r.mu.Unlock()
		return ctx
	}
	if t.part != nil && t.part.span != nil {
		ctx = trace.ContextWithSpan(ctx, t.part.span)
	}
	return o.startSpan(ctx, r, t, e.At) // unlocks
}

// startSpan is called with the run's mutex, and unlocks it: samplers and processors
// are the user's. What is done with the task at the same time has no need of its span.
func (o *Observer) startSpan(ctx context.Context, r *run, t *task, at time.Duration) context.Context {
	options := [3]trace.SpanStartOption{
		trace.WithTimestamp(r.time(at)),
		trace.WithAttributes(GroupName.String(t.group.name), TaskName.String(t.name)),
	}
	n := 2
	if len(t.deps) > 0 {
		options[n] = trace.WithLinks(r.links(t)...)
		n++
	}
	r.mu.Unlock()
	ctx, span := o.tracer.Start(ctx, t.series, options[:n]...)
	r.mu.Lock()
	t.ctx, t.span, t.at = ctx, span, span.SpanContext()
	r.mu.Unlock()
	return ctx
}

// startWhole starts the span of a Map or a Race, which has no body, when the
// first of its parts is declared. The others wait for it: they are in it.
func (o *Observer) startWhole(r *run, t *task) {
	t.once.Do(func() {
		r.mu.Lock()
		if t.group == nil { // it has ended
			r.mu.Unlock()
			return
		}
		t.began, t.whole, t.started = true, true, t.declared
		if t.wasReady {
			t.started = t.ready
		}
		if !t.group.recorded {
			r.mu.Unlock()
			return
		}
		o.startSpan(t.group.ctx, r, t, t.started) // unlocks
	})
}

// Attributes of links; nobody writes to them.
var (
	declaredLink = []attribute.KeyValue{LinkKind.String("declared")}
	lastLink     = []attribute.KeyValue{LinkKind.String("declared"), LinkLast.Bool(true)}
	awaitedLink  = []attribute.KeyValue{LinkKind.String("awaited")}
)

// links are those to the declared dependencies. That to the one that ended last is the
// last: of more links than a span takes, those that came first are dropped.
func (r *run) links(t *task) []trace.Link {
	last := finder{of: r, room: maxLinks}.links(t.last, lastLink)
	var links []trace.Link
	for _, d := range t.deps {
		f := finder{of: r, room: maxLinks - len(last) - len(links)}
		if f.room == 0 {
			break
		}
		if d != t.last {
			links = append(links, f.links(d, declaredLink)...)
		}
	}
	links = append(links, last...)
	t.links = len(links)
	return links
}

// links are those to a dependency.
func (f finder) links(d asap.ID, attributes []attribute.KeyValue) (links []trace.Link) {
	for _, at := range f.spans(f.of.tasks[d], nil) {
		links = append(links, trace.Link{SpanContext: at, Attributes: attributes})
	}
	return links
}

// begin takes note of a wait that begins. What it is for is other, if that is of another
// run.
func (w *waiting) begin(r *run, e asap.Event, other target) {
	if w.waits {
		return
	}
	w.waits, w.since, w.on = true, e.At, other
	if other.id == 0 {
		w.on = r.target(e.On)
	}
}

// finish ends a wait.
func (w *waiting) finish(e asap.Event) waited {
	w.waits = false
	over := waited{w.since, max(0, e.At-w.since), w.on}
	w.on = target{}
	return over
}

// waited is a wait that is over.
type waited struct {
	since, time time.Duration
	on          target
}

// tell tells of a wait on a span, unless it took no time.
func (w waited) tell(r *run, span trace.Span) {
	if w.time == 0 || span == nil {
		return
	}
	attributes := append(make([]attribute.KeyValue, 0, 2), TaskBlocked.Float64(w.time.Seconds()))
	if w.on.name != "" { // else in Blocking, or nobody knows
		attributes = append(attributes, BlockedOn.String(w.on.name))
	}
	span.AddEvent("blocked", trace.WithTimestamp(r.time(w.since)), trace.WithAttributes(attributes...))
}

// resume ends a wait of the body. Only now has what it waited for a span, if it had
// not begun before.
func (t *task) resume(r *run, e asap.Event) {
	r.mu.Lock()
	if !t.waits {
		r.mu.Unlock()
		return
	}
	w, span := t.finish(e), t.span // which a goroutine that was left behind no longer has
	t.blocked += w.time
	f := finder{of: w.on.of, room: maxLinks - t.links}
	known := w.on.task == nil || slices.Contains(t.linked, w.on.id)
	r.mu.Unlock()
	w.tell(r, span)
	if span == nil || known || f.room == 0 {
		return
	}
	w.on.of.mu.Lock()
	found := f.spans(w.on.task, nil)
	w.on.of.mu.Unlock()
	if len(found) == 0 {
		return
	}
	for _, at := range found {
		span.AddLink(trace.Link{SpanContext: at, Attributes: awaitedLink})
	}
	r.mu.Lock()
	t.links += len(found)
	t.linked = append(t.linked, w.on.id)
	r.mu.Unlock()
}

func (o *Observer) ended(r *run, t *task, e asap.Event) {
	r.mu.Lock()
	if t.group == nil { // the observer has seen it
		r.mu.Unlock()
		return
	}
	g, span, ctx, outcome := t.group, t.span, t.ctx, t.outcomeOf(e)
	t.outcome = e.Outcome
	t.deps = depsWithoutSpan(t)
	t.group, t.part, t.ctx, t.span, t.linked = nil, nil, nil, nil, nil
	r.mu.Unlock()

	if g.measured {
		m := measured{label: t.label, outcome: outcome, ran: t.began && !t.whole, whole: t.whole, blocked: t.blocked}
		if isError(outcome) {
			m.errorType = o.types.outcome(outcome, e.Err)
		}
		if m.took = e.At - t.started; t.wasReady {
			m.queued = t.started - t.ready
		}
		o.meters.task(ctx, &m, nil)
	}
	if span == nil {
		if e.Outcome == asap.Skipped && g.recorded {
			g.span.AddEvent("skipped", trace.WithTimestamp(r.time(e.At)), trace.WithAttributes(
				TaskName.String(t.name), SkippedBecause.String(text(e.Err.Error()))))
		}
		return
	}
	at := trace.WithTimestamp(r.time(e.At))
	if span.IsRecording() {
		attributes := append(make([]attribute.KeyValue, 0, 4), outcomeOf(outcome))
		if word := o.types.outcome(outcome, e.Err); word != "" { // before what can be done without
			attributes = append(attributes, typeAttribute(word))
		}
		if t.wasReady && t.started > t.ready {
			attributes = append(attributes, TaskQueued.Float64((t.started - t.ready).Seconds()))
		}
		if t.blocked > 0 {
			attributes = append(attributes, TaskBlocked.Float64(t.blocked.Seconds()))
		}
		span.SetAttributes(attributes...)
		status(span, outcome, e, at)
	}
	span.End(at)
}

// depsWithoutSpan keeps what links to a task without a span lead on to.
func depsWithoutSpan(t *task) []asap.ID {
	if t.span != nil {
		return nil
	}
	return t.deps
}

// status sets what went wrong, if it was the body's own doing.
func status(span trace.Span, outcome asap.Outcome, e asap.Event, at trace.SpanEventOption) {
	switch outcome {
	case asap.Failed:
		span.SetStatus(codes.Error, bodyText(e))
	case asap.Tolerated: // the others went on without it
		span.AddEvent(semconv.ExceptionEventName, at, trace.WithAttributes(
			semconv.ExceptionMessage(bodyText(e)), semconv.ExceptionType(typeName(e.Err))))
	case asap.Panicked:
		span.SetStatus(codes.Error, "panic")
		if p, ok := errors.AsType[*asap.PanicError](e.Err); ok {
			span.AddEvent(semconv.ExceptionEventName, at, trace.WithAttributes(semconv.ExceptionType(panicType),
				semconv.ExceptionMessage(panicText(p)), semconv.ExceptionStacktrace(text(string(p.Stack)))))
		}
	case asap.Goexited:
		span.SetStatus(codes.Error, "runtime.Goexit")
	}
}
