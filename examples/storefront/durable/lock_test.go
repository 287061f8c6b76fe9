package durable_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asap-go/asap/examples/storefront/durable"
)

// A folder is one engine's, also when its context ends, and the next one's
// after that.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	unlock, err := durable.Lock(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if again, err := durable.Lock(t.Context(), dir); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "lock.db")) {
		t.Errorf("second Lock of a folder: %v, want an error with the file", err)
		if err == nil {
			again()
		}
	}
	unlock()
	unlock, err = durable.Lock(t.Context(), dir)
	if err != nil {
		t.Fatalf("Lock after unlock: %v", err)
	}
	unlock()
}
