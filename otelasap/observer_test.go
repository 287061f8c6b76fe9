package otelasap_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	apitrace "go.opentelemetry.io/otel/trace"
)

const ms = time.Millisecond

// telemetry is what an observer reports to.
type telemetry struct {
	t       *testing.T
	spans   *tracetest.SpanRecorder
	tracers *trace.TracerProvider
	reader  *metric.ManualReader
	*otelasap.Observer
}

func newTelemetry(t *testing.T) *telemetry { return sampledBy(t, trace.AlwaysSample()) }

func sampledBy(t *testing.T, s trace.Sampler) *telemetry {
	y := &telemetry{t: t, spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	y.tracers = trace.NewTracerProvider(trace.WithSpanProcessor(y.spans), trace.WithSampler(s))
	y.Observer = otelasap.New(otelasap.TracerProvider(y.tracers),
		otelasap.MeterProvider(metric.NewMeterProvider(metric.WithReader(y.reader))))
	return y
}

// span returns the only ended span of that name.
func (y *telemetry) span(name string) trace.ReadOnlySpan {
	y.t.Helper()
	var found trace.ReadOnlySpan
	for _, s := range y.spans.Ended() {
		if s.Name() == name {
			if found != nil {
				y.t.Fatalf("there are two spans %s", name)
			}
			found = s
		}
	}
	if found == nil {
		y.t.Fatalf("there is no span %s", name)
	}
	return found
}

// attr is an attribute as a text, "" if there is none.
func attr(list []attribute.KeyValue, key attribute.Key) string {
	for _, a := range list {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

// sums are the sums and counts of the data points of a metric, by task, or by
// group for a group's.
func (y *telemetry) sums(name string) map[string]string {
	y.t.Helper()
	var all metricdata.ResourceMetrics
	if err := y.reader.Collect(context.Background(), &all); err != nil {
		y.t.Fatal(err)
	}
	out := make(map[string]string)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					if m.Unit != "s" {
						y.t.Errorf("unit of %s is %q, want s", name, m.Unit)
					}
					out[point(p.Attributes)] = fmt.Sprintf("%.3f/%d", p.Sum, p.Count)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					out[point(p.Attributes)] = fmt.Sprint(p.Value)
				}
			}
		}
	}
	return out
}

// counts are those of the data points of a histogram.
func (y *telemetry) counts(name string) map[string]uint64 {
	y.t.Helper()
	out := make(map[string]uint64)
	for series, sum := range y.sums(name) {
		var n uint64
		if _, err := fmt.Sscan(sum[strings.IndexByte(sum, '/')+1:], &n); err != nil {
			y.t.Fatal(err)
		}
		out[series] = n
	}
	return out
}

func point(s attribute.Set) string {
	group, _ := s.Value(otelasap.GroupName)
	task, _ := s.Value(otelasap.TaskName)
	outcome, _ := s.Value(otelasap.Outcome)
	errorType, _ := s.Value("error.type")
	return strings.Join(strings.Fields(group.AsString()+" "+task.AsString()+" "+outcome.AsString()+" "+errorType.AsString()), " ")
}

func (y *telemetry) wantSums(name string, want map[string]string) {
	y.t.Helper()
	if got := y.sums(name); fmt.Sprint(got) != fmt.Sprint(want) {
		y.t.Errorf("metric %s is\n%v, want\n%v", name, got, want)
	}
}

func wait(d time.Duration) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		select {
		case <-time.After(d):
			return 1, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

func after(d time.Duration) func(context.Context, int) (int, error) {
	return func(ctx context.Context, _ int) (int, error) { return wait(d)(ctx) }
}

func TestConformance(t *testing.T) {
	asaptest.TestObserver(t, func(t *testing.T) asap.Observer { return newTelemetry(t) })
	t.Run("unsampled", func(t *testing.T) {
		asaptest.TestObserver(t, func(t *testing.T) asap.Observer { return sampledBy(t, trace.NeverSample()) })
	})
}

func TestSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		began := time.Now()
		tracer := y.tracers.Tracer("test")
		ctx, outer := tracer.Start(t.Context(), "request")
		g := asap.New(ctx, asap.Name("dashboard"), asap.Observe(y))
		user, config := g.Go("user", wait(10*ms)), g.Go("config", wait(100*ms))
		profile := user.Then("profile", func(ctx context.Context, _ int) (int, error) {
			_, own := tracer.Start(ctx, "GET /profile")
			defer own.End()
			return wait(5 * ms)(ctx)
		})
		g.Go("page", func(ctx context.Context) (int, error) {
			time.Sleep(20 * ms)
			_, _ = profile.Await(ctx) // done
			return config.Await(ctx)
		})
		g.Gather("both", user, config).Then("mail", func(ctx context.Context, _ []int) (int, error) { return wait(ms)(ctx) })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		outer.End()

		for _, want := range []struct {
			name, parent string
			start, end   time.Duration
		}{
			{"dashboard", "request", 0, 101 * ms},
			{"user", "dashboard", 0, 10 * ms},
			{"config", "dashboard", 0, 100 * ms},
			{"profile", "dashboard", 10 * ms, 15 * ms},
			{"GET /profile", "profile", 10 * ms, 15 * ms},
			{"page", "dashboard", 0, 100 * ms},
			{"mail", "dashboard", 100 * ms, 101 * ms},
		} {
			s := y.span(want.name)
			if s.Parent().SpanID() != y.span(want.parent).SpanContext().SpanID() {
				t.Errorf("span %s is not a child of %s", want.name, want.parent)
			}
			if start, end := s.StartTime().Sub(began), s.EndTime().Sub(began); start != want.start || end != want.end {
				t.Errorf("span %s is from %v to %v, want %v to %v", want.name, start, end, want.start, want.end)
			}
		}
		y.wantLinks("profile", "user declared last")
		y.wantLinks("page", "profile awaited", "config awaited")
		y.wantLinks("mail", "user declared last", "config declared last") // by way of both
		page := y.span("page")
		if events := page.Events(); len(events) != 1 || events[0].Name != "blocked" || events[0].Time.Sub(began) != 20*ms ||
			attr(events[0].Attributes, otelasap.BlockedOn) != "config" || attr(events[0].Attributes, otelasap.TaskBlocked) != "0.08" {
			t.Errorf("events of page are %v, want one blocked on config at 20ms for 0.08s", events)
		}
		if got := attr(page.Attributes(), otelasap.TaskBlocked); got != "0.08" {
			t.Errorf("page was blocked for %q, want 0.08", got)
		}
		if got := attr(y.span("dashboard").Attributes(), otelasap.CriticalPath); got != `["config","mail"]` {
			t.Errorf("critical path is %s, want config and mail", got)
		}
		for key, want := range map[attribute.Key]string{"asap.critical.config": "0.1", "asap.critical.mail": "0.001", "asap.critical.user": "", otelasap.CriticalOther: ""} {
			if got := attr(y.span("dashboard").Attributes(), key); got != want {
				t.Errorf("attribute %s is %q, want %q", key, got, want)
			}
		}
		y.wantSums("asap.group.duration", map[string]string{"dashboard succeeded": "0.101/1"})
		y.wantSums("asap.task.duration", map[string]string{"dashboard user succeeded": "0.010/1", "dashboard config succeeded": "0.100/1",
			"dashboard profile succeeded": "0.005/1", "dashboard page succeeded": "0.100/1", "dashboard mail succeeded": "0.001/1"})
		y.wantSums("asap.task.blocked", map[string]string{"dashboard page": "0.080/1"})
		y.wantSums("asap.task.critical", map[string]string{"dashboard config": "0.100/1", "dashboard mail": "0.001/1"})
	})
}

// wantLinks compares the links of a span: task, kind, and whether it was last.
func (y *telemetry) wantLinks(name string, want ...string) {
	y.t.Helper()
	var got []string
	for _, l := range y.span(name).Links() {
		to := "an unknown span"
		for _, s := range y.spans.Ended() {
			if s.SpanContext().SpanID() == l.SpanContext.SpanID() {
				to = s.Name()
			}
		}
		link := to + " " + attr(l.Attributes, otelasap.LinkKind)
		if attr(l.Attributes, otelasap.LinkLast) == "true" {
			link += " last"
		}
		got = append(got, link)
	}
	if !slices.Equal(got, want) {
		y.t.Errorf("links of %s are %q, want %q", name, got, want)
	}
}

var errDown = errors.New("down")

func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		name, outcome, status, errorType string
		fails                            func(g *asap.Group) func(context.Context) error
	}{
		{"success", "succeeded", "", "", func(*asap.Group) func(context.Context) error {
			return func(context.Context) error { return nil }
		}},
		{"failure", "failed", "down", "*errors.errorString", func(*asap.Group) func(context.Context) error {
			return func(context.Context) error { return errDown }
		}},
		{"panic", "panicked", "panic", "panic", func(*asap.Group) func(context.Context) error {
			return func(context.Context) error { panic("no user") }
		}},
		{"Goexit", "goexited", "runtime.Goexit", "goexit", func(*asap.Group) func(context.Context) error {
			return func(context.Context) error { runtime.Goexit(); return nil }
		}},
		{"exit", "exited", "", "", func(g *asap.Group) func(context.Context) error {
			x := g.NewExit[int]()
			return func(context.Context) error { return x.With(1) }
		}},
		{"cancel", "canceled", "", "", func(g *asap.Group) func(context.Context) error {
			g.Go("other", func(context.Context) (int, error) { time.Sleep(ms); return 0, errDown })
			return func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newTelemetry(t)
				done := make(chan struct{})
				go func() { // Wait may end it
					defer close(done)
					defer func() { _ = recover() }()
					g := asap.New(t.Context(), asap.Observe(y))
					fails := test.fails(g)
					g.Do("user", fails).Then("profile", func(context.Context, struct{}) (int, error) { return 1, nil })
					_ = g.Wait()
				}()
				<-done
				s := y.span("user")
				code := codes.Error
				if test.status == "" {
					code = codes.Unset
				}
				if got := s.Status(); got.Code != code || got.Description != test.status {
					t.Errorf("status is %v, want %v %q", got, code, test.status)
				}
				if got := attr(s.Attributes(), otelasap.Outcome); got != test.outcome {
					t.Errorf("outcome is %q, want %q", got, test.outcome)
				}
				if got := attr(s.Attributes(), "error.type"); got != test.errorType {
					t.Errorf("error.type is %q, want %q", got, test.errorType)
				}
				if test.name == "panic" {
					e := s.Events()
					if len(e) != 1 || attr(e[0].Attributes, "exception.message") != "no user" || !strings.Contains(attr(e[0].Attributes, "exception.stacktrace"), "TestOutcomes") {
						t.Errorf("events are %v, want an exception with the body's stack", e)
					}
				}
				if test.name == "success" {
					return
				}
				group := y.span("asap.group")
				if e := group.Events(); len(e) != 1 || e[0].Name != "skipped" || attr(e[0].Attributes, otelasap.TaskName) != "profile" {
					t.Errorf("events of the group are %v, want profile skipped", e)
				}
				y.wantSums("asap.task.skipped", map[string]string{"profile": "1"})
				bad := test.status != "" || test.name == "cancel"
				if got := group.Status().Code == codes.Error; got != bad {
					t.Errorf("status of the group is %v, want an error: %t", group.Status(), bad)
				}
			})
		})
	}
}

// A failure that the others go on without is on the span, whose status is no error.
func TestTolerated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		g := asap.New(t.Context(), asap.Observe(y))
		g.Optional("ads", func(context.Context) (int, error) { return 0, errDown })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		s := y.span("ads")
		if got := s.Status(); got.Code != codes.Unset {
			t.Errorf("status is %v, want none", got)
		}
		if got := attr(s.Attributes(), otelasap.Outcome); got != "tolerated" {
			t.Errorf("outcome is %q", got)
		}
		if got := attr(s.Attributes(), "error.type"); got != "*errors.errorString" {
			t.Errorf("error.type is %q", got)
		}
		if e := s.Events(); len(e) != 1 || e[0].Name != "exception" || attr(e[0].Attributes, "exception.message") != "down" {
			t.Errorf("events are %v, want the exception", e)
		}
		if got := y.span("asap.group").Status(); got.Code != codes.Unset {
			t.Errorf("status of the group is %v, want none", got)
		}
	})
}

func TestParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		g := asap.New(t.Context(), asap.Name("feed"), asap.Observe(y), asap.Limit(1))
		list := g.Go("list", func(context.Context) ([]int, error) {
			time.Sleep(ms) // not over before likes is declared
			return []int{1, 2, 3}, nil
		})
		likes := g.Map("likes", list, after(2*ms))
		likes.Then("page", func(ctx context.Context, _ []int) (int, error) { return wait(ms)(ctx) })
		g.Race("mirror", wait(ms))
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		parts := 0
		for _, s := range y.spans.Ended() {
			if s.Name() == "likes[]" {
				parts++
				if s.Parent().SpanID() != y.span("likes").SpanContext().SpanID() {
					t.Errorf("span of %s is not a child of likes", attr(s.Attributes(), otelasap.TaskName))
				}
			}
		}
		if parts != 3 {
			t.Errorf("there are %d spans likes[], want 3", parts)
		}
		if y.span("mirror[]").Parent().SpanID() != y.span("mirror").SpanContext().SpanID() {
			t.Error("span mirror[] is not a child of mirror")
		}
		y.wantLinks("likes", "list declared last")
		y.wantLinks("page", "likes declared last")
		if got := y.sums("asap.task.duration")["feed likes[] succeeded"]; got != "0.006/3" {
			t.Errorf("duration of likes[] is %s, want 0.006/3", got)
		}
		// Under the limit of 1 the second and the third wait for those before them.
		if got := y.sums("asap.task.queued")["feed likes[]"]; !strings.HasSuffix(got, "/2") || strings.HasPrefix(got, "0.000") {
			t.Errorf("queued of likes[] is %s, want two that are more than nothing", got)
		}
	})
}

func TestNestedAndTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		for range 2 { // one observer, two runs and a nested group that has it as well
			g := asap.New(t.Context(), asap.Name("outer"), asap.Observe(y))
			g.Go("checkout", func(ctx context.Context) (int, error) {
				return asap.Run(ctx, func(g *asap.Group) func() int { return g.Go("charge", wait(ms)).Value }, asap.Name("inner"), asap.Observe(y))
			})
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
		}
		byID := make(map[apitrace.SpanID]string)
		for _, s := range y.spans.Ended() {
			byID[s.SpanContext().SpanID()] = s.Name()
		}
		var got []string
		for _, s := range y.spans.Ended() {
			got = append(got, s.Name()+" in "+byID[s.Parent().SpanID()])
		}
		slices.Sort(got)
		want := []string{"charge in inner", "charge in inner", "checkout in outer", "checkout in outer", "inner in checkout", "inner in checkout", "outer in ", "outer in "}
		if !slices.Equal(got, want) {
			t.Errorf("spans are %q, want %q", got, want)
		}
		if started, ended := len(y.spans.Started()), len(y.spans.Ended()); started != ended {
			t.Errorf("%d spans were started, and %d ended", started, ended)
		}
		if n := y.Kept(); n != 0 {
			t.Errorf("%d runs are kept after their end, want none", n)
		}
		y.wantSums("asap.task.duration", map[string]string{"inner charge succeeded": "0.002/2", "outer checkout succeeded": "0.002/2"})
	})
}

// The bodies of a group on another engine have spans as well, though not in
// the contexts of the bodies.
func TestExecutor(t *testing.T) {
	y := newTelemetry(t)
	g := asap.New(t.Context(), asap.Name("far"), asap.Observe(y), flow.On(asaptest.NewExecutor(t.Context(), 1)))
	g.Go("cart", wait(0)).Then("quote", after(0))
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cart", "quote"} {
		if y.span(name).Parent().SpanID() != y.span("far").SpanContext().SpanID() {
			t.Errorf("span %s is not a child of far", name)
		}
	}
	y.wantLinks("quote", "cart declared last")
}

// In real time, and with the global providers, which are no-ops here.
func TestDefaults(t *testing.T) {
	o := otelasap.New()
	g := asap.New(t.Context(), asap.Observe(o))
	g.Input("a", 1).Then("b", after(ms))
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
