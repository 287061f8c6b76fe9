//go:build cost

package otelasap_test

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"github.com/asap-go/asap/waterfall"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

type empty struct{}

func (empty) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (empty) Observe(asap.Event)                                      {}
func (empty) Unlabeled()                                              {}

func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestCostX(t *testing.T) {
	tracers := trace.NewTracerProvider(trace.WithSampler(trace.AlwaysSample()))
	unsampled := trace.NewTracerProvider(trace.WithSampler(trace.NeverSample()))
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
	noSpans, noMeters := otelasap.TracerProvider(tracenoop.NewTracerProvider()), otelasap.MeterProvider(metricnoop.NewMeterProvider())
	cases := []struct {
		name string
		with []asap.Option
	}{
		{"none", nil},
		{"empty", []asap.Option{asap.Observe(empty{})}},
		{"recorder", []asap.Option{asap.Observe(new(waterfall.Recorder))}},
		{"stats", []asap.Option{asap.Observe(new(waterfall.Stats))}},
		{"noop", observed(noSpans, noMeters)},
		{"metrics", observed(noSpans, otelasap.MeterProvider(meters))},
		{"unsampled", observed(otelasap.TracerProvider(unsampled), noMeters)},
		{"unsampled+metrics", observed(otelasap.TracerProvider(unsampled), otelasap.MeterProvider(meters))},
		{"spans", observed(otelasap.TracerProvider(tracers), noMeters)},
		{"both", observed(otelasap.TracerProvider(tracers), otelasap.MeterProvider(meters))},
	}
	got := make([][]float64, len(cases))
	const n = 1000
	for round := range 14 {
		for i, c := range cases {
			from := processor()
			for range n {
				six(c.with...)
			}
			if round > 1 {
				got[i] = append(got[i], float64(processor()-from)/n/1000)
			}
		}
	}
	for i, c := range cases {
		slices.Sort(got[i])
		base := got[0]
		_ = base
		t.Logf("%-20s q1 %.2f med %.2f µs a group; %.2f µs a task above none (q1 %.2f)", c.name, got[i][len(got[i])/4], got[i][len(got[i])/2], (got[i][len(got[i])/2]-got[0][len(got[0])/2])/6, (got[i][len(got[i])/4]-got[0][len(got[0])/4])/6)
	}
}
