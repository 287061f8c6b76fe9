package otelasap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

func (o *Observer) startGroup(ctx context.Context, r *run, e asap.Event) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.groups[e.Group] != nil {
		return ctx // the observer was given to this group and to one around it
	}
	name := e.Name
	if name == "" {
		name = "asap.group"
	}
	ctx, span := o.tracer.Start(ctx, name, trace.WithTimestamp(r.time(e.At)), trace.WithAttributes(GroupName.String(e.Name)))
	if r.root == e.Group && e.Parent == 0 && (span.IsRecording() || o.meters.critical.Enabled(ctx)) {
		r.rec = new(waterfall.Recorder)
	}
	r.groups[e.Group] = &group{name: e.Name, parent: e.Parent, ctx: ctx, span: span, began: e.At}
	return ctx
}

func (o *Observer) startTask(ctx context.Context, r *run, e asap.Event) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tasks[e.Task]
	if t == nil {
		return ctx
	}
	if t.span != nil {
		return trace.ContextWithSpan(ctx, t.span)
	}
	t.started = e.At
	if t.part != nil {
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
	if t.span != nil {
		return
	}
	t.started = t.declared
	if t.wasReady {
		t.started = t.ready
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

func (o *Observer) blocked(r *run, t *task, e asap.Event) {
	if t.waits || t.span == nil {
		return
	}
	t.waits, t.since, t.on = true, e.At, e.On
	r.spansOf(e.On, func(c trace.SpanContext) {
		t.span.AddLink(trace.Link{SpanContext: c, Attributes: awaitedLink})
	})
}

func (o *Observer) resumed(r *run, t *task, e asap.Event) {
	if !t.waits {
		return
	}
	t.waits = false
	d := e.At - t.since
	if d <= 0 {
		return // it was done already: the link says all
	}
	t.blocked += d
	t.span.AddEvent("blocked", trace.WithTimestamp(r.time(t.since)), trace.WithAttributes(
		BlockedOn.String(r.nameOf(t.on)), TaskBlocked.Float64(d.Seconds())))
}

func (o *Observer) ended(r *run, t *task, e asap.Event) {
	r.mu.Lock()
	if t.group == nil { // the observer has seen it
		r.mu.Unlock()
		return
	}
	g, span, ctx := t.group, t.span, t.ctx
	t.group, t.part, t.ctx, t.deps = nil, nil, nil, depsWithoutSpan(t)
	r.mu.Unlock()

	o.meters.task(ctx, g, t, e)
	if span == nil {
		if e.Outcome == asap.Skipped {
			g.span.AddEvent("skipped", trace.WithTimestamp(r.time(e.At)), trace.WithAttributes(
				TaskName.String(t.name), attribute.String("asap.skipped.because", e.Err.Error())))
		}
		return
	}
	if !span.IsRecording() {
		span.End()
		return
	}
	attributes := append(make([]attribute.KeyValue, 0, 3), outcomeOf(e.Outcome))
	if t.wasReady && t.started > t.ready {
		attributes = append(attributes, TaskQueued.Float64((t.started - t.ready).Seconds()))
	}
	if t.blocked > 0 {
		attributes = append(attributes, TaskBlocked.Float64(t.blocked.Seconds()))
	}
	span.SetAttributes(attributes...)
	at := trace.WithTimestamp(r.time(e.At))
	status(span, e, at)
	span.End(at)
}

// depsWithoutSpan keeps what links to a task without a span lead on to.
func depsWithoutSpan(t *task) []asap.ID {
	if t.span != nil {
		return nil
	}
	return t.deps
}

// ownError is what the body returned.
func ownError(e asap.Event) error {
	if te, ok := e.Err.(*asap.TaskError); ok && te.Err != nil {
		return te.Err
	}
	return e.Err
}

// bodyText is its text. That of a task's error is safe to ask for, whatever the
// body has returned, and begins with the name.
func bodyText(e asap.Event) string {
	text := fmt.Sprint(e.Err)
	if te, ok := e.Err.(*asap.TaskError); ok {
		text = strings.TrimPrefix(text, te.Task+": ")
	}
	return text
}

// status sets what went wrong, if it was the body's own doing.
func status(span trace.Span, e asap.Event, at trace.SpanEventOption) {
	switch e.Outcome {
	case asap.Failed:
		err := ownError(e)
		span.SetStatus(codes.Error, bodyText(e))
		span.SetAttributes(semconv.ErrorType(err))
	case asap.Tolerated: // the others went on without it
		err := ownError(e)
		span.SetAttributes(semconv.ErrorType(err))
		span.AddEvent("exception", at, trace.WithAttributes(
			semconv.ExceptionMessage(bodyText(e)), semconv.ExceptionType(fmt.Sprintf("%T", err))))
	case asap.Panicked:
		p, _ := errors.AsType[*asap.PanicError](e.Err)
		span.SetStatus(codes.Error, "panic")
		span.SetAttributes(semconv.ErrorTypeKey.String("panic"))
		if p != nil {
			span.AddEvent("exception", at, trace.WithAttributes(
				semconv.ExceptionMessage(errorText(p)), semconv.ExceptionStacktrace(string(p.Stack))))
		}
	case asap.Goexited:
		span.SetStatus(codes.Error, "runtime.Goexit")
		span.SetAttributes(semconv.ErrorTypeKey.String("goexit"))
	}
}
