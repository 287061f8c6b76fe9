package otelasap

import (
	"context"
	"maps"
	"strings"
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
	holds  sync.Pool // of *holds
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
		queued:   histogram("asap.task.queued", "Time from ready to started, for a slot or a processor, of tasks that were queued for 0.1 ms or more."),
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
	if s.Enabled(ctx) { // most of what a measurement costs comes before the SDK knows that nobody wants it
		s.Record(ctx, d.Seconds(), of...)
	}
}

// enabled tells whether anybody wants to know.
func (i *instruments) enabled(ctx context.Context) bool {
	return i.duration.Enabled(ctx) || i.group.Enabled(ctx) || i.queued.Enabled(ctx) || i.blocked.Enabled(ctx) ||
		i.critical.Enabled(ctx) || i.skipped.Enabled(ctx)
}

// measured is what metrics say of a task that has ended. A task without a body, as an
// Input, has no duration to speak of, and a Map's is that of its elements together.
type measured struct {
	label
	outcome               asap.Outcome
	errorType             string
	ran                   bool // it had a body, which has begun
	whole                 bool // it is a Map or a Race that has begun
	took, queued, blocked time.Duration
}

// label is what the metrics of a task are told by.
type label struct{ group, series string }

// secondCall is that of the second call of a task, as package tail makes it.
var secondCall = label{"", "hedge"}

// leastQueued is how long a task has to be in a queue for it to be told. What is less is
// what it takes to start a goroutine, which each task takes: a third of all measurements,
// and a series for each task, would say nothing else.
const leastQueued = 100 * time.Microsecond

// hedge is that of the second call of a task with label l: product/hedge, so that those of
// different tasks are told apart. There is one for each task, also if second calls are
// nested.
func (l label) hedge() label {
	if !strings.HasSuffix(l.series, "/hedge") {
		l.series += "/hedge"
	}
	return l
}

// task measures a task that has ended, with the series after before, which may be nil. It
// returns the task's, or before.
func (i *instruments) task(ctx context.Context, m *measured, before *taskSeries) *taskSeries {
	if m.outcome == asap.Skipped {
		i.skipped.Add(ctx, 1, i.series.add(m.group, m.series)...)
		return before
	}
	if !m.ran && !m.whole {
		return before
	}
	s := i.series.after(before, m.group, m.series)
	i.duration.record(ctx, m.took, s.with(&i.series, m.outcome, m.errorType))
	if m.whole {
		return s
	}
	if m.queued >= leastQueued {
		i.queued.record(ctx, m.queued, s.names)
	}
	if m.blocked > 0 {
		i.blocked.record(ctx, m.blocked, s.names)
	}
	return s
}

// groupEnded measures a group, and returns its series.
func (i *instruments) groupEnded(ctx context.Context, took time.Duration, group string, outcome asap.Outcome, errorType string) *taskSeries {
	s := i.series.task(group, "")
	i.group.record(ctx, took, s.with(&i.series, outcome, errorType))
	return s
}

// held measures how long the tasks of a group held its run up.
func (i *instruments) held(ctx context.Context, group string, held *holds) {
	for _, h := range held.list {
		if h.of == nil {
			h.of = i.series.task(group, h.series)
		}
		i.critical.record(ctx, h.time, h.of.names)
	}
}

func (i *instruments) newHolds() *holds {
	if held, _ := i.holds.Get().(*holds); held != nil {
		return held
	}
	return new(holds)
}

func (i *instruments) free(held *holds) {
	held.reset()
	i.holds.Put(held)
}

// series remembers the attributes of each series of a metric, which cost more
// to make than to record with.
type series struct {
	known  syncMap[seriesKey, []metric.RecordOption]
	counts syncMap[seriesKey, []metric.AddOption]
	tasks  syncMap[taskKey, *taskSeries]
}

type taskKey struct{ group, task string }

// taskSeries are the series of a task, or of a group. They are found without a hash
// behind those that came before them in the run before.
type taskSeries struct {
	taskKey
	names []metric.RecordOption                                    // without an outcome
	ended [asap.Goexited + 1]atomic.Pointer[[]metric.RecordOption] // with one, and no error.type
	next  atomic.Pointer[taskSeries]                               // which are known
	known bool
}

// task returns the series of a task, or of a group, whose task is "".
func (s *series) task(group, task string) *taskSeries {
	key := taskKey{group, task}
	if known, ok := s.tasks.load(key); ok {
		return known
	}
	made := &taskSeries{taskKey: key, names: s.of(group, task, 0, ""), known: true}
	if known, ok := s.tasks.add(key, made, maxSeries); ok {
		return known
	}
	made.known = false
	return made
}

// after is task for who comes after another one of the run, if any.
func (s *series) after(before *taskSeries, group, task string) *taskSeries {
	if before == nil {
		return s.task(group, name(task))
	}
	if next := before.next.Load(); next != nil && next.task == task && next.group == group {
		return next
	}
	t := s.task(group, name(task))
	if before.known && t.known { // else a list would grow with names that are without end
		before.next.Store(t)
	}
	return t
}

// with is the series with an outcome, and an error.type if that is an error.
func (t *taskSeries) with(s *series, o asap.Outcome, errorType string) []metric.RecordOption {
	if errorType != "" {
		return s.of(t.group, t.task, o, errorType)
	}
	if options := t.ended[o].Load(); options != nil {
		return *options
	}
	options := s.of(t.group, t.task, o, "")
	t.ended[o].Store(&options)
	return options
}

type seriesKey struct {
	group, task string
	outcome     asap.Outcome // 0: without
	errorType   string       // likewise ""
}

// maxSeries bounds the memory when groups have names without end. The SDK
// keeps 2,000 series of a metric by default.
const maxSeries = 10_000

func (s *series) of(group, task string, outcome asap.Outcome, errorType string) []metric.RecordOption {
	key := seriesKey{group, task, outcome, errorType}
	if known, ok := s.known.load(key); ok {
		return known
	}
	options := []metric.RecordOption{metric.WithAttributeSet(key.set())}
	s.known.add(key, options, maxSeries)
	return options
}

func (s *series) add(group, task string) []metric.AddOption {
	key := seriesKey{group: group, task: task}
	if known, ok := s.counts.load(key); ok {
		return known
	}
	options := []metric.AddOption{metric.WithAttributeSet(key.set())}
	s.counts.add(key, options, maxSeries)
	return options
}

func (k seriesKey) set() attribute.Set {
	attributes := append(make([]attribute.KeyValue, 0, 4), GroupName.String(k.group))
	if k.task != "" {
		attributes = append(attributes, TaskName.String(k.task))
	}
	if k.outcome != 0 {
		attributes = append(attributes, outcomeOf(k.outcome))
	}
	if k.errorType != "" {
		attributes = append(attributes, typeAttribute(k.errorType))
	}
	return attribute.NewSet(attributes...)
}

// syncMap is a map that grows up to a size, and forgets nothing. A sync.Map would
// allocate for each look at a key of this size.
type syncMap[K comparable, V any] struct {
	read atomic.Pointer[map[K]V] // is never written to

	mu     sync.Mutex // guards what follows
	all    map[K]V
	misses int // since read was made
}

func (m *syncMap[K, V]) load(k K) (v V, ok bool) {
	if read := m.read.Load(); read != nil {
		if v, ok = (*read)[k]; ok {
			return v, ok
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok = m.all[k]; ok {
		if m.misses++; m.misses > len(m.all) {
			read := maps.Clone(m.all)
			m.read.Store(&read)
			m.misses = 0
		}
	}
	return v, ok
}

// add reports whether there was room.
func (m *syncMap[K, V]) add(k K, v V, most int) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.all[k]; ok {
		return known, true
	}
	if len(m.all) >= most {
		return v, false
	}
	if m.all == nil {
		m.all = make(map[K]V)
	}
	m.all[k] = v
	return v, true
}
