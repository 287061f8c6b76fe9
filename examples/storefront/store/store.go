// Package store is the shop's database: products, users, carts and orders in
// one SQLite file, written in Go, without cgo.
package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"sync"

	"github.com/asap-go/asap/examples/storefront/internal/sqlite"
)

// ErrNotFound is in the error of every look-up of something that is not there.
var ErrNotFound = errors.New("not found")

//go:embed schema.sql
var schema string

// Store is an open database. Its methods may be called at the same time; each
// ends early, with the context's error, when its context ends.
type Store struct {
	db *sql.DB // reads
	w  *sql.DB // writes: one connection, so that writers queue here and in order

	queries sync.Map // of *sql.Stmt, for reads, by text
}

// Open opens the database file and creates and seeds it if it is new. The
// seed decides what is in a new one: the same seed, the same shop.
func Open(ctx context.Context, path string, seed uint64) (*Store, error) {
	w, err := sqlite.Open(path, 1)
	if err != nil {
		return nil, err
	}
	db, err := sqlite.Open(path, 8)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	s := &Store{db: db, w: w}
	if err := s.create(ctx, seed); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), s.Close())
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error { return errors.Join(s.db.Close(), s.w.Close()) }

func (s *Store) create(ctx context.Context, seed uint64) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return err
		}
		var products int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM products`).Scan(&products); err != nil {
			return err
		}
		if products > 0 {
			return nil
		}
		return fill(ctx, tx, seed)
	})
}

// write runs f in one transaction.
func (s *Store) write(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// prepared gives the statement for a query, which is parsed once.
func (s *Store) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := s.queries.Load(query); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if first, ok := s.queries.LoadOrStore(query, stmt); ok {
		return first.(*sql.Stmt), stmt.Close()
	}
	return stmt, nil
}

// rows runs a query and reads all its rows, so that nothing of it is left
// open when the context of the caller ends.
func (s *Store) rows[T any](ctx context.Context, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	stmt, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	rs, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var all []T
	for rs.Next() {
		var v T
		if err := scan(rs, &v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rs.Err()
}

// row runs a query for one row and scans it.
func (s *Store) row(ctx context.Context, query string, args []any, into ...any) error {
	stmt, err := s.prepared(ctx, query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(ctx, args...).Scan(into...)
}

// notFound gives sql.ErrNoRows the name of what was looked for.
func notFound(err error, what string, id any) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s %v: %w", what, id, ErrNotFound)
	}
	return err
}
