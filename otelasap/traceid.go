package otelasap

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// TraceID returns the ID of the trace that ctx is in, and "" if it is in none or
// in one that is not sampled, of which no tool shows anything. It is for
// [github.com/asap-go/asap/waterfall.Stats]: with it as the TraceID, runs on the
// debug page and in the log have that of the request, or of the span that an
// [Observer] made for the group, wherever the two stand among the options.
func TraceID(ctx context.Context) string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsSampled() || !span.HasTraceID() {
		return ""
	}
	return span.TraceID().String()
}
