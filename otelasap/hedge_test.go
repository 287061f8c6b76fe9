package otelasap_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"github.com/asap-go/asap/tail"
)

// A second call is a span inside of the task's, of a group without a name. What it makes is
// below it. The time of the task is that until it is decided.
func TestHedge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		g := asap.New(t.Context(), asap.Name("home"), asap.Observe(y))
		var n atomic.Int32
		g.Go("product", func(ctx context.Context) (int, error) {
			if n.Add(1) == 1 {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			_, span := y.tracers.Tracer("").Start(ctx, "GET /product")
			time.Sleep(20 * ms)
			span.End()
			return 2, nil
		}, tail.Hedge(tail.After(10*ms), tail.Share(1)))
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		parents := make(map[string]string) // by ID
		for _, s := range y.spans.Ended() {
			parents[s.SpanContext().SpanID().String()] = s.Name()
		}
		at := y.span("GET /product")
		var names []string
		for s := at; s.Parent().IsValid(); {
			name := parents[s.Parent().SpanID().String()]
			names = append(names, name)
			for _, p := range y.spans.Ended() {
				if p.SpanContext().SpanID() == s.Parent().SpanID() {
					s = p
					break
				}
			}
		}
		wantLines(t, "what is around the request", names, "hedge", "asap.group", "product", "home")
		if got := attr(y.span("hedge").Attributes(), otelasap.Outcome); got != "succeeded" {
			t.Errorf("hedge %s, want succeeded", got)
		}
		y.wantSums("asap.task.duration", map[string]string{
			"home product succeeded": "0.030/1", "hedge succeeded": "0.020/1",
		})
	})
}
