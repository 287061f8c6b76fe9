package resilience

import (
	"context"
	"database/sql"

	"github.com/asap-go/asap"
)

// inTx calls do in a transaction that is committed if it returns nil. It waits for a
// connection of the pool in Blocking, so it may be called by any body: one that kept
// its slot of the limit meanwhile could wait for one that has a connection and waits
// for a slot.
//
// The transaction ends here and not after the group: its context has ended then.
func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	var tx *sql.Tx
	err := asap.Blocking(ctx, func() (err error) {
		tx, err = db.BeginTx(ctx, nil)
		return err
	})
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a Commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// shop prices orders with two services, and stores what they said.
type shop struct {
	db        *sql.DB
	price     func(ctx context.Context, order int) (int, error)
	insurance func(ctx context.Context, order int) (int, error)
}

// bookAll books the orders, each in a transaction of its own, with four calls at a
// time, whatever the pool allows.
func (s *shop) bookAll(ctx context.Context, orders []int) error {
	g := asap.New(ctx, asap.Limit(4))
	g.Map("order", g.Input("orders", orders), s.book)
	return g.Wait()
}

func (s *shop) book(ctx context.Context, order int) (total int, err error) {
	err = inTx(ctx, s.db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "lock", order); err != nil {
			return err
		}
		total, err = asap.Run(ctx, func(g *asap.Group) func() int {
			of := g.Input("order", order)
			price := of.Then("price", s.price)
			insurance := of.Then("insurance", s.insurance)
			return func() int { return price.Value() + insurance.Value() }
		})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "store", order, total)
		return err
	})
	return total, err
}
