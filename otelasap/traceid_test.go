package otelasap_test

import (
	"context"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"github.com/asap-go/asap/waterfall"
	"go.opentelemetry.io/otel/sdk/trace"
)

// A run has the ID of the trace that its spans are in.
func TestTraceID(t *testing.T) {
	y := newTelemetry(t)
	stats := &waterfall.Stats{TraceID: otelasap.TraceID}
	task := func(context.Context) error { return nil }
	for _, order := range [][]asap.Observer{{y, stats}, {stats, y}} {
		g := asap.New(t.Context(), asap.Name("alone"), asap.Observe(order[0]), asap.Observe(order[1]))
		g.Do("task", task)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, request := y.tracers.Tracer("test").Start(t.Context(), "request")
	g := asap.New(ctx, asap.Name("of a request"), asap.Observe(stats))
	g.Do("task", task)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	request.End()
	var want []string
	for _, s := range y.spans.Ended() {
		if s.Name() == "alone" || s.Name() == "request" {
			want = append(want, s.SpanContext().TraceID().String())
		}
	}
	for i, id := range want {
		if run := stats.Run(uint64(i + 1)); run == nil || run.TraceID != id {
			t.Errorf("run %d is %v, want one of the trace %s", i+1, run, id)
		}
	}
	if len(want) != 3 {
		t.Errorf("there are %d traces, want 3", len(want))
	}
	never := trace.NewTracerProvider(trace.WithSampler(trace.NeverSample()))
	ctx, span := never.Tracer("test").Start(t.Context(), "request")
	defer span.End()
	if got := otelasap.TraceID(ctx) + otelasap.TraceID(t.Context()); got != "" {
		t.Errorf("the trace ID of a trace that is not sampled, and of none, is %q, want none", got)
	}
}
