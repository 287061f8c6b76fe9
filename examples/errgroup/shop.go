package errgroup

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The calls of a shop, each with the time that it takes.

type (
	User    struct{ Name string }
	Config  struct{ Theme string }
	Profile struct{ Bio string }
	Order   struct{ Items []string }
	Price   struct{ Cents int }
	Page    struct {
		User    User
		Config  Config
		Profile Profile
	}
)

const ms = time.Millisecond

var errDown = errors.New("503 service unavailable")

// call waits d, or until ctx ends.
func call(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func fetchUser(ctx context.Context) (User, error) {
	return User{"Ada"}, call(ctx, 100*ms)
}

func fetchConfig(ctx context.Context) (Config, error) {
	return Config{"dark"}, call(ctx, 300*ms)
}

func fetchProfile(ctx context.Context, u User) (Profile, error) {
	return Profile{u.Name + " writes"}, call(ctx, 300*ms)
}

func fetchOrder(ctx context.Context, u User) (Order, error) {
	items := []string{"tea", "milk", "bread", "salt"}
	if u.Name == "Midas" {
		items[2] = "gold"
	}
	return Order{items}, call(ctx, 50*ms)
}

func fetchPrice(ctx context.Context, item string) (Price, error) {
	if err := call(ctx, 20*ms); err != nil {
		return Price{}, err
	}
	if item == "gold" {
		return Price{}, errDown
	}
	return Price{100 * len(item)}, nil
}

func fetchShipping(ctx context.Context, o Order, c Config) (Price, error) {
	return Price{10 * len(o.Items)}, call(ctx, 100*ms)
}

func fetchTax(ctx context.Context, p Price) (Price, error) {
	return Price{p.Cents / 5}, call(ctx, 30*ms)
}

// warm fills one of the caches.
func warm(ctx context.Context, cache string) error {
	if err := call(ctx, 10*ms); err != nil {
		return err
	}
	if cache == "prices" || cache == "images" {
		return fmt.Errorf("%s: %w", cache, errDown)
	}
	return nil
}
