package errgroup

import (
	"context"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// Channels: goroutines of one group hand results to each other.

func shippingBefore(ctx context.Context) (Price, error) {
	var user User
	var order Order
	var config Config
	var shipping Price
	gotUser := make(chan struct{})
	gotOrder := make(chan struct{})
	gotConfig := make(chan struct{})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		if user, err = fetchUser(ctx); err == nil {
			close(gotUser)
		}
		return err
	})
	g.Go(func() (err error) {
		if config, err = fetchConfig(ctx); err == nil {
			close(gotConfig)
		}
		return err
	})
	g.Go(func() (err error) {
		select {
		case <-gotUser:
		case <-ctx.Done():
			return ctx.Err()
		}
		if order, err = fetchOrder(ctx, user); err == nil {
			close(gotOrder)
		}
		return err
	})
	g.Go(func() (err error) {
		for _, got := range []chan struct{}{gotOrder, gotConfig} {
			select {
			case <-got:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		shipping, err = fetchShipping(ctx, order, config)
		return err
	})
	if err := g.Wait(); err != nil {
		return Price{}, err
	}
	return shipping, nil
}

func shipping(ctx context.Context) (Price, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Price {
		user := g.Go("user", fetchUser)
		config := g.Go("config", fetchConfig)
		order := user.Then("order", fetchOrder)
		return order.And(config).Then("shipping", fetchShipping).Value
	})
}
