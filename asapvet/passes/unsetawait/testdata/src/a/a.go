package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func unset(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	var b *asap.Task[int]
	a := g.Go("a", func(ctx context.Context) (int, error) {
		return b.Await(ctx) // want `b is awaited in task a but set after a was started; hold a back until b is set \(see Task.Await\)`
	})
	_ = a
	b = g.Go("b", fetch)
	return g.Wait()
}

func held(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	declared := make(chan struct{})
	var b *asap.Task[int]
	g.Go("a", func(ctx context.Context) (int, error) {
		<-declared
		return b.Await(ctx)
	})
	b = g.Go("b", fetch)
	close(declared)
	return g.Wait()
}

func inOrder(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	var b *asap.Task[int]
	b = g.Go("b", fetch)
	g.Go("a", func(ctx context.Context) (int, error) { return b.Await(ctx) })
	return g.Wait()
}
