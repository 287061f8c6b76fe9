package a

import (
	"context"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }

var wrong = flow.Define("wrong", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
	user := g.Go("user", fetch)
	_ = user.Value()                        // want `build runs before any value is there`
	_ = in.Value()                          // want `build runs before any value is there`
	_, _ = user.Await(context.Background()) // want `build runs before any value is there`
	_ = g.Wait()                            // want `build runs before any value is there`
	cart := g.Go("cart", func(ctx context.Context) (int, error) {
		return user.Await(ctx) // want `a body of a flow awaits no task of it; declare it with Needs\(user\), and read user.Get`
	})
	return cart
})

var right = flow.Define("right", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
	user := in.Then("user", double)
	fixed := g.Input("fixed", 1)
	_ = fixed.Value()
	return g.Go("cart", func(ctx context.Context) (int, error) {
		own := asap.New(ctx)
		defer own.Stop()
		inner := own.Go("inner", fetch)
		n, err := inner.Await(ctx)
		if err != nil {
			return 0, err
		}
		return n + user.Get(ctx), own.Wait()
	}, asap.Needs(user))
})
