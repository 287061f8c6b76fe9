package dbosasap_test

import (
	"context"
	"testing"

	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
)

// The rules that hold on every engine.
func TestEngine(t *testing.T) {
	rt := newRuntime(t, func(rt *dbosasap.Runtime) error {
		for _, f := range append(asaptest.Flows(), asaptest.RunningFlows()...) {
			if err := dbosasap.Register(rt, f); err != nil {
				return err
			}
		}
		return nil
	})
	asaptest.TestRunning(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (*flow.Running[string], error) {
		h, err := dbosasap.Start(ctx, rt, f, in)
		if err != nil {
			return nil, err
		}
		return h.Running, nil
	})
	asaptest.TestEngine(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (string, error) {
		return dbosasap.Run(ctx, rt, f, in)
	})
}
