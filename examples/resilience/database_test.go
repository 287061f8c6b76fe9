package resilience

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// withShop runs test in a bubble, with a pool of two connections.
func withShop(t *testing.T, test func(*testing.T, *shop, *memory)) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{takes: 5 * ms}
		s := &shop{db: m.pool(t, 2)}
		s.price = func(ctx context.Context, order int) (int, error) { return 100 * order, pause(ctx, 20*ms) }
		s.insurance = func(ctx context.Context, order int) (int, error) { return order, pause(ctx, 30*ms) }
		test(t, s, m)
		synctest.Wait() // the pool rolls back on goroutines of its own
		if _, open, _ := m.committed(); open != 0 || s.db.Stats().InUse != 0 {
			t.Errorf("%d transactions and %d connections are open, want none", open, s.db.Stats().InUse)
		}
	})
}

// Ten orders under a limit of four share two connections: two at a time, without
// the deadlock that there is when bodies wait for connections with their slots.
func TestBookAll(t *testing.T) {
	withShop(t, func(t *testing.T, s *shop, m *memory) {
		start := time.Now()
		if err := s.bookAll(t.Context(), []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}); err != nil {
			t.Fatal(err)
		}
		if got, want := time.Since(start), 5*40*ms; got != want {
			t.Errorf("bookAll took %v, want %v", got, want)
		}
		if orders, _, _ := m.committed(); len(orders) != 10 {
			t.Errorf("stored %v, want all", orders)
		}
	})
}

// The same after a check by a body that waits for it. When the two that have the
// connections want slots for their calls, the others go on, whose check took longer. If
// they kept their slots while they wait for a connection, nobody would go on any more.
func TestBookAfterAWait(t *testing.T) {
	withShop(t, func(t *testing.T, s *shop, m *memory) {
		g := asap.New(t.Context(), asap.Limit(4))
		g.Map("order", g.Input("orders", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), func(ctx context.Context, order int) (int, error) {
			check := 10 * ms
			if order > 2 {
				check = 20 * ms
			}
			if err := sleep(ctx, check); err != nil {
				return 0, err
			}
			return s.book(ctx, order)
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if orders, _, _ := m.committed(); len(orders) != 10 {
			t.Errorf("stored %v, want all", orders)
		}
	})
}

// One order fails half done: what was committed before stays, all else is rolled
// back, and the error says whose it was.
func TestBookFails(t *testing.T) {
	withShop(t, func(t *testing.T, s *shop, m *memory) {
		price := s.price
		var asked atomic.Int64
		s.price = func(ctx context.Context, order int) (int, error) {
			fifth := asked.Add(1) == 5
			if v, err := price(ctx, order); err != nil || !fifth {
				return v, err
			}
			return 0, errDown
		}
		err := s.bookAll(t.Context(), []int{1, 2, 3, 4, 5, 6, 7, 8})
		if !errors.Is(err, errDown) {
			t.Errorf("bookAll = %v, want %v", err, errDown)
		}
		synctest.Wait()
		orders, _, rollbacks := m.committed()
		if len(orders) != 4 || rollbacks < 2 { // a third may have begun when the first rolled back
			t.Errorf("stored %v with %d rollbacks, want 4 and at least 2", orders, rollbacks)
		}
	})
}

// A service hangs, the client goes: nothing stays open.
func TestBookHangs(t *testing.T) {
	withShop(t, func(t *testing.T, s *shop, m *memory) {
		s.insurance = func(ctx context.Context, order int) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
		defer cancel()
		start := time.Now()
		err := s.bookAll(ctx, []int{1, 2, 3, 4, 5, 6})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 100*ms {
			t.Errorf("bookAll = %v after %v, want DeadlineExceeded after 100ms", err, time.Since(start))
		}
		synctest.Wait()
		if orders, _, rollbacks := m.committed(); len(orders) > 0 || rollbacks != 2 {
			t.Errorf("stored %v with %d rollbacks, want nothing and 2", orders, rollbacks)
		}
	})
}
