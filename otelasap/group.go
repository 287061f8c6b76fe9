package otelasap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// errorText is what a body panicked with; the stack has an attribute of its own.
func errorText(p *asap.PanicError) string { return fmt.Sprint(p.Value) }

func (o *Observer) endGroup(r *run, e asap.Event) {
	r.mu.Lock()
	g := r.groups[e.Group]
	if g == nil || g.span == nil { // the observer has seen it
		r.mu.Unlock()
		return
	}
	span := g.span
	g.span = nil
	last := r.root == e.Group
	r.mu.Unlock()

	o.meters.group.record(g.ctx, e.At-g.began, o.meters.series.of(g.name, "", e.Outcome))
	if last {
		o.runs.Delete(e.Group >> 32)
		if r.rec != nil {
			o.criticalPath(r, g, span)
		}
	}
	span.SetAttributes(outcomeOf(e.Outcome))
	switch e.Outcome {
	case asap.Failed, asap.Panicked, asap.Goexited:
		span.SetStatus(codes.Error, groupText(e))
		span.SetAttributes(semconv.ErrorType(e.Err))
	}
	span.End(trace.WithTimestamp(r.time(e.At)))
}

// groupText is the error of the group without the stack of a panic.
func groupText(e asap.Event) string {
	if p, ok := e.Err.(*asap.PanicError); ok {
		return p.Task + ": panic: " + errorText(p)
	}
	return fmt.Sprint(e.Err)
}

// maxPath is how many names of a critical path are told.
const maxPath = 64

// criticalPath tells what the run waited for: the names on the span, and how
// long each of them held the run up as a metric.
//
// Everything has ended, so that nobody else uses the run.
func (o *Observer) criticalPath(r *run, g *group, span trace.Span) {
	var names []string
	held := make(map[string]time.Duration)
	series := r.series()
	for _, s := range r.rec.Run().CriticalPath() {
		if s.Task == 0 || s.Len() == 0 {
			continue
		}
		if len(names) == 0 || names[len(names)-1] != s.Name {
			names = append(names, s.Name)
		}
		held[series(s.Name)] += s.Len()
	}
	for name, d := range held {
		o.meters.critical.record(g.ctx, d, o.meters.series.of(g.name, name, 0))
	}
	if len(names) > 0 {
		span.SetAttributes(CriticalPath.StringSlice(slices.Clip(names[:min(len(names), maxPath)])))
	}
}

// series returns a function that gives the series of a task by its name in a
// [waterfall.Run], where the second task named price is price#2.
func (r *run) series() func(name string) string {
	of := make(map[string]string, len(r.tasks))
	for _, t := range r.tasks {
		of[t.name] = t.series
	}
	return func(name string) string {
		if s, ok := of[name]; ok {
			return s
		}
		if i := strings.LastIndexByte(name, '#'); i > 0 {
			name = name[:i]
		}
		return cmp.Or(of[name], name)
	}
}
