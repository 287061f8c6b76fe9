package rules_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// TestR21_ReadyByAnExpiredTask: what becomes ready because a task has not begun Within its
// time, or was skipped, became ready by the end of another. It goes before what was ready
// when it was declared.
func TestR21_ReadyByAnExpiredTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string // by bodies, one at a time
		body := func(name string) func(context.Context) error {
			return func(context.Context) error {
				order = append(order, name)
				time.Sleep(time.Second)
				return nil
			}
		}
		g := asap.New(t.Context(), asap.Limit(1))
		defer g.Stop()
		first := g.Do("first", body("first"))
		late := g.Optional("late", func(context.Context) (int, error) { return 0, nil }, asap.After(first), asap.Within(time.Millisecond))
		g.Do("declared", body("declared"))
		late.Do("instead", func(ctx context.Context, r asap.Result[int]) error {
			if !errors.Is(r.Err, context.DeadlineExceeded) {
				t.Errorf("late: %v, want its Within", r.Err)
			}
			return body("instead")(ctx)
		})
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		if want := []string{"first", "instead", "declared"}; !slices.Equal(order, want) {
			t.Errorf("the order is %q, want %q", order, want)
		}
	})
}

// TestR12a_CanceledWhileToleratedFails: a task that the end from outside has kept from
// beginning had not ended, also if what it needs has failed since and may.
func TestR12a_CanceledWhileToleratedFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone, down := errors.New("customer has left"), errors.New("no rollback")
		ctx, cancel := context.WithCancelCause(t.Context())
		g := asap.New(ctx, asap.Name("order"))
		defer g.Stop()
		stock := g.Go("stock", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, errors.Join(ctx.Err(), down)
		}, asap.MayFail())
		ship := stock.Do("ship", func(context.Context, int) error { return nil })
		synctest.Wait()
		cancel(gone)
		err := g.Wait()
		if want := "group order (running: stock): customer has left"; err == nil || err.Error() != want || !errors.Is(err, gone) {
			t.Errorf("Wait = %v, want %s", err, want)
		}
		if err := ship.Err(); !errors.Is(err, asap.ErrSkipped) || !errors.Is(err, down) {
			t.Errorf("ship: %v, want it skipped because of stock", err)
		}
	})
}
