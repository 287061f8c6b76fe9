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
	types   func(error) string
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

// ErrorType says what error.type an error has, for what a type does not tell: the code
// of a status of gRPC, the SQLSTATE of a database. f is given what the body returned,
// without what package asap and fmt.Errorf have wrapped around it, and may be called at
// the same time for several errors. What it returns has to be one of few words, never a
// text: after the first 100 values of an [Observer] the others are _OTHER. For ""
// it is the name of the type, and so without the option. The exception.type of an event is
// always the name of the type.
func ErrorType(f func(err error) string) Option {
	return option(func(c *config) { c.types = f })
}
