package otelasap

import (
	"context"
	"time"

	"github.com/asap-go/asap"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// instruments are the metrics of an observer.
type instruments struct {
	group, duration, queued, blocked, critical seconds
	skipped                                    metric.Int64Counter
}

// buckets are those of the conventions for durations of HTTP requests, with
// finer ones below: tasks are parts of requests.
var buckets = []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}

func newInstruments(p metric.MeterProvider) *instruments {
	m := p.Meter(Scope, metric.WithSchemaURL(semconv.SchemaURL))
	histogram := func(name, description string) seconds {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
			metric.WithExplicitBucketBoundaries(buckets...))
		if err != nil {
			otel.Handle(err)
		}
		return seconds{h}
	}
	i := &instruments{
		group:    histogram("asap.group.duration", "Time from the making of a group to its end."),
		duration: histogram("asap.task.duration", "Time from the start of a task's body to its end."),
		queued:   histogram("asap.task.queued", "Time from ready to started: for a slot or a processor."),
		blocked:  histogram("asap.task.blocked", "Time in which a body waited for tasks and nested groups."),
		critical: histogram("asap.task.critical", "Time for which a run waited for the task: its part of the critical path."),
	}
	skipped, err := m.Int64Counter("asap.task.skipped", metric.WithUnit("{task}"), metric.WithDescription("Tasks whose body never ran."))
	if err != nil {
		otel.Handle(err)
	}
	i.skipped = skipped
	return i
}

// seconds is a histogram of durations.
type seconds struct{ metric.Float64Histogram }

func (s seconds) record(ctx context.Context, d time.Duration, attributes ...attribute.KeyValue) {
	s.Record(ctx, d.Seconds(), metric.WithAttributes(attributes...))
}

// task records a task that has ended. A task without a body, as an Input, has
// no duration to speak of, and a Map's is that of its elements together.
func (i *instruments) task(ctx context.Context, g *group, t *task, e asap.Event) {
	names := []attribute.KeyValue{GroupName.String(g.name), TaskName.String(t.series)}
	if e.Outcome == asap.Skipped {
		i.skipped.Add(ctx, 1, metric.WithAttributes(names...))
		return
	}
	if t.span == nil {
		return
	}
	set := metric.WithAttributeSet(attribute.NewSet(names...))
	i.duration.Record(ctx, (e.At - t.started).Seconds(), metric.WithAttributes(append(names, outcomeOf(e.Outcome))...))
	if t.wasReady {
		i.queued.Record(ctx, max(0, t.started-t.ready).Seconds(), set)
	}
	if t.blocked > 0 {
		i.blocked.Record(ctx, t.blocked.Seconds(), set)
	}
}
