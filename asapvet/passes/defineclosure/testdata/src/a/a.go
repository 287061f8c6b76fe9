package a

import (
	"context"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }

var limit = 3

var right = flow.Define("right", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
	return in.Then("double", double, asap.When(limit > 2))
})

func init() {
	shift := 2
	right = flow.Define("also", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("shift", func(ctx context.Context, n int) (int, error) { return n << shift, nil })
	})
}

func define(factor int) *flow.Flow[int, int] {
	return flow.Define("wrong", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("times", func(ctx context.Context, n int) (int, error) {
			return n * factor, nil // want `the flow captures factor; what changes belongs in its input`
		})
	})
}
