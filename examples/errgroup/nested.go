package errgroup

import (
	"context"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Nested: work that starts more work, under one limit. A group with SetLimit
// would hang here when every slot is held by a body that waits for another,
// so the calls take a semaphore and the bodies do not.

func totalBefore(ctx context.Context, items []string) (int, error) {
	calls := semaphore.NewWeighted(2)
	limited := func(ctx context.Context, f func() error) error {
		if err := calls.Acquire(ctx, 1); err != nil {
			return err
		}
		defer calls.Release(1)
		return f()
	}
	totals := make([]int, len(items))
	g, ctx := errgroup.WithContext(ctx)
	for i, item := range items {
		g.Go(func() error {
			var price, tax Price
			err := limited(ctx, func() (err error) {
				price, err = fetchPrice(ctx, item)
				return err
			})
			if err != nil {
				return err
			}
			err = limited(ctx, func() (err error) {
				tax, err = fetchTax(ctx, price)
				return err
			})
			totals[i] = price.Cents + tax.Cents
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return sum(totals), nil
}

func total(ctx context.Context, items []string) (int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() int {
		all := g.Map("total", g.Input("items", items), func(ctx context.Context, item string) (int, error) {
			return asap.Run(ctx, func(g *asap.Group) func() int { // shares the limit; the body's slot is free while it waits
				price := g.Go("price", func(ctx context.Context) (Price, error) { return fetchPrice(ctx, item) })
				tax := price.Then("tax", fetchTax)
				return func() int { return price.Value().Cents + tax.Value().Cents }
			})
		})
		return func() int { return sum(all.Value()) }
	}, asap.Limit(2))
}

func sum(all []int) (total int) {
	for _, t := range all {
		total += t
	}
	return total
}
