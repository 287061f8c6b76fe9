package recipes

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// The calls of a shop. Each takes 10 ms; the context can make one fail, or take
// longer.

const ms = time.Millisecond

var (
	errDown     = errors.New("503 service unavailable")
	ErrNotFound = errors.New("not found")
)

type (
	Order struct{ ID string }
	Line  struct{ Item string }
	User  struct{ Name string }
	Page  struct {
		Order Order
		Lines []Line
	}
)

// faults are errors, or times, by the name of the call.
type faults map[string]any

type faultsKey struct{}

func with(ctx context.Context, f faults) context.Context {
	return context.WithValue(ctx, faultsKey{}, f)
}

func call[T any](ctx context.Context, name string, v T) (T, error) {
	var zero T
	d := 10 * ms
	f, _ := ctx.Value(faultsKey{}).(faults)
	if slow, ok := f[name].(time.Duration); ok {
		d = slow
	}
	if err := sleep(ctx, d); err != nil {
		return zero, err
	}
	if err, ok := f[name].(error); ok {
		return zero, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func loadOrder(ctx context.Context, id string) (Order, error) {
	return call(ctx, "order", Order{id})
}

func loadLines(ctx context.Context, o Order) ([]Line, error) {
	return call(ctx, "lines", []Line{{"tea"}, {"milk"}})
}

func fetchUser(ctx context.Context) (User, error)           { return call(ctx, "user", User{"Ada"}) }
func fetchAds(ctx context.Context) (string, error)          { return call(ctx, "ads", "tea") }
func fetchQuote(ctx context.Context) (int, error)           { return call(ctx, "quote", 120) }
func fetchListPrice(ctx context.Context) (int, error)       { return call(ctx, "list", 100) }
func fetchCoupons(ctx context.Context, u User) (int, error) { return call(ctx, "coupons", 20) }
func fetchRecs(ctx context.Context, u User) (string, error) { return call(ctx, "recs", "cups") }
func fetchCarousel(ctx context.Context, r string) (string, error) {
	return call(ctx, "carousel", "carousel of "+r)
}

// takes runs f in virtual time.
func takes(t *testing.T, want time.Duration, f func(ctx context.Context)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		start := time.Now()
		f(t.Context())
		if got := time.Since(start); got != want {
			t.Errorf("it took %v, want %v", got, want)
		}
	})
}
