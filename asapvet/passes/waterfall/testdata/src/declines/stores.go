package declines

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"

	"xorm.io/xorm"
)

// An engine's package is one that is not found: its types have names, and no more.
type engine struct{ db *xorm.Engine }

func (e *engine) restore(ctx context.Context, id int) error {
	_, err := e.db.Context(ctx).Where("id = ?", id).Update(&Item{ID: id})
	return err
}

func (e *engine) item(ctx context.Context, id int) (item Item, err error) {
	_, err = e.db.Context(ctx).Where("id = ?", id).Get(&item)
	return item, err
}

// Restores reads what it has changed between: the second call is not to start early.
func Restores(ctx context.Context, e *engine, s Store) (string, error) {
	owner, err := s.Item(ctx, 1)
	if err != nil {
		return "", err
	}
	if err = e.restore(ctx, 2); err != nil {
		return "", err
	}
	item, err := e.item(ctx, 2)
	if err != nil {
		return "", err
	}
	return owner.Name + item.Name, nil
}

// texts asks a cache by a method of its own.
type texts struct {
	db    *sql.DB
	cache map[string]string
}

func (t *texts) getCache(key string) string { return t.cache[key] }

func (t *texts) text(ctx context.Context, key string) (s string, err error) {
	if s := t.getCache(key); s != "" {
		return s, nil
	}
	return s, t.db.QueryRowContext(ctx, "SELECT text FROM texts WHERE key = ?", key).Scan(&s)
}

func OwnCache(ctx context.Context, t *texts) (string, error) {
	a, err := t.text(ctx, "a")
	if err != nil {
		return "", err
	}
	b, err := t.text(ctx, "b")
	if err != nil {
		return "", err
	}
	return a + b, nil
}

// A store that runs in the transaction of its context, if there is one.
type ambient struct{ db *sql.DB }

type txKey struct{}

func (a ambient) row(ctx context.Context, query string, id int) *sql.Row {
	if tx, ok := ctx.Value(txKey{}).(*sql.Tx); ok {
		return tx.QueryRowContext(ctx, query, id)
	}
	return a.db.QueryRowContext(ctx, query, id)
}

func (a ambient) name(ctx context.Context, id int) (s string, err error) {
	return s, a.row(ctx, "SELECT name FROM items WHERE id = ?", id).Scan(&s)
}

func (a ambient) count(ctx context.Context, id int) (n int, err error) {
	return n, a.row(ctx, "SELECT count(*) FROM parts WHERE item = ?", id).Scan(&n)
}

func GetAmbient(ctx context.Context, a ambient) (string, int, error) {
	name, err := a.name(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	n, err := a.count(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	return name, n, nil
}

// AmbientMiddleware is none that reads, by its name.
func AmbientMiddleware(ctx context.Context, a ambient) (string, int, error) {
	name, err := a.name(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	n, err := a.count(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	return name, n, nil
}

// GetInside is called in a transaction, by way of another.
func GetInside(ctx context.Context, a ambient) (string, int, error) {
	name, err := a.name(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	n, err := a.count(ctx, 1)
	if err != nil {
		return "", 0, err
	}
	return name, n, nil
}

func getOutside(ctx context.Context, a ambient) error {
	_, _, err := GetInside(ctx, a)
	return err
}

func inTx(f func(context.Context) error) func(context.Context) error { return f }

func Begins(ctx context.Context, a ambient) error {
	all := func(ctx context.Context) error { return getOutside(ctx, a) }
	return inTx(all)(ctx)
}

// Asked looks at the first value to leave, and no more.
func Asked(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	if item == nil {
		return 0, errNotFound
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return n, nil
}

// AskedAndUsed looks at it, and uses it.
func AskedAndUsed(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	if item == nil {
		return 0, errNotFound
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return n + item.ID, nil
}

func (e *engine) updateItem(ctx context.Context, item *Item) error {
	_, err := e.db.Context(ctx).Update(item)
	return err
}

// Rewrites writes what it has read: the other read may be what allows that.
func Rewrites(ctx context.Context, e *engine, s Store) error {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return err
	}
	item.Owner = n
	return errors.Join(e.updateItem(ctx, item))
}

func BatchRunItems(ctx context.Context, s Store) (int, error) {
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

func runInitialCount(ctx context.Context, s Store) (int, error) {
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

type Streamed struct{ Body io.ReadCloser }

func (e *engine) stream(ctx context.Context, id int) (s Streamed, err error) {
	_, err = e.db.Context(ctx).Where("id = ?", id).Get(&s)
	return s, err
}

// Streams would leave a body open.
func Streams(ctx context.Context, e *engine, s Store) (*Streamed, int, error) {
	n, err := s.Count(ctx, nil)
	if err != nil {
		return nil, 0, err
	}
	body, err := e.stream(ctx, 1)
	if err != nil {
		return nil, 0, err
	}
	return &body, n, nil
}

// Told tells of the first value, and looks at it to leave.
func Told(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	slog.Info("found", "item", item)
	if item == nil {
		return 0, errNotFound
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return n, nil
}

// Filled gives the first value to something by a call of which nothing is known.
func Filled(ctx context.Context, e *engine, s Store) (int, string, error) {
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, "", err
	}
	var q xorm.Paging
	q.Take(n)
	item, err := s.Item(ctx, q.Page)
	if err != nil {
		return 0, "", err
	}
	return n, item.Name, nil
}
