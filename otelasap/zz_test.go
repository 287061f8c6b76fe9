package otelasap_test

import (
	"context"
	"os"
	"runtime/pprof"
	"strconv"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/attribute"
	metricapi "go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

func BenchmarkZZRecord(b *testing.B) {
	mp := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
	h, _ := mp.Meter("x").Float64Histogram("h", metricapi.WithExplicitBucketBoundaries(.0001, .0005, .001, .0025, .005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10))
	for _, n := range []int{2, 3} {
		attrs := []attribute.KeyValue{attribute.String("asap.group.name", ""), attribute.String("asap.task.name", "user"), attribute.String("asap.outcome", "succeeded")}[:n]
		o := []metricapi.RecordOption{metricapi.WithAttributeSet(attribute.NewSet(attrs...))}
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			used := processor()
			for b.Loop() {
				h.Record(context.Background(), 1e-6, o...)
			}
			b.ReportMetric(float64(processor()-used)/float64(b.N), "cpu-ns")
		})
	}
}

func TestZZ(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("ZN"))
	unsampled := otelasap.TracerProvider(trace.NewTracerProvider(trace.WithSampler(trace.NeverSample())))
	noSpans := otelasap.TracerProvider(tracenoop.NewTracerProvider())
	metrics := otelasap.MeterProvider(metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())))
	noMetrics := otelasap.MeterProvider(metricnoop.NewMeterProvider())
	var o []asap.Option
	switch os.Getenv("ZW") {
	case "noop":
		o = observed(noSpans, noMetrics)
	case "metrics":
		o = observed(noSpans, metrics)
	case "unsampled":
		o = observed(unsampled, noMetrics)
	case "un+metrics":
		o = observed(unsampled, metrics)
	}
	if p := os.Getenv("ZP"); p != "" {
		f, _ := os.Create(p)
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	for range n {
		six(o...)
	}
}
