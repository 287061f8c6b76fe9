package otelasap

import (
	"context"
	"sync"
	"sync/atomic"
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

	series series
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

func (s seconds) record(ctx context.Context, d time.Duration, of []metric.RecordOption) {
	s.Record(ctx, d.Seconds(), of...)
}

// task records a task that has ended. A task without a body, as an Input, has
// no duration to speak of, and a Map's is that of its elements together.
func (i *instruments) task(ctx context.Context, g *group, t *task, e asap.Event) {
	if e.Outcome == asap.Skipped {
		i.skipped.Add(ctx, 1, metric.WithAttributes(GroupName.String(g.name), TaskName.String(t.series)))
		return
	}
	if t.span == nil || !i.duration.Enabled(ctx) {
		return
	}
	i.duration.record(ctx, e.At-t.started, i.series.of(g.name, t.series, e.Outcome))
	names := i.series.of(g.name, t.series, 0)
	if t.wasReady {
		i.queued.record(ctx, max(0, t.started-t.ready), names)
	}
	if t.blocked > 0 {
		i.blocked.record(ctx, t.blocked, names)
	}
}

// series remembers the attributes of each series of a metric, which cost more
// to make than to record with.
type series struct {
	known sync.Map // of []metric.RecordOption, by seriesKey
	count atomic.Int32
}

type seriesKey struct {
	group, task string
	outcome     asap.Outcome // 0: without
}

// maxSeries bounds the memory when groups have names without end. The SDK
// keeps 2,000 series of a metric by default.
const maxSeries = 10_000

func (s *series) of(group, task string, outcome asap.Outcome) []metric.RecordOption {
	key := seriesKey{group, task, outcome}
	if known, ok := s.known.Load(key); ok {
		return known.([]metric.RecordOption)
	}
	attributes := append(make([]attribute.KeyValue, 0, 3), GroupName.String(group))
	if task != "" {
		attributes = append(attributes, TaskName.String(task))
	}
	if outcome != 0 {
		attributes = append(attributes, outcomeOf(outcome))
	}
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))}
	if s.count.Add(1) <= maxSeries {
		s.known.Store(key, options)
	}
	return options
}
