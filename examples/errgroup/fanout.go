package errgroup

import (
	"context"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// Fan-out: one call an element, a few at a time, results in order.

func pricesBefore(ctx context.Context, user User) ([]Price, error) {
	order, err := fetchOrder(ctx, user)
	if err != nil {
		return nil, err
	}
	prices := make([]Price, len(order.Items))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for i, item := range order.Items {
		g.Go(func() (err error) {
			prices[i], err = fetchPrice(ctx, item)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return prices, nil
}

func prices(ctx context.Context, user User) ([]Price, error) {
	return asap.Run(ctx, func(g *asap.Group) func() []Price {
		items := g.Go("items", func(ctx context.Context) ([]string, error) {
			order, err := fetchOrder(ctx, user)
			return order.Items, err
		})
		return g.Map("prices", items, fetchPrice, asap.Limit(2)).Value
	})
}
