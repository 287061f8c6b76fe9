package otelasap_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"github.com/asap-go/asap/waterfall"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	apitrace "go.opentelemetry.io/otel/trace"
)

// wrapped is somebody's observer around ours: events are all that reaches it.
type wrapped struct{ asap.Observer }

// storefront has all that metrics tell apart: limits, a Map, Races, waits, nested
// groups, failures, what is skipped, canceled and tolerated.
func storefront(ctx context.Context, o asap.Observer) {
	g := asap.New(ctx, asap.Name("store"), asap.Observe(o), asap.Limit(2))
	list := g.Go("list", func(context.Context) ([]int, error) { time.Sleep(ms); return []int{1, 2, 3}, nil })
	likes := g.Map("likes", list, after(2*ms))
	ads := g.Optional("ads", func(context.Context) (int, error) { time.Sleep(3 * ms); return 0, errDown })
	mirror := g.Race("mirror", func(context.Context) (int, error) { return 0, errDown }, wait(4*ms), wait(time.Second))
	page := g.Go("page", func(ctx context.Context) (int, error) {
		_, _ = ads.Await(ctx)
		inner := asap.New(ctx, asap.Name("inner"), asap.Observe(o))
		inner.Go("part", wait(5*ms))
		return 0, inner.Wait()
	}, asap.Needs(mirror))
	g.Go("left", wait(0), asap.When(false))
	g.Gather("all", g.Input("order", 1), page, mirror)
	_, _ = likes.Await(ctx)
	g.Go("down", func(context.Context) (int, error) { time.Sleep(20 * ms); return 0, errDown }).Then("mail", after(ms))
	g.Go("slow", wait(time.Second))
	_ = g.Wait()
}

var allMetrics = []string{"asap.group.duration", "asap.task.duration", "asap.task.queued", "asap.task.blocked", "asap.task.critical", "asap.task.skipped"}

// The metrics do not depend on whether the trace is sampled, nor on whether the
// observer is wrapped in another.
func TestUnsampledMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := map[string]*telemetry{"sampled": newTelemetry(t), "sampled, wrapped": newTelemetry(t),
			"unsampled": sampledBy(t, trace.NeverSample()), "unsampled, wrapped": sampledBy(t, trace.NeverSample())}
		for _, name := range []string{"sampled", "sampled, wrapped", "unsampled", "unsampled, wrapped"} {
			y := all[name]
			var o asap.Observer = y.Observer
			if name == "sampled, wrapped" || name == "unsampled, wrapped" {
				o = wrapped{o}
			}
			for range 2 {
				storefront(t.Context(), o)
			}
			if n := y.Kept(); n != 0 {
				t.Errorf("%s: %d runs are kept after their end", name, n)
			}
			for _, metric := range allMetrics {
				got, want := y.sums(metric), all["sampled"].sums(metric)
				if name != "sampled" && len(want) == 0 || len(got) == 0 {
					t.Errorf("%s: nothing is recorded of %s", name, metric)
				}
				if !maps.Equal(got, want) && name != "sampled" {
					t.Errorf("%s: metric %s is\n%v, sampled\n%v", name, metric, got, want)
				}
			}
		}
		for _, name := range []string{"unsampled", "unsampled, wrapped"} {
			if n := len(all[name].spans.Started()); n != 0 {
				t.Errorf("%s: %d spans are recorded", name, n)
			}
		}
	})
}

// A body of a group whose span is not sampled has the group's span context, which
// says so to whom it calls.
func TestUnsampledContext(t *testing.T) {
	y := sampledBy(t, trace.NeverSample())
	for name, o := range map[string]asap.Observer{"direct": y.Observer, "wrapped": wrapped{y.Observer}} {
		var in, nested, fresh apitrace.SpanContext
		g := asap.New(t.Context(), asap.Observe(o))
		g.Do("task", func(ctx context.Context) error {
			in = apitrace.SpanContextFromContext(ctx)
			inner := asap.New(ctx, asap.Observe(o))
			inner.Do("part", func(ctx context.Context) error { nested = apitrace.SpanContextFromContext(ctx); return nil })
			return inner.Wait()
		})
		g.Do("job", func(ctx context.Context) error { // a trace of its own in a body
			ctx, span := newTelemetry(t).tracers.Tracer("").Start(ctx, "job", apitrace.WithNewRoot())
			defer span.End()
			fresh = apitrace.SpanContextFromContext(ctx)
			inner := asap.New(ctx, asap.Observe(o))
			inner.Do("part", func(context.Context) error { return nil })
			return inner.Wait()
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if !in.IsValid() || in.IsSampled() || !in.Equal(nested) {
			t.Errorf("%s: the body has %v, in a nested group %v", name, in, nested)
		}
		if !fresh.IsSampled() {
			t.Errorf("%s: the other trace is not sampled", name)
		}
		if n := y.Kept(); n != 0 {
			t.Errorf("%s: %d runs are kept after their end", name, n)
		}
	}
}

// A trace that begins in a body of a group without one has its spans, and the
// metrics count it once.
func TestTraceInside(t *testing.T) {
	y := sampledBy(t, trace.ParentBased(trace.NeverSample()))
	other := trace.NewTracerProvider()
	n := uint64(0)
	for _, c := range []struct {
		name         string
		outer, inner asap.Observer
	}{
		{"direct", y.Observer, y.Observer},
		{"wrapped", wrapped{y.Observer}, wrapped{y.Observer}},
		{"wrapped outside", wrapped{y.Observer}, y.Observer},
	} {
		name := c.name
		y.spans.Reset()
		g := asap.New(t.Context(), asap.Name("outer"), asap.Observe(c.outer))
		g.Do("job", func(ctx context.Context) error {
			ctx, span := other.Tracer("").Start(ctx, "job", apitrace.WithNewRoot())
			defer span.End()
			inner := asap.New(ctx, asap.Name("inner"), asap.Observe(c.inner))
			inner.Do("part", func(context.Context) error { return nil })
			return inner.Wait()
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		y.span("inner")
		y.span("part")
		n++
		counts := y.counts("asap.task.duration")
		if want := map[string]uint64{"outer job succeeded": n, "inner part succeeded": n}; !maps.Equal(counts, want) {
			t.Errorf("%s: tasks are counted %v, want %v", name, counts, want)
		}
	}
}

// Two outermost groups of one observer in a run that another observer sees as a whole.
func TestSiblings(t *testing.T) {
	for _, sampler := range []trace.Sampler{trace.AlwaysSample(), trace.NeverSample()} {
		y := sampledBy(t, sampler)
		var rec waterfall.Recorder
		g := asap.New(t.Context(), asap.Name("outer"), asap.Observe(&rec))
		var both sync.WaitGroup
		both.Add(2)
		for range 2 {
			g.Do("task", func(ctx context.Context) error {
				inner := asap.New(ctx, asap.Name("inner"), asap.Observe(y))
				both.Done()
				both.Wait() // both groups are there
				inner.Do("part", func(context.Context) error { return nil })
				return inner.Wait()
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if started, ended := len(y.spans.Started()), len(y.spans.Ended()); started != ended {
			t.Errorf("%d spans were started, and %d ended", started, ended)
		}
		if n := y.Kept(); n != 0 {
			t.Errorf("%d runs are kept after their end", n)
		}
		if n := y.counts("asap.group.duration")["inner succeeded"]; n != 2 {
			t.Errorf("%d groups are counted, want 2", n)
		}
	}
}

// wide has a critical path of more tasks than have an attribute each.
func wide(ctx context.Context, o asap.Observer) {
	g := asap.New(ctx, asap.Name("wide"), asap.Observe(o))
	last := g.Go("first", wait(ms))
	for i := range 20 {
		last = last.Then(string(rune('a'+i)), after(ms))
	}
	_ = g.Wait()
}

func panics(ctx context.Context, o asap.Observer) {
	defer func() { _ = recover() }()
	g := asap.New(ctx, asap.Name("panics"), asap.Observe(o))
	g.Do("panics", func(context.Context) error { panic("boom") })
	_ = g.Wait()
}

// A group tells the seconds of at most 16 tasks, and the sum of the others.
func TestCriticalAttributes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		wide(t.Context(), y)
		n, sum := 0, 0.0
		for _, a := range y.span("wide").Attributes() {
			if strings.HasPrefix(string(a.Key), "asap.critical.") {
				n++
				sum += a.Value.AsFloat64()
			}
		}
		if other := attr(y.span("wide").Attributes(), otelasap.CriticalOther); n != 17 || sum < .0209 || sum > .0211 || other != "0.005" {
			t.Errorf("%d attributes add up to %v, with %s of others, want 17, 0.021 and 0.005", n, sum, other)
		}
	})
	{ // names without end have no keys without end
		y := newTelemetry(t)
		keys := make(map[attribute.Key]bool)
		synctest.Test(t, func(t *testing.T) {
			for i := range 600 {
				g := asap.New(t.Context(), asap.Observe(y))
				g.Go(fmt.Sprint("task ", i), wait(ms))
				_ = g.Wait()
			}
		})
		for _, s := range y.spans.Ended() {
			for _, a := range s.Attributes() {
				if strings.HasPrefix(string(a.Key), "asap.critical.") {
					keys[a.Key] = true
				}
			}
		}
		if len(keys) != 513 {
			t.Errorf("there are %d keys of critical seconds, want 512 and that of the others", len(keys))
		}
	}
}
