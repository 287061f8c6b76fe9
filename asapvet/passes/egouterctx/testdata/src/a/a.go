package a

import (
	"context"

	"golang.org/x/sync/errgroup"
)

func fetch(ctx context.Context, id string) error { return ctx.Err() }

func outer(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := fetch(gctx, "a"); err != nil {
			return err
		}
		return fetch(ctx, "b") // want `ctx does not end when another body of g fails, gctx does`
	})
	g.Go(func() error { return fetch(ctx, "c") })
	return g.Wait()
}
