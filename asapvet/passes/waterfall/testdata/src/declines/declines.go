// Package declines has calls in a row that are not to run at the same time, or of which
// that is not worth it.
package declines

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"sync"
	"time"
)

type Item struct {
	ID, Owner int
	Name      string
}

type Range struct{ Start, End int64 }

type Cursor struct{ at int }

func (c *Cursor) Close() error { return nil }

var errNotFound = errors.New("not found")

type Store interface {
	//asapvet:read
	Item(ctx context.Context, id int) (*Item, error)
	//asapvet:read
	Items(ctx context.Context, r *Range) ([]Item, error)
	//asapvet:read
	Count(ctx context.Context, r *Range) (int, error)
	//asapvet:read
	Scan(ctx context.Context, id int) (*Cursor, error)
	//asapvet:read
	License(ctx context.Context) (*Item, error)
	//asapvet:cached
	Defaults(ctx context.Context) (*Item, error)
	//asapvet:cached
	Limits(ctx context.Context) (*Item, error)
	//asapvet:guard
	Allowed(ctx context.Context, id int) (bool, error)
	//asapvet:write
	GetFresh(ctx context.Context, id int) (*Item, error)
	//asapvet:read
	GetOrCreateItem(ctx context.Context, id int) (*Item, error)
	//asapvet:read
	ResolveStale(ctx context.Context) (int, error)
	//asapvet:read
	ResolveOrphans(ctx context.Context) (int, error)
	//asapvet:read
	PromptName(ctx context.Context) (string, error)
	//asapvet:read
	SelectColor(ctx context.Context) (string, error)
	//asapvet:read
	ItemForUpdate(ctx context.Context, id int) (*Item, error)
	//asapvet:write
	Touch(ctx context.Context, id int) error
	Untold(ctx context.Context, id int) (*Item, error)
	ListUntold(ctx context.Context, id int) ([]Item, error)
}

// Good is as all others here, with nothing that speaks against it.
func Good(ctx context.Context, s Store) (*Item, int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return nil, 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return nil, 0, err
	}
	return item, n, nil
}

// 1. A value is discarded.
func Discarded(ctx context.Context, s Store) (int, error) {
	_, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return n, nil
}

// 2. What follows is a fallback.
func Fallback(ctx context.Context, s Store) (*Item, error) {
	item, err := s.Item(ctx, 1)
	if err == nil {
		return item, nil
	}
	if !errors.Is(err, errNotFound) {
		return nil, err
	}
	other, err := s.Item(ctx, 2)
	if err != nil {
		return nil, err
	}
	return other, nil
}

func InErrorBranch(ctx context.Context, s Store) (*Item, int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		other, err := s.Item(ctx, 2)
		if err != nil {
			return nil, 0, err
		}
		n, err := s.Count(ctx, nil)
		if err != nil {
			return nil, 0, err
		}
		return other, n, nil
	}
	return item, 0, nil
}

// 3. The name says that it does more than read, whatever the comment says.
func ForUpdate(ctx context.Context, s Store) (int, error) {
	item, err := s.ItemForUpdate(ctx, 1)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return item.ID + n, nil
}

// GetOrCreate: two creations may race.
func GetOrCreate(ctx context.Context, s Store) (int, error) {
	a, err := s.GetOrCreateItem(ctx, 1)
	if err != nil {
		return 0, err
	}
	b, err := s.GetOrCreateItem(ctx, 2)
	if err != nil {
		return 0, err
	}
	return a.ID + b.ID, nil
}

func Resolve(ctx context.Context, s Store) (int, error) {
	a, err := s.ResolveStale(ctx)
	if err != nil {
		return 0, err
	}
	b, err := s.ResolveOrphans(ctx)
	if err != nil {
		return 0, err
	}
	return a + b, nil
}

func Prompts(ctx context.Context, s Store) (string, error) {
	name, err := s.PromptName(ctx)
	if err != nil {
		return "", err
	}
	color, err := s.SelectColor(ctx)
	if err != nil {
		return "", err
	}
	return name + color, nil
}

// 4. A transaction is for one at a time.
type txStore struct{}

func (txStore) name(ctx context.Context, tx *sql.Tx, id int) (s string, err error) {
	return s, tx.QueryRowContext(ctx, "SELECT name FROM items WHERE id = ?", id).Scan(&s)
}

func Transaction(ctx context.Context, s txStore, tx *sql.Tx) (string, error) {
	a, err := s.name(ctx, tx, 1)
	if err != nil {
		return "", err
	}
	b, err := s.name(ctx, tx, 2)
	if err != nil {
		return "", err
	}
	return a + b, nil
}

// queries wraps a connection, as generated code does.
type queries struct{ conn *sql.Conn }

func newQueries(conn *sql.Conn) *queries { return &queries{conn} }

func (q *queries) name(ctx context.Context, id int) (s string, err error) {
	return s, q.conn.QueryRowContext(ctx, "SELECT name FROM items WHERE id = ?", id).Scan(&s)
}

func Wrapped(ctx context.Context, conn *sql.Conn) (string, error) {
	q := newQueries(conn)
	a, err := q.name(ctx, 1)
	if err != nil {
		return "", err
	}
	b, err := q.name(ctx, 2)
	if err != nil {
		return "", err
	}
	return a + b, nil
}

func WithTx(ctx context.Context, f func(context.Context, Store) error) error { return nil }

func InTransaction(ctx context.Context) (sum int, err error) {
	return sum, WithTx(ctx, func(ctx context.Context, s Store) error {
		item, err := s.Item(ctx, 1)
		if err != nil {
			return err
		}
		n, err := s.Count(ctx, nil)
		if err != nil {
			return err
		}
		sum = item.ID + n
		return nil
	})
}

// 5. What has to be closed would be left open, or is bound to its context.
func Iterators(ctx context.Context, s Store) (a, b *Cursor, err error) {
	a, err = s.Scan(ctx, 1)
	if err != nil {
		return nil, nil, err
	}
	b, err = s.Scan(ctx, 2)
	if err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a, b, nil
}

// 6. The pointee is changed between.
func ParamsChanged(ctx context.Context, s Store, r Range) (now, then int, err error) {
	now, err = s.Count(ctx, &r)
	if err != nil {
		return 0, 0, err
	}
	r.Start -= 10
	r.End -= 10
	then, err = s.Count(ctx, &r)
	if err != nil {
		return 0, 0, err
	}
	return now, then, nil
}

// 7. The error branch does something.
func BranchEffect(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		_ = s.Touch(context.Background(), 1)
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return item.ID + n, nil
}

// 8. It runs more than once.
func Loop(ctx context.Context, s Store, ids []int) (sum int, err error) {
	for _, id := range ids {
		item, err := s.Item(ctx, id)
		if err != nil {
			return 0, err
		}
		n, err := s.Count(ctx, nil)
		if err != nil {
			return 0, err
		}
		sum += item.ID + n
	}
	return sum, nil
}

func ForEach(ids []int, f func(int) error) error { return nil }

func Closure(ctx context.Context, s Store, ids []int) (sum int, err error) {
	return sum, ForEach(ids, func(id int) error {
		item, err := s.Item(ctx, id)
		if err != nil {
			return err
		}
		n, err := s.Count(ctx, nil)
		if err != nil {
			return err
		}
		sum += item.ID + n
		return nil
	})
}

// 9. The contexts differ.
func Contexts(ctx context.Context, s Store) (int, error) {
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	item, err := s.Item(short, 1)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return item.ID + n, nil
}

func ContextChanged(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	ctx = context.WithValue(ctx, errNotFound, item)
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return item.ID + n, nil
}

// RequestContext is allowed.
func RequestContext(w http.ResponseWriter, r *http.Request, s Store) {
	item, err := s.Item(r.Context(), 1)
	if err != nil {
		http.Error(w, err.Error(), 500)
		return
	}
	n, err := s.Count(r.Context(), nil)
	if err != nil {
		http.Error(w, err.Error(), 500)
		return
	}
	w.Header().Set(item.Name, time.Unix(int64(n), 0).String())
}

// 10. A comment speaks of the order.
func Commented(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	// The count must be read after the item, or else it may not be in it.
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return item.ID + n, nil
}

func Seq(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	//asapvet:seq the counter is warm then
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return item.ID + n, nil
}

// 11. A mutation, by its name.
func UpdateItem(ctx context.Context, s Store) (int, error) {
	item, err := s.Item(ctx, 1)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return item.ID + n, nil
}

// 12. Settings, licenses, caches.
func CheapOnes(ctx context.Context, s Store) (int, error) {
	a, err := s.Defaults(ctx)
	if err != nil {
		return 0, err
	}
	b, err := s.Limits(ctx)
	if err != nil {
		return 0, err
	}
	return a.ID + b.ID, nil
}

func Licensed(ctx context.Context, s Store) (int, error) {
	a, err := s.License(ctx)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return a.ID + n, nil
}

func Guarded(ctx context.Context, s Store) (*Item, error) {
	ok, err := s.Allowed(ctx, 1)
	if err != nil || !ok {
		return nil, err
	}
	item, err := s.Item(ctx, 1)
	if err != nil {
		return nil, err
	}
	return item, nil
}

// Written has a comment that says so.
func Written(ctx context.Context, s Store) (int, error) {
	a, err := s.GetFresh(ctx, 1)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return a.ID + n, nil
}

// Untold calls nobody knows anything of.
func Untold(ctx context.Context, s Store) (int, error) {
	a, err := s.Untold(ctx, 1)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx, nil)
	if err != nil {
		return 0, err
	}
	return a.ID + n, nil
}

// ByName has two that another module implements, of which only the name is known.
func ByName(ctx context.Context, s Store) (int, error) {
	a, err := s.ListUntold(ctx, 1)
	if err != nil {
		return 0, err
	}
	b, err := s.ListUntold(ctx, 2)
	if err != nil {
		return 0, err
	}
	return len(a) + len(b), nil
}

// A rowStore refreshes what it has read before.
type rowStore struct{ db *sql.DB }

func (r *rowStore) get(ctx context.Context, id int) (n int, err error) {
	return n, r.db.QueryRowContext(ctx, "SELECT revision FROM items WHERE id = ?", id).Scan(&n)
}

func (r *rowStore) count(ctx context.Context, id int) (n int, err error) {
	return n, r.db.QueryRowContext(ctx, "SELECT count(*) FROM parts WHERE item = ?", id).Scan(&n)
}

// Status reads the revision first, which guards what it writes.
func (r *rowStore) Status(ctx context.Context, id int) error {
	revision, err := r.get(ctx, id)
	if err != nil {
		return err
	}
	parts, err := r.count(ctx, id)
	if err != nil {
		return err
	}
	_, err = r.db.ExecContext(ctx, "UPDATE items SET parts = ? WHERE id = ? AND revision = ?", parts, id, revision)
	return err
}

// A lazy store fills in a field of its own without a lock.
type lazy struct {
	db   *sql.DB
	name string
}

func (l *lazy) load(ctx context.Context) (string, error) {
	var s string
	if err := l.db.QueryRowContext(ctx, "SELECT name FROM self").Scan(&s); err != nil {
		return "", err
	}
	l.name = s
	return s, nil
}

func Lazy(ctx context.Context, l *lazy) (string, error) {
	a, err := l.load(ctx)
	if err != nil {
		return "", err
	}
	b, err := l.load(ctx)
	if err != nil {
		return "", err
	}
	return a + b, nil
}

// A memo fills one in under a lock: it answers from memory.
type memo struct {
	db   *sql.DB
	mu   sync.Mutex
	name string
}

func (m *memo) load(ctx context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.name == "" {
		if err := m.db.QueryRowContext(ctx, "SELECT name FROM self").Scan(&m.name); err != nil {
			return "", err
		}
	}
	return m.name, nil
}

func Memo(ctx context.Context, a, b *memo) (string, error) {
	x, err := a.load(ctx)
	if err != nil {
		return "", err
	}
	y, err := b.load(ctx)
	if err != nil {
		return "", err
	}
	return x + y, nil
}

// A front has something that changes without a lock; one such call is not above what
// requests do to each other, two are.
type front struct{ lazy *lazy }

func (f *front) load(ctx context.Context) (string, error) { return f.lazy.load(ctx) }

func Deep(ctx context.Context, f *front) (string, error) {
	a, err := f.load(ctx)
	if err != nil {
		return "", err
	}
	b, err := f.load(ctx)
	if err != nil {
		return "", err
	}
	return a + b, nil
}

func OneDeep(ctx context.Context, f *front, s Store) (string, error) {
	a, err := f.load(ctx)
	if err != nil {
		return "", err
	}
	item, err := s.Item(ctx, 1)
	if err != nil {
		return "", err
	}
	return a + item.Name, nil
}
