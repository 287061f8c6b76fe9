package otelasap_test

import (
	"context"
	"sync"
	"testing"

	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/trace"
)

// pickyProvider wants all histograms but one, and counts what comes all the same.
type pickyProvider struct {
	noop.MeterProvider
	unwanted string

	mu   sync.Mutex // guards seen
	seen map[string]int
}

type pickyMeter struct {
	noop.Meter
	of *pickyProvider
}

type pickyHistogram struct {
	noop.Float64Histogram
	name string
	of   *pickyProvider
}

func (p *pickyProvider) Meter(string, ...metric.MeterOption) metric.Meter {
	return pickyMeter{of: p}
}

func (m pickyMeter) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return pickyHistogram{name: name, of: m.of}, nil
}

func (h pickyHistogram) Enabled(context.Context) bool { return h.name != h.of.unwanted }

func (h pickyHistogram) Record(context.Context, float64, ...metric.RecordOption) {
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	h.of.seen[h.name]++
}

// What nobody wants is not recorded: an instrument that a view drops says so, and its
// Record would cost most of what one does that is kept.
func TestUnwantedInstrument(t *testing.T) {
	for _, sampler := range []trace.Sampler{trace.NeverSample(), trace.AlwaysSample()} {
		p := &pickyProvider{unwanted: "asap.task.queued", seen: make(map[string]int)}
		six(observed(otelasap.MeterProvider(p), otelasap.TracerProvider(trace.NewTracerProvider(trace.WithSampler(sampler))))...)
		if n := p.seen["asap.task.duration"]; n != 6 {
			t.Errorf("%s: %d durations of six tasks", sampler.Description(), n)
		}
		if n := p.seen[p.unwanted]; n != 0 {
			t.Errorf("%s: %d measurements that nobody wants", sampler.Description(), n)
		}
	}
}
