package dbosasap_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/asap-go/asap/dbosasap"
)

// newRuntime makes a Runtime on a file of its own, with what register does before it
// is launched.
func newRuntime(t *testing.T, register ...func(*dbosasap.Runtime) error) *dbosasap.Runtime {
	t.Helper()
	return openRuntime(t, filepath.Join(t.TempDir(), "flows.db"), register...)
}

func openRuntime(t *testing.T, database string, register ...func(*dbosasap.Runtime) error) *dbosasap.Runtime {
	t.Helper()
	rt, err := dbosasap.Open(t.Context(), "test", database)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range register {
		if err := r(rt); err != nil {
			t.Fatal(err)
		}
	}
	if err := rt.Launch(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Shutdown(10 * time.Second) })
	return rt
}
