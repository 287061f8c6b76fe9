package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func bare(ctx context.Context) (int, error) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	cart := g.Go("cart", fetch)
	u, err := user.Await(ctx)
	if err != nil {
		return 0, err // want `when another task fails first, this is "context canceled" without its cause; return g.Wait\(\) here, or make the group Settled`
	}
	if _, err := cart.Await(ctx); err != nil {
		return 0, wrap(err) // want `when another task fails first`
	}
	return u, g.Wait()
}

func wrap(err error) error { return err }

func direct(ctx context.Context) (int, error) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	g.Do("do", do)
	return user.Await(ctx) // want `when another task fails first`
}

func settled(ctx context.Context) (int, error) {
	g := asap.New(ctx, asap.Settled())
	defer g.Stop()
	user := g.Go("user", fetch)
	g.Do("do", do)
	return user.Await(ctx)
}

func single(ctx context.Context) (int, error) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	return user.Await(ctx)
}

func inABody(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	g.Go("cart", func(ctx context.Context) (int, error) {
		n, err := user.Await(ctx)
		if err != nil {
			return 0, err
		}
		return n, nil
	})
	return g.Wait()
}

func waits(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	g.Do("do", do)
	if _, err := user.Await(ctx); err != nil {
		return g.Wait()
	}
	return g.Wait()
}
