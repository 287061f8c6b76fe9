package a

import (
	"context"
	"log/slog"

	"golang.org/x/sync/errgroup"
)

func fetch(ctx context.Context, id string) (int, error) { return 0, ctx.Err() }
func count(ctx context.Context, err error) error        { return err }
func store(ctx context.Context, n int) error            { return ctx.Err() }

type Client struct{ ctx context.Context }

func newClient(ctx context.Context, name string) *Client { return &Client{ctx} }

func shadowed(ctx context.Context) error {
	n := 0
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { n, err = fetch(ctx, "a"); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	return store(ctx, n) // want `ctx was canceled when g.Wait returned; use the outer context \(rename this one\)`
}

func keeps(ctx context.Context) (*Client, error) {
	g, sub := errgroup.WithContext(ctx)
	g.Go(func() error { _, err := fetch(sub, "a"); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return newClient(sub, "a"), nil // want `sub was canceled when g.Wait returned`
}

func observes(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { _, err := fetch(ctx, "a"); return err })
	err := g.Wait()
	slog.InfoContext(ctx, "done", "err", err)
	if err != nil {
		return count(ctx, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func named(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { _, err := fetch(gctx, "a"); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	return store(ctx, 1)
}

func anew(ctx context.Context) error {
	outer := ctx
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { _, err := fetch(ctx, "a"); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	ctx = outer
	return store(ctx, 1)
}

func eachTime(ctx context.Context) error {
	for range 3 {
		g, ctx := errgroup.WithContext(ctx)
		if err := store(ctx, 1); err != nil {
			return err
		}
		g.Go(func() error { _, err := fetch(ctx, "a"); return err })
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}
