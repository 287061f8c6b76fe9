package otelasap

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Option sets where an [Observer] reports to. Without options these are the
// global providers at the time of [New].
type Option interface{ apply(*config) }

type config struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// TracerProvider makes the spans; nil stands for the global provider. One that
// does nothing, of package trace/noop, switches spans off.
func TracerProvider(p trace.TracerProvider) Option {
	return option(func(c *config) { c.tracers = p })
}

// MeterProvider records the metrics; nil stands for the global provider. One
// that does nothing, of package metric/noop, switches metrics off.
func MeterProvider(p metric.MeterProvider) Option {
	return option(func(c *config) { c.meters = p })
}
