package otelasap_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/otelasap"
	"github.com/asap-go/asap/waterfall"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func ExampleNew() {
	spans := tracetest.NewInMemoryExporter()
	observer := otelasap.New(
		otelasap.TracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans))),
		otelasap.MeterProvider(metric.NewMeterProvider()),
	)

	g := asap.New(context.Background(), asap.Name("checkout"), asap.Observe(observer))
	cart := g.Go("cart", func(context.Context) (int, error) { return 3, nil })
	cart.Then("quote", func(_ context.Context, cart int) (int, error) { return 2 * cart, nil })
	fmt.Println(g.Wait())

	for _, s := range spans.GetSpans() {
		fmt.Println(s.Name, len(s.Links), s.Status.Code)
	}
	// Output:
	// <nil>
	// cart 0 Unset
	// quote 1 Unset
	// checkout 0 Unset
}

// A flow that is always observed, with the global providers.
func ExampleObserver() {
	checkout := flow.Define("checkout", func(g *asap.Group, order *asap.Task[int]) *asap.Task[int] {
		return order.Then("quote", func(_ context.Context, n int) (int, error) { return 2 * n, nil })
	}, asap.Observe(otelasap.New()))
	fmt.Println(checkout.Run(context.Background(), 3))
	// Output: 6 <nil>
}

func ExampleTracerProvider() {
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	g := asap.New(context.Background(), asap.Observe(otelasap.New(otelasap.TracerProvider(provider))))
	g.Input("order", 1) // runs nothing, and so has no span
	g.Go("cart", func(context.Context) (int, error) { return 3, nil })
	fmt.Println(g.Wait(), len(spans.Ended()))
	// Output: <nil> 2
}

func ExampleMeterProvider() {
	reader := metric.NewManualReader()
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	g := asap.New(context.Background(), asap.Observe(otelasap.New(otelasap.MeterProvider(provider))))
	g.Go("cart", func(context.Context) (int, error) { return 3, nil })
	fmt.Println(g.Wait())
	names := metricNames(reader)
	fmt.Println(slices.Contains(names, "asap.task.duration"), slices.Contains(names, "asap.group.duration"))
	// Output:
	// <nil>
	// true true
}

// statusError is an error of a database, with a code of the standard.
type statusError struct{ state string }

func (e *statusError) Error() string { return "the order is there already" }

// Errors of a database are told apart by their code.
func ExampleErrorType() {
	spans := tracetest.NewInMemoryExporter()
	observer := otelasap.New(
		otelasap.TracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans))),
		otelasap.ErrorType(func(err error) string {
			if e, ok := errors.AsType[*statusError](err); ok {
				return e.state
			}
			return "" // the name of the type
		}),
	)
	g := asap.New(context.Background(), asap.Name("checkout"), asap.Observe(observer))
	g.Do("order", func(context.Context) error { return fmt.Errorf("insert: %w", &statusError{"23505"}) })
	fmt.Println(g.Wait())
	for _, a := range spans.GetSpans()[0].Attributes {
		if a.Key == "error.type" {
			fmt.Println(a.Value)
		}
	}
	// Output:
	// order: insert: the order is there already
	// 23505
}

// The debug page and the log know the trace of each run.
func ExampleTraceID() {
	stats := &waterfall.Stats{TraceID: otelasap.TraceID}
	ctx, span := trace.NewTracerProvider().Tracer("shop").Start(context.Background(), "GET /")
	defer span.End()
	g := asap.New(ctx, asap.Observe(stats))
	g.Do("user", func(context.Context) error { return nil })
	fmt.Println(g.Wait(), stats.Run(1).TraceID == span.SpanContext().TraceID().String())
	// Output: <nil> true
}
