package services

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/asap-go/asap/examples/storefront/internal/sqlite"
	"github.com/asap-go/asap/examples/storefront/money"
)

// Ledger is the book of payment, in a file of its own: what was charged stays
// charged whatever happens to the shop.
type Ledger struct {
	db *sql.DB
}

// Entry is one order in the ledger: what it was charged, and how often the
// shop has asked for that.
type Entry struct {
	Order   string
	Payment string
	Amount  money.Money
	Asked   int
}

var errOtherAmount = errors.New("order was charged another amount")

// OpenLedger opens the file payment.db in the folder, and makes it if needed.
func OpenLedger(ctx context.Context, dir string) (*Ledger, error) {
	path := filepath.Join(dir, "payment.db")
	db, err := sqlite.Open(path, 1) // one writer, so nobody meets a lock
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS entries (
		order_id TEXT PRIMARY KEY,
		payment  TEXT NOT NULL,
		currency TEXT NOT NULL,
		minor    INTEGER NOT NULL,
		asked    INTEGER NOT NULL DEFAULT 1
	) WITHOUT ROWID`); err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &Ledger{db}, nil
}

// Close closes the file.
func (l *Ledger) Close() error { return l.db.Close() }

// enter books a charge, or finds the one that was booked for the order.
// The number of a payment follows from the order.
func (l *Ledger) enter(ctx context.Context, order string, amount money.Money) (Entry, error) {
	sum := sha256.Sum256([]byte(order))
	e := Entry{Order: order}
	err := l.db.QueryRowContext(ctx,
		`INSERT INTO entries (order_id, payment, currency, minor) VALUES (?, ?, ?, ?)
		 ON CONFLICT DO UPDATE SET asked = asked + 1
		 RETURNING payment, currency, minor, asked`,
		order, "pay-"+hex.EncodeToString(sum[:6]), amount.Currency, amount.Minor).
		Scan(&e.Payment, &e.Amount.Currency, &e.Amount.Minor, &e.Asked)
	if err == nil && e.Amount != amount {
		err = fmt.Errorf("%w: %v, not %v", errOtherAmount, e.Amount, amount)
	}
	return e, err
}

// Entries returns the whole book, by order.
func (l *Ledger) Entries(ctx context.Context) ([]Entry, error) {
	rs, err := l.db.QueryContext(ctx, `SELECT order_id, payment, currency, minor, asked FROM entries ORDER BY order_id`)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var all []Entry
	for rs.Next() {
		var e Entry
		if err := rs.Scan(&e.Order, &e.Payment, &e.Amount.Currency, &e.Amount.Minor, &e.Asked); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rs.Err()
}
