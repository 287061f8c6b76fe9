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
	total := 0
	for _, t := range totals {
		total += t
	}
	return total, nil
}

func total(ctx context.Context, items []string) (int, error) {
	g := asap.New(ctx, asap.Limit(2))
	all := g.Map("total", g.Input("items", items), func(ctx context.Context, item string) (int, error) {
		of := asap.New(ctx) // shares the limit; the body's slot is free while it waits
		price := of.Go("price", func(ctx context.Context) (Price, error) { return fetchPrice(ctx, item) })
		tax := price.Then("tax", fetchTax)
		if err := of.Wait(); err != nil {
			return 0, err
		}
		return price.Value().Cents + tax.Value().Cents, nil
	})
	if err := g.Wait(); err != nil {
		return 0, err
	}
	total := 0
	for _, t := range all.Value() {
		total += t
	}
	return total, nil
}
