package otelasap_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
)

// A body several of whose goroutines wait is blocked on one thing after the
// other, without a gap and without counting a moment twice.
func TestWaitsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		began := time.Now()
		g := asap.New(t.Context(), asap.Name("dashboard"), asap.Observe(y))
		short, long := g.Go("short", wait(20*ms)), g.Go("long", wait(50*ms))
		g.Do("both", func(ctx context.Context) error {
			var all sync.WaitGroup
			all.Go(func() { _, _ = short.Await(ctx) })
			time.Sleep(10 * ms)
			all.Go(func() { _, _ = long.Await(ctx) })
			all.Wait()
			time.Sleep(10 * ms)
			return nil
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		y.wantLinks("both", "short awaited", "long awaited")
		both := y.span("both")
		var got []string
		for _, e := range both.Events() {
			got = append(got, e.Time.Sub(began).String()+" "+attr(e.Attributes, otelasap.BlockedOn)+" for "+attr(e.Attributes, otelasap.TaskBlocked))
		}
		if len(got) != 2 || got[0] != "0s short for 0.02" || got[1] != "20ms long for 0.03" {
			t.Errorf("events of both are %q, want blocked on short from 0s for 0.02, then on long from 20ms for 0.03", got)
		}
		if got := attr(both.Attributes(), otelasap.TaskBlocked); got != "0.05" {
			t.Errorf("both was blocked for %q, want 0.05", got)
		}
		y.wantSums("asap.task.blocked", map[string]string{"dashboard both": "0.050/1"})
	})
}
