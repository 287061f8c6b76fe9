package dbosasap_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/pgtest"
)

// The rules that hold on every engine, on both databases.
func TestEngine(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { conform(t, filepath.Join(t.TempDir(), "flows.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { conform(t, pgtest.Start(t).URL()) })
}

func conform(t *testing.T, database string) {
	rt := openRuntime(t, database, func(rt *dbosasap.Runtime) error {
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
