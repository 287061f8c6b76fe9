package tail_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
)

const ms = time.Millisecond

// bubble runs a test in virtual time. When it returns nothing may be left.
func bubble(t *testing.T, f func(t *testing.T, ctx context.Context)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, context.Background()) })
}

// sleep sleeps, or returns early with the context's cause.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// calls tells a body which call of it this is, from 1 on, and counts them.
type calls struct {
	mu sync.Mutex
	n  int
}

func (c *calls) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}

func (c *calls) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// took is a body whose ith call takes took[i-1] and returns i, or errs[i-1] if there is one.
func (c *calls) took(took []time.Duration, errs ...error) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		i := c.next()
		err := sleep(ctx, took[i-1])
		if err == nil && i <= len(errs) {
			err = errs[i-1]
		}
		return i, err
	}
}

// always makes a second call after d of any call.
func always(d time.Duration) *tail.Hedger { return tail.Hedge(tail.After(d), tail.Share(1)) }

func wait(t *testing.T, g *asap.Group) {
	t.Helper()
	if err := g.Wait(); err != nil {
		t.Errorf("Wait = %v, want nil", err)
	}
}

var errBoom = errors.New("boom")
