package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func lost(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	hit := g.NewExit[int]()
	g.Do("a", func(ctx context.Context) error {
		hit.With(1) /* want `With only makes the error; return it` */
		return nil
	})
	g.Go("b", func(ctx context.Context) (int, error) {
		_ = hit.With(1) /* want `With only makes the error; return it` */
		return 0, nil
	})
	g.Do("c", func(ctx context.Context) error {
		return hit.With(1)
	})
	return g.Wait()
}

func elsewhere(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	hit := g.NewExit[int]()
	h := asap.New(ctx)
	defer h.Stop()
	h.Do("a", func(ctx context.Context) error {
		return hit.With(1) // want `exit hit is of group g: returned from a body of group h it is a failure of that one`
	})
	if err := h.Wait(); err != nil {
		return err
	}
	return g.Wait()
}

func nested(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	hit := g.NewExit[int]()
	g.Do("a", func(ctx context.Context) error {
		in := asap.New(ctx)
		defer in.Stop()
		in.Do("deep", func(ctx context.Context) error { return hit.With(1) })
		return in.Wait()
	})
	return g.Wait()
}

func kept(ctx context.Context, hit *asap.Exit[int]) error {
	err := hit.With(1)
	return err
}
