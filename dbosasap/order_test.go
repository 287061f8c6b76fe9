package dbosasap_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/examples/order"
	"github.com/asap-go/asap/flow"
)

// shop is the services of the order, which write down what they did. A call is idempotent,
// as all should be that may run again: it counts once.
type shop struct {
	mu   sync.Mutex
	done map[string]bool
}

func (s *shop) did(what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done[what] = true
	return nil
}

func (s *shop) has(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done[what]
}

func (s *shop) Reserve(_ context.Context, o order.Order) (string, error) {
	return "shelf", s.did("reserve")
}
func (s *shop) Release(context.Context, string) error { return s.did("release") }
func (s *shop) Charge(_ context.Context, o order.Order) (string, error) {
	return "payment", s.did("charge")
}
func (s *shop) Refund(context.Context, string) error { return s.did("refund") }
func (s *shop) Unbook(_ context.Context, pickup string) error {
	return s.did("unbook " + pickup)
}

// Book is slow with the post, so that the race is decided.
func (s *shop) Book(ctx context.Context, carrier string, _ order.Order) (string, error) {
	if carrier == "post" {
		select {
		case <-time.After(time.Minute):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return carrier, s.did("book " + carrier)
}

// The order of examples/order, stopped behind every step of its history: it goes on to
// the same end, and money and shelf are given back exactly when it does not go out.
func TestOrderBehindEveryStep(t *testing.T) {
	for _, row := range []struct {
		name  string
		do    func(ctx context.Context, h *dbosasap.Handle[string]) error
		goes  bool
		fails error
	}{
		{"approved", func(ctx context.Context, h *dbosasap.Handle[string]) error {
			return h.Signal(ctx, "approval", order.Approval{By: "ada", OK: true})
		}, true, nil},
		{"refused", func(ctx context.Context, h *dbosasap.Handle[string]) error {
			return h.Signal(ctx, "approval", order.Approval{By: "eve"})
		}, false, nil},
		{"canceled", func(ctx context.Context, h *dbosasap.Handle[string]) error {
			return h.Cancel(ctx, errors.New("customer has left"))
		}, false, context.Canceled},
	} {
		t.Run(row.name, func(t *testing.T) {
			check := func(where string, s *shop, got string, err error) {
				t.Helper()
				if row.goes != (err == nil && got == "bike") || row.fails != nil && !errors.Is(err, row.fails) {
					t.Errorf("%s: the order gives %q, %v", where, got, err)
				}
				for done, undo := range map[string]string{"charge": "refund", "reserve": "release"} {
					if s.has(undo) != (s.has(done) && !row.goes) { // a cancel may come before it
						t.Errorf("%s: %s happened: %t, %s: %t", where, done, s.has(done), undo, s.has(undo))
					}
				}
				if s.has("unbook bike") {
					t.Errorf("%s: the pickup was taken back", where)
				}
			}
			folder := t.TempDir()
			whole := filepath.Join(folder, "whole.db")
			s := &shop{done: map[string]bool{}}
			f := order.New(s)
			rt := openRuntime(t, whole, serve(f))
			h, err := dbosasap.Start(t.Context(), rt, f, order.Order{ID: "7", Amount: 30}, dbos.WithWorkflowID("it"))
			if err != nil {
				t.Fatal(err)
			}
			until(t, h, "approval", flow.StateExpected)
			if err := row.do(t.Context(), h); err != nil {
				t.Fatal(err)
			}
			got, err := h.Wait(within(t, 20*time.Second))
			check("whole", s, got, err)
			if err := rt.Shutdown(10 * time.Second); err != nil {
				t.Fatal(err)
			}
			for stop := 0; ; stop++ {
				database := filepath.Join(folder, fmt.Sprint(stop, ".db"))
				copyDatabase(t, whole, database)
				steps := stopAt(t, database, "it", stop)
				again := &shop{done: recordedCalls(t, database)} // which do not run again
				rt := openRuntime(t, database, serve(order.New(again)))
				h, err := dbosasap.Attach(rt, f, "it")
				if err != nil {
					t.Fatal(err)
				}
				got, err := h.Wait(within(t, 20*time.Second))
				check(fmt.Sprintf("stopped behind step %d of %d", stop, steps), again, got, err)
				if err := rt.Shutdown(10 * time.Second); err != nil {
					t.Fatal(err)
				}
				if stop == steps {
					break
				}
			}
		})
	}
}

// recordedCalls are the calls that the history has.
func recordedCalls(t *testing.T, database string) map[string]bool {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	calls := map[string]string{"stock": "reserve", "charge": "charge", "stock.undo": "release", "charge.undo": "refund"}
	done := make(map[string]bool)
	for _, s := range stepsOf(t, db, "it") {
		for _, task := range s.tasks {
			if call, ok := calls[task]; ok {
				done[call] = true
			}
		}
	}
	return done
}
