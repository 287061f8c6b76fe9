package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func own(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("a", func(ctx context.Context) error {
		return g.Wait() // want `Wait in a body of its own group never returns`
	})
	g.Do("b", func(ctx context.Context) error {
		defer g.Stop() // want `Stop in a body of its own group never returns`
		return nil
	})
	list := g.Input("list", []int{1})
	g.Map("each", list, func(ctx context.Context, n int) (int, error) {
		return n, g.Wait() // want `Wait in a body of its own group never returns`
	})
	return g.Wait()
}

func scope(ctx context.Context) error {
	_, err := asap.Run(ctx, func(g *asap.Group) func() int {
		g.Do("a", func(ctx context.Context) error {
			in := asap.New(ctx)
			defer in.Stop()
			in.Do("deep", func(ctx context.Context) error {
				g.Stop() // want `Stop in a body of its own group never returns`
				return nil
			})
			return in.Wait()
		})
		return nil
	})
	return err
}

func given(g *asap.Group) {
	g.Do("a", func(ctx context.Context) error { return g.Wait() }) // who knows what else g is
}
