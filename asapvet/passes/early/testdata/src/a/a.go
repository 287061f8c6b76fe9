package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func before(ctx context.Context) (int, error) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	n := user.Value() // want `user.Value is read before g.Wait; a task that still runs panics here`
	_ = user.Result() // want `user.Result is read before g.Wait`
	_ = user.Err()    // want `user.Err is read before g.Wait`
	if _, err := user.Await(ctx); err != nil {
		return 0, err
	}
	n += user.Value() // want `user.Value is read before g.Wait`
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return n + user.Value(), nil
}

func inBodies(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	in := g.Input("in", 1)
	user.Do("cart", func(ctx context.Context, n int) error {
		_ = in.Value()
		_ = user.Value() // want `user.Value is read in a body of its group, where it panics`
		return nil
	})
	return g.Wait()
}

func unchecked(ctx context.Context) int {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	g.Wait()
	return user.Value() // want `user.Value is read after g.Wait, whose error was not checked; if the task failed this panics`
}

func logged(ctx context.Context) int {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	if err := g.Wait(); err != nil {
		println(err)
	}
	return user.Value() // want `user.Value is read also when g.Wait failed`
}

func settled(ctx context.Context) int {
	g := asap.New(ctx, asap.Settled())
	defer g.Stop()
	user, cart := g.Go("user", fetch), g.Go("cart", fetch)
	_ = g.Wait()
	n := user.Value() // want `user.Value is read in a settled group without its Result`
	if cart.Err() == nil {
		n += cart.Value()
	}
	return n
}

func checked(ctx context.Context) (n int) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	ads := g.Optional("ads", fetch)
	err := g.Wait()
	if err == nil {
		n = user.Value()
	}
	switch {
	case err != nil:
		return 0
	}
	return n + user.Value() + ads.Value().Or(0)
}

func inOneCondition(ctx context.Context) bool {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	if err := g.Wait(); err != nil || user.Value() > 1 {
		return false
	}
	return true
}

func mustNil(err error) {
	if err != nil {
		panic(err)
	}
}

func byAFunction(ctx context.Context) int {
	g := asap.New(ctx)
	user := g.Go("user", fetch)
	mustNil(g.Wait())
	return user.Value()
}

func scope(ctx context.Context) (int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() int {
		user := g.Go("user", fetch)
		_ = user.Value() // want `user.Value is read before the end of the group`
		return func() int { return user.Value() }
	})
}

func settledScope(ctx context.Context) (int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() int {
		user := g.Go("user", fetch)
		cart := g.Go("cart", fetch)
		return func() int {
			return user.Value() + // want `user.Value is read in a settled group without its Result`
				cart.Result().Or(0)
		}
	}, asap.Settled())
}

func settledValue(ctx context.Context) (int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() int {
		user := g.Go("user", fetch)
		return user.Value // want `user.Value is read in a settled group without its Result`
	}, asap.Settled())
}

func gets(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	cart := user.Then("cart", double)
	_ = user.Get(ctx) // want `user.Get is called in no body, where it panics`
	g.Do("order", func(ctx context.Context) error {
		_ = cart.Get(ctx) // want `cart.Get in the body of task "order", which does not need it, panics; declare it with Needs\(cart\)`
		_ = user.Get(ctx)
		return nil
	}, asap.Needs(user), asap.After(cart))
	cart.Do("inner", func(ctx context.Context, _ int) error {
		in := asap.New(ctx)
		defer in.Stop()
		in.Do("deep", func(ctx context.Context) error {
			_ = cart.Get(ctx) // the body around needs it
			_ = user.Get(ctx) // want `user.Get in the body of task "deep", which does not need it`
			return nil
		})
		return in.Wait()
	})
	return g.Wait()
}

func correlated(ctx context.Context, now bool) (n int) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	if now {
		if err := g.Wait(); err != nil {
			return 0
		}
	}
	if now {
		n = user.Value() // nobody can tell
	}
	return n
}

func escapes(ctx context.Context, show func(*asap.Task[int])) int {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	show(user)
	return user.Value()
}
