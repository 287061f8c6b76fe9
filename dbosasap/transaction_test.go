//go:build unix

package dbosasap_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/pgtest"
)

// A body in a transaction commits with its record: it has written once, or not at all.
func TestTransaction(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "orders.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.Exec(createOrders); err != nil {
			t.Fatal(err)
		}
		testTransaction(t, filepath.Join(t.TempDir(), "flows.db"), func(d dbos.Context) (*dbos.DataSource, error) {
			return dbos.NewDataSource(d, db)
		}, func() (n int, err error) {
			err = db.QueryRow(countOrders).Scan(&n)
			return n, err
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		p := pgtest.Start(t)
		pool, err := pgxpool.New(t.Context(), p.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		if _, err := pool.Exec(t.Context(), createOrders); err != nil {
			t.Fatal(err)
		}
		testTransaction(t, p.URL(), func(d dbos.Context) (*dbos.DataSource, error) {
			return dbos.NewDataSource(d, pool)
		}, func() (n int, err error) {
			err = pool.QueryRow(t.Context(), countOrders).Scan(&n)
			return n, err
		})
	})
}

const (
	createOrders = "CREATE TABLE orders(item INTEGER)"
	countOrders  = "SELECT count(*) FROM orders"
)

func testTransaction(t *testing.T, database string, source func(dbos.Context) (*dbos.DataSource, error), orders func() (int, error)) {
	refused := errors.New("sold out")
	f := flow.Define("order", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("reserve", func(ctx context.Context, n int) (int, error) {
			tx := dbosasap.Tx(ctx)
			if _, err := tx.Exec(ctx, "INSERT INTO orders(item) VALUES ($1)", n); err != nil {
				return 0, err
			}
			if n < 0 {
				return 0, refused
			}
			return n + 1, nil
		})
	})
	rt, err := dbosasap.Open(t.Context(), "test", database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Shutdown(10 * time.Second) })
	ds, err := source(rt.DBOS())
	if err != nil {
		t.Fatal(err)
	}
	if err := dbosasap.Register(rt, f, dbosasap.Task("reserve", dbosasap.Transaction(ds))); err != nil {
		t.Fatal(err)
	}
	if err := rt.Launch(); err != nil {
		t.Fatal(err)
	}
	if got, err := dbosasap.Run(within(t, 20*time.Second), rt, f, 4); got != 5 || err != nil {
		t.Errorf("Run gives %d, %v, want 5", got, err)
	}
	if _, err := dbosasap.Run(within(t, 20*time.Second), rt, f, -1); err == nil || err.Error() != "reserve: sold out" {
		t.Errorf("Run gives %v, want the error of reserve", err)
	}
	if n, err := orders(); n != 1 || err != nil {
		t.Errorf("the database has %d orders, %v, want 1: what failed is rolled back", n, err)
	}
	func() {
		defer func() {
			if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "asap: Tx in a body without one") {
				t.Errorf("Tx panics with %q", text)
			}
		}()
		dbosasap.Tx(t.Context())
	}()
}
