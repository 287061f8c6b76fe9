//go:build !race

package otelasap_test

import (
	"context"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// What a group costs beyond what it costs that nobody observes, in allocations: in
// all, and for each task.
func TestAllocations(t *testing.T) {
	unsampled := otelasap.TracerProvider(trace.NewTracerProvider(trace.WithSampler(trace.NeverSample())))
	metrics := otelasap.MeterProvider(metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())))
	noMetrics := otelasap.MeterProvider(metricnoop.NewMeterProvider())
	for _, c := range []struct {
		name              string
		with              []otelasap.Option
		group, taskAtMost float64
	}{
		{"nothing", []otelasap.Option{otelasap.TracerProvider(tracenoop.NewTracerProvider()), noMetrics}, 6, 0.01},
		{"unsampled", []otelasap.Option{unsampled, noMetrics}, 8, 0.01},
		{"unsampled, metrics", []otelasap.Option{unsampled, metrics}, 29, 1.1},
	} {
		o := observed(c.with...)
		with := func(n int, options []asap.Option) float64 {
			return testing.AllocsPerRun(50, func() {
				g := asap.New(context.Background(), options...)
				for range n {
					g.Go("task", value)
				}
				_ = g.Wait()
			})
		}
		small := with(10, o) - with(10, nil)
		task := (with(1010, o) - with(1010, nil) - small) / 1000
		t.Logf("%s: %.1f a group of ten tasks, %.3f a task", c.name, small, task)
		if small > c.group || task > c.taskAtMost {
			t.Errorf("%s: %.1f allocations a group of ten tasks and %.3f a task, want at most %.1f and %.3f", c.name, small, task, c.group, c.taskAtMost)
		}
	}
}
