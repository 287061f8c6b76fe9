package durable

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/asap-go/asap/examples/storefront/internal/sqlite"
)

// lock keeps a second engine away from the folder until unlock is called or
// the process has ended, however: two servers would take the workflows of one
// file from each other. The lock is a transaction that writes to a file of its
// own and never ends.
func lock(ctx context.Context, dir string) (unlock func(), err error) {
	path := filepath.Join(dir, "lock.db")
	db, err := sqlite.Open(path, 1)
	if err != nil {
		return nil, err
	}
	// The lock ends with unlock, and not with ctx.
	tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("lock %s, which another shop may have: %w", path, err)
	}
	return func() {
		tx.Rollback()
		db.Close()
	}, nil
}
