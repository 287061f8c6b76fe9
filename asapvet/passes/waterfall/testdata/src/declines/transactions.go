package declines

import (
	"context"
	"database/sql"

	"declines/mock"
)

// onTransaction has a transaction by the name that people give them.
func onTransaction(ctx context.Context, transaction Store) (int, error) {
	item, err := transaction.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	n, err := transaction.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return n + item.ID, nil
}

// getPayment is about one that is no transaction of a database.
func getPayment(ctx context.Context, s Store, transaction *Item) (int, error) {
	item, err := s.Item(ctx, transaction.ID)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return n + item.ID, nil
}

// getGiven is given a transaction, by way of getPassed.
func getGiven(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return n + item.ID, nil
}

func getPassed(ctx context.Context, s Store) (int, error) { return getGiven(ctx, s) }

func inStoreTx(ctx context.Context, run func(context.Context, func(Store) error) error) error {
	return run(ctx, func(tx Store) error {
		_, err := getPassed(ctx, tx)
		return err
	})
}

// A repo is what RunInTransaction gives to its function as well.
type repo interface {
	RunInTransaction(ctx context.Context, f func(repo) error) error
	//asapvet:read
	Name(ctx context.Context, id int) (string, error)
	//asapvet:read
	Size(ctx context.Context, id int) (int, error)
}

// getByType may be given either.
func getByType(ctx context.Context, r repo) (string, int, error) {
	name, err := r.Name(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	n, err := r.Size(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	return name, n, nil
}

// A keeper has one in a field, which is the pool.
type keeper struct{ repo repo }

func (k keeper) getOfField(ctx context.Context) (string, int, error) {
	name, err := k.repo.Name(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	n, err := k.repo.Size(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	return name, n, nil
}

// A ledger is asked on a transaction, so its own methods may run in one.
type ledger struct{ db *sql.DB }

func (l *ledger) sum(ctx context.Context) (n int, err error) {
	return n, l.db.QueryRowContext(ctx, "SELECT 1").Scan(&n)
}

func (l *ledger) getBoth(ctx context.Context) (int, error) {
	a, err := l.sum(ctx)
	if err != nil {
		return 0, err
	}
	b, err := l.sum(ctx)
	if err != nil {
		return 0, err
	}
	return a + b, nil
}

func withLedger(ctx context.Context, tx *ledger) (int, error) { return tx.getBoth(ctx) }

// shortCircuits asks until somebody says yes.
func shortCircuits(ctx context.Context, s named) (bool, error) {
	if used, err := s.used(ctx, 1); used || err != nil {
		return used, err
	}
	if used, err := s.used(ctx, 2); used || err != nil {
		return used, err
	}
	return s.used(ctx, 3)
}

type named struct{ db *sql.DB }

func (n named) used(ctx context.Context, id int) (used bool, err error) {
	return used, n.db.QueryRowContext(ctx, "SELECT 1", id).Scan(&used)
}

// A directory has one implementation; the other one is for tests, and does what nobody
// knows.
type directory interface {
	People(ctx context.Context) (int, error)
	Rooms(ctx context.Context) (int, error)
}

type sqlDirectory struct{ db *sql.DB }

func (d sqlDirectory) People(ctx context.Context) (n int, err error) {
	return n, d.db.QueryRowContext(ctx, "SELECT 1").Scan(&n)
}

func (d sqlDirectory) Rooms(ctx context.Context) (n int, err error) {
	return n, d.db.QueryRowContext(ctx, "SELECT 1").Scan(&n)
}

type recorder struct {
	mock.Mock
	hook func(context.Context) (int, error)
}

func (d *recorder) People(ctx context.Context) (int, error) { d.Called(ctx); return d.hook(ctx) }
func (d *recorder) Rooms(ctx context.Context) (int, error)  { d.Called(ctx); return d.hook(ctx) }

var _ = []directory{sqlDirectory{}, new(recorder)}

func visit(ctx context.Context, d directory) (int, error) {
	people, err := d.People(ctx)
	if err != nil {
		return 0, err
	}
	rooms, err := d.Rooms(ctx)
	if err != nil {
		return 0, err
	}
	return people + rooms, nil
}

// loadSetup runs once, by the second.
func loadSetup(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return n + item.ID, nil
}

// callHooks has two of which the name says that they read, and nobody what they call.
func callHooks(ctx context.Context, d *recorder) (int, error) {
	a, err := d.findHook(ctx)
	if err != nil {
		return 0, err
	}
	b, err := d.findHook(ctx)
	if err != nil {
		return 0, err
	}
	return a + b, nil
}

func (d *recorder) findHook(ctx context.Context) (int, error) { return d.hook(ctx) }

// A deck is changed if it is as it was read: what writes it asks whether that was so.
type deck struct{ db *sql.DB }

func (d *deck) item(ctx context.Context) (*Item, error) {
	item := new(Item)
	return item, d.db.QueryRowContext(ctx, "SELECT 1").Scan(&item.ID)
}

func (d *deck) size(ctx context.Context) (n int, err error) {
	return n, d.db.QueryRowContext(ctx, "SELECT 1").Scan(&n)
}

func (d *deck) updateIfSame(ctx context.Context, item *Item) error {
	return d.db.QueryRowContext(ctx, updateQuery, item.ID).Scan(new(int))
}

var updateQuery = "EXECUTE update_if_same"

func trim(ctx context.Context, d *deck) error {
	item, err := d.item(ctx)
	if err != nil {
		return err
	}
	n, err := d.size(ctx)
	if err != nil {
		return err
	}
	item.Owner = n
	return d.updateIfSame(ctx, item)
}
