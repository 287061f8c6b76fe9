package otelasap_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"github.com/asap-go/asap/tail"
	"go.opentelemetry.io/otel/sdk/trace"
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
			"home product succeeded": "0.030/1", "home product/hedge succeeded": "0.020/1",
		})
	})
}

// The metrics of second calls are told by the task's group and name, those of the
// elements of a Map together, and of second calls in second calls too; whether or not the
// trace is sampled, and the observer is wrapped in another.
func TestHedgeMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, sampler := range map[string]trace.Sampler{"sampled": trace.AlwaysSample(), "unsampled": trace.NeverSample()} {
			for _, isWrapped := range []bool{false, true} {
				y := sampledBy(t, sampler)
				var o asap.Observer = y.Observer
				if isWrapped {
					o = wrapped{o}
				}
				quick := tail.Hedge(tail.After(10*ms), tail.Share(1))
				g := asap.New(t.Context(), asap.Name("home"), asap.Observe(o))
				one := func(ctx context.Context) (int, error) {
					select {
					case <-ctx.Done():
						return 0, ctx.Err()
					case <-time.After(30 * ms):
						return 0, nil
					}
				}
				g.Go("product", one, quick)
				g.Go("ads", one, quick, quick)
				g.Map("likes", g.Input("ids", []int{1, 2}), func(ctx context.Context, _ int) (int, error) { return one(ctx) }, quick)
				g.Do("page", func(ctx context.Context) error {
					g := asap.New(ctx)
					g.Go("inner", one, quick)
					return g.Wait()
				})
				if err := g.Wait(); err != nil {
					t.Fatal(err)
				}
				var got []string
				for key := range y.counts("asap.task.duration") {
					if strings.Contains(key, "hedge") {
						got = append(got, key)
					}
				}
				slices.Sort(got)
				wantLines(t, name, got, "home ads/hedge canceled", "home likes[]/hedge canceled", "home product/hedge canceled", "inner/hedge canceled")
			}
		}
	})
}
