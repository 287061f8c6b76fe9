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
	defer r.mu.Unlock()
	t := r.tasks[e.Task]
	if t == nil || t.group == nil {
		return ctx
	}
	if t.began {
		if t.span != nil {
			ctx = trace.ContextWithSpan(ctx, t.span)
		}
		return ctx
	}
	t.began, t.started = true, e.At
	if !t.group.recorded {
		return ctx
	}
	if t.part != nil && t.part.span != nil {
		ctx = trace.ContextWithSpan(ctx, t.part.span)
	}
	return o.startSpan(ctx, r, t, e.At)
}

// startSpan is called with the run's mutex.
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
	ctx, t.span = o.tracer.Start(ctx, t.series, options[:n]...)
	t.ctx = ctx
	return ctx
}

// startWhole starts the span of a Map or a Race, which has no body, when the
// first of its parts is declared. It is called with the run's mutex.
func (o *Observer) startWhole(r *run, t *task) {
	if t.began {
		return
	}
	t.began, t.whole, t.started = true, true, t.declared
	if t.wasReady {
		t.started = t.ready
	}
	if !t.group.recorded {
		return
	}
	o.startSpan(t.group.ctx, r, t, t.started)
}

// Attributes of links; nobody writes to them.
var (
	declaredLink = []attribute.KeyValue{LinkKind.String("declared")}
	lastLink     = []attribute.KeyValue{LinkKind.String("declared"), LinkLast.Bool(true)}
	awaitedLink  = []attribute.KeyValue{LinkKind.String("awaited")}
)

func (r *run) links(t *task) []trace.Link {
	var links []trace.Link
	for _, d := range t.deps {
		r.spansOf(d, func(c trace.SpanContext) {
			l := trace.Link{SpanContext: c, Attributes: declaredLink}
			if d == t.last {
				l.Attributes = lastLink
			}
			links = append(links, l)
		})
	}
	return links
}

// begin takes note of a wait that begins, and reports whether it does.
func (w *waiting) begin(e asap.Event) {
	if !w.waits {
		w.waits, w.since, w.on = true, e.At, e.On
	}
}

// finish ends a wait, and tells of it on a span unless it took no time.
func (w *waiting) finish(r *run, span trace.Span, e asap.Event) time.Duration {
	w.waits = false
	d := e.At - w.since
	if d <= 0 || span == nil {
		return max(d, 0)
	}
	attributes := append(make([]attribute.KeyValue, 0, 2), TaskBlocked.Float64(d.Seconds()))
	if w.on != 0 { // else in Blocking, or nobody knows
		attributes = append(attributes, BlockedOn.String(r.nameOf(w.on)))
	}
	span.AddEvent("blocked", trace.WithTimestamp(r.time(w.since)), trace.WithAttributes(attributes...))
	return d
}

// resume ends a wait of the body. Only now has what it waited for a span, if it had
// not begun before.
func (t *task) resume(r *run, e asap.Event) {
	if !t.waits {
		return
	}
	t.blocked += t.finish(r, t.span, e)
	if t.span == nil || len(t.linked) >= maxLinks || slices.Contains(t.linked, t.on) {
		return
	}
	found := false
	r.spansOf(t.on, func(c trace.SpanContext) {
		found = true
		t.span.AddLink(trace.Link{SpanContext: c, Attributes: awaitedLink})
	})
	if found {
		t.linked = append(t.linked, t.on)
	}
}

func (o *Observer) ended(r *run, t *task, e asap.Event) {
	r.mu.Lock()
	if t.group == nil { // the observer has seen it
		r.mu.Unlock()
		return
	}
	g, span, ctx, outcome := t.group, t.span, t.ctx, t.outcomeOf(e)
	t.outcome = e.Outcome
	t.group, t.part, t.ctx, t.linked, t.deps = nil, nil, nil, nil, depsWithoutSpan(t)
	r.mu.Unlock()

	if g.measured {
		m := measured{label: t.label, outcome: outcome, ran: t.began && !t.whole, whole: t.whole, blocked: t.blocked}
		if isError(outcome) {
			m.errorType = errorType(outcome, e.Err)
		}
		if m.took = e.At - t.started; t.wasReady {
			m.queued = t.started - t.ready
		}
		o.meters.task(ctx, &m)
	}
	if span == nil {
		if e.Outcome == asap.Skipped && g.recorded {
			g.span.AddEvent("skipped", trace.WithTimestamp(r.time(e.At)), trace.WithAttributes(
				TaskName.String(t.name), SkippedBecause.String(e.Err.Error())))
		}
		return
	}
	at := trace.WithTimestamp(r.time(e.At))
	if span.IsRecording() {
		attributes := append(make([]attribute.KeyValue, 0, 3), outcomeOf(outcome))
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
func status(span trace.Span, o asap.Outcome, e asap.Event, at trace.SpanEventOption) {
	if name := errorType(o, e.Err); name != "" {
		span.SetAttributes(typeAttribute(name))
	}
	switch o {
	case asap.Failed:
		span.SetStatus(codes.Error, bodyText(e))
	case asap.Tolerated: // the others went on without it
		span.AddEvent(semconv.ExceptionEventName, at, trace.WithAttributes(
			semconv.ExceptionMessage(bodyText(e)), semconv.ExceptionType(errorType(o, e.Err))))
	case asap.Panicked:
		span.SetStatus(codes.Error, "panic")
		if p, ok := errors.AsType[*asap.PanicError](e.Err); ok {
			span.AddEvent(semconv.ExceptionEventName, at, trace.WithAttributes(semconv.ExceptionType(panicType),
				semconv.ExceptionMessage(panicText(p)), semconv.ExceptionStacktrace(string(p.Stack))))
		}
	case asap.Goexited:
		span.SetStatus(codes.Error, "runtime.Goexit")
	}
}
