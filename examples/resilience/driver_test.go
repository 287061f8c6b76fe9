package resilience

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"sync"
	"testing"
	"time"
)

// memory is a database behind database/sql whose statements take their time, in a
// bubble of synctest too. "store" stores when the transaction is committed; "lock"
// only takes time.
type memory struct {
	takes time.Duration

	mu        sync.Mutex
	stored    []int64
	open      int // transactions
	rollbacks int
}

func (m *memory) pool(t *testing.T, n int) *sql.DB {
	db := sql.OpenDB(m)
	db.SetMaxOpenConns(n)
	t.Cleanup(func() { db.Close() })
	return db
}

// committed returns the orders that are stored, and how many transactions are open
// or were rolled back.
func (m *memory) committed() (orders []int64, open, rollbacks int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(slices.Values(m.stored)), m.open, m.rollbacks
}

func (m *memory) Connect(context.Context) (driver.Conn, error) { return &memoryConn{m: m}, nil }
func (m *memory) Driver() driver.Driver                        { return nil }

type memoryConn struct {
	m       *memory
	pending []int64
}

var (
	_ driver.ExecerContext = (*memoryConn)(nil)
	_ driver.ConnBeginTx   = (*memoryConn)(nil)
	_ driver.Tx            = (*memoryConn)(nil)
)

func (c *memoryConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (c *memoryConn) Close() error                        { return nil }
func (c *memoryConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *memoryConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.m.open++
	return c, nil
}

func (c *memoryConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := pause(ctx, c.m.takes); err != nil {
		return nil, err
	}
	if query == "store" {
		c.pending = append(c.pending, args[0].Value.(int64))
	}
	return driver.RowsAffected(1), nil
}

func (c *memoryConn) Commit() error {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.m.stored = append(c.m.stored, c.pending...)
	c.m.open--
	c.pending = nil
	return nil
}

func (c *memoryConn) Rollback() error {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.m.open--
	c.m.rollbacks++
	c.pending = nil
	return nil
}
