package servertest_test

import (
	"context"
	"testing"

	"go.temporal.io/sdk/worker"

	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// TestServerRunning: the same handle as in the process, on a real server; every history is
// replayed.
func TestServerRunning(t *testing.T) {
	c := serve(t, func(w worker.Worker) error {
		for _, f := range asaptest.RunningFlows() {
			if err := temporalasap.Register(w, f, defaults); err != nil {
				return err
			}
		}
		return nil
	})
	var replays []func()
	asaptest.TestRunning(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (*flow.Running[string], error) {
		h, err := temporalasap.Start(ctx, c.client, f, in, c.options())
		if err != nil {
			return nil, err
		}
		replays = append(replays, func() { replay(t, f, c.history(h.ID(), h.RunID())) })
		return h.Running, nil
	})
	for _, again := range replays {
		again()
	}
}
