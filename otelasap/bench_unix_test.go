//go:build unix

package otelasap_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// processor is the time that the process has computed.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCost gives the processor time that each of six tasks with empty bodies
// takes more than in a group that nobody observes, in nanoseconds: in turn with those,
// the medians of batches.
func BenchmarkCost(b *testing.B) {
	sampled := otelasap.TracerProvider(trace.NewTracerProvider(trace.WithSampler(trace.AlwaysSample())))
	unsampled := otelasap.TracerProvider(trace.NewTracerProvider(trace.WithSampler(trace.NeverSample())))
	noSpans := otelasap.TracerProvider(tracenoop.NewTracerProvider())
	metrics := otelasap.MeterProvider(metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())))
	noMetrics := otelasap.MeterProvider(metricnoop.NewMeterProvider())
	all := []struct {
		name string
		with []asap.Option
	}{
		{"none", nil},
		{"noop", observed(noSpans, noMetrics)},
		{"metrics", observed(noSpans, metrics)},
		{"unsampled", observed(unsampled, noMetrics)},
		{"unsampled+metrics", observed(unsampled, metrics)},
		{"spans", observed(sampled, noMetrics)},
		{"both", observed(sampled, metrics)},
	}
	const batch = 1000
	more := make([][]float64, len(all))
	for b.Loop() {
		none := 0.0
		for i, c := range all {
			began := processor()
			for range batch {
				six(c.with...)
			}
			used := float64(processor()-began) / batch / 6
			if i == 0 {
				none = used
			}
			more[i] = append(more[i], used-none)
		}
	}
	for i, c := range all[1:] {
		s := slices.Sorted(slices.Values(more[i+1]))
		b.ReportMetric(s[len(s)/2], c.name+"-ns/task")
	}
	b.ReportMetric(0, "ns/op")
}
