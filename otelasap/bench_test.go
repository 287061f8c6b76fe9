package otelasap_test

import (
	"context"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/attribute"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

func metricNames(reader *metric.ManualReader) (names []string) {
	var all metricdata.ResourceMetrics
	_ = reader.Collect(context.Background(), &all)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			names = append(names, m.Name)
		}
	}
	return names
}

// BenchmarkObserver runs six tasks with empty bodies. Beside the observer
// stands what the same spans and measurements cost by hand: the least that any
// instrumentation with the SDK can cost.
func BenchmarkObserver(b *testing.B) {
	tracers := trace.NewTracerProvider(trace.WithSampler(trace.AlwaysSample()))
	unsampled := trace.NewTracerProvider(trace.WithSampler(trace.NeverSample()))
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
	noSpans, noMeters := otelasap.TracerProvider(tracenoop.NewTracerProvider()), otelasap.MeterProvider(metricnoop.NewMeterProvider())
	for _, c := range []struct {
		name string
		with []asap.Option
	}{
		{"none", nil},
		{"noop", observed(noSpans, noMeters)},
		{"metrics", observed(noSpans, otelasap.MeterProvider(meters))},
		{"unsampled", observed(otelasap.TracerProvider(unsampled), noMeters)},
		{"unsampled+metrics", observed(otelasap.TracerProvider(unsampled), otelasap.MeterProvider(meters))},
		{"spans", observed(otelasap.TracerProvider(tracers), noMeters)},
		{"both", observed(otelasap.TracerProvider(tracers), otelasap.MeterProvider(meters))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				six(c.with...)
			}
		})
	}
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		tracer, meter := tracers.Tracer("hand"), meters.Meter("hand")
		duration, _ := meter.Float64Histogram("duration")
		for b.Loop() {
			ctx, group := tracer.Start(b.Context(), "group")
			for range 6 {
				ctx, span := tracer.Start(ctx, "task")
				span.SetAttributes(attribute.String("task", "task"), attribute.String("outcome", "succeeded"))
				duration.Record(ctx, 1)
				span.End()
			}
			group.End()
		}
	})
}

func observed(options ...otelasap.Option) []asap.Option {
	return []asap.Option{asap.Observe(otelasap.New(options...))}
}

func six(options ...asap.Option) {
	g := asap.New(context.Background(), options...)
	a, b := g.Go("a", value), g.Go("b", value)
	c, d := a.Then("c", next), b.Then("d", next)
	e := c.And(d).Then("e", func(_ context.Context, c, d int) (int, error) { return c + d, nil })
	e.Then("f", next)
	_ = g.Wait()
}

func value(context.Context) (int, error)         { return 1, nil }
func next(_ context.Context, n int) (int, error) { return n + 1, nil }
