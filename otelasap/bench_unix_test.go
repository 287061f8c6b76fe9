//go:build unix

package otelasap_test

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/attribute"
	metricapi "go.opentelemetry.io/otel/metric"
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

// records calls Record of the SDK as often as the metrics of six tasks that are not queued are recorded, and
// does nothing else: no observer that has these metrics can cost less.
func records(p metricapi.MeterProvider) func() {
	h, _ := p.Meter("alone").Float64Histogram("seconds")
	var of [6][2][]metricapi.RecordOption // without an outcome, and with one
	for i := range of {
		name := otelasap.TaskName.String(string(rune('a' + i)))
		of[i][0] = []metricapi.RecordOption{metricapi.WithAttributeSet(attribute.NewSet(otelasap.GroupName.String(""), name))}
		of[i][1] = []metricapi.RecordOption{metricapi.WithAttributeSet(attribute.NewSet(otelasap.GroupName.String(""), name, otelasap.Outcome.String("succeeded")))}
	}
	return func() {
		ctx := context.Background()
		h.Record(ctx, 1e-6, of[0][0]...) // the group
		for i := range of {
			h.Record(ctx, 1e-6, of[i][1]...) // the duration
		}
		for i := range 4 { // on the critical path
			h.Record(ctx, 1e-6, of[i][0]...)
		}
	}
}

// BenchmarkCost gives the processor time that each of six tasks with empty bodies, or of
// a hundred, takes more than in a group that nobody observes, in nanoseconds: in turn with
// those, the medians of batches. sdk-alone is what the six take in the SDK's Record.
func BenchmarkCost(b *testing.B) {
	b.Run("six", func(b *testing.B) { benchmarkCost(b, six, 1000, 6) })
	b.Run("wide", func(b *testing.B) { benchmarkCost(b, hundred, 60, 100) })
	b.Run("page", func(b *testing.B) { benchmarkCost(b, storePage, 600, 10) })
	b.Run("limit", func(b *testing.B) {
		benchmarkCost(b, func(options ...asap.Option) { six(append(slices.Clip(options), asap.Limit(2))...) }, 1000, 6)
	})
}

func hundred(options ...asap.Option) {
	g := asap.New(context.Background(), options...)
	for range 100 {
		g.Go("item", value)
	}
	_ = g.Wait()
}

// storePage has ten tasks, with what a page has that makes its run more to analyze: a Map,
// a failure that is tolerated, a nested group and a wait in a body.
func storePage(options ...asap.Option) {
	g := asap.New(context.Background(), options...)
	user, list := g.Go("user", value), g.Go("list", func(context.Context) ([]int, error) { return []int{1, 2, 3}, nil })
	items := g.Map("item", list, next)
	ads := user.Optional("ads", func(context.Context, int) (int, error) { return 0, errDown })
	g.Do("cart", func(ctx context.Context) error {
		if _, err := user.Await(ctx); err != nil {
			return err
		}
		inner := asap.New(ctx, asap.Name("cart"))
		inner.Go("stock", value).Then("price", next)
		return inner.Wait()
	}, asap.Needs(items, ads))
	_ = g.Wait()
}

func benchmarkCost(b *testing.B, run func(...asap.Option), batch, tasks int) {
	sampled := otelasap.TracerProvider(trace.NewTracerProvider(trace.WithSampler(trace.AlwaysSample())))
	unsampled := otelasap.TracerProvider(trace.NewTracerProvider(trace.WithSampler(trace.NeverSample())))
	noSpans := otelasap.TracerProvider(tracenoop.NewTracerProvider())
	metrics := otelasap.MeterProvider(metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())))
	alone := records(metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())))
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
	more := make([][]float64, len(all))
	var sdk []float64
	for b.Loop() {
		began := processor()
		for range batch {
			alone()
		}
		sdk = append(sdk, float64(processor()-began)/float64(batch*6))
		none := 0.0
		for i, c := range all {
			began := processor()
			for range batch {
				run(c.with...)
			}
			used := float64(processor()-began) / float64(batch*tasks)
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
	slices.Sort(sdk)
	b.ReportMetric(sdk[len(sdk)/2], "sdk-alone-ns/task")
	b.ReportMetric(0, "ns/op")
}
