package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func unnamed(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("a", func(context.Context) error {
		return do(ctx) // want `body of task "a" uses ctx of unnamed, which does not end with the group; name the body's own parameter`
	})
	user := g.Go("user", func(_ context.Context) (int, error) {
		return fetch(ctx) // want `body of task user uses ctx of unnamed`
	})
	user.Then("cart", func(context.Context, int) (int, error) {
		return fetch(ctx) // want `body of task "cart" uses ctx of unnamed`
	})
	g.Do("b", func(own context.Context) error {
		_ = do(own)
		return do(ctx) // want `body of task "b" uses ctx of unnamed, which does not end with the group; use the body's own, own`
	})
	return g.Wait()
}

func nested(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("outer", func(ctx context.Context) error {
		in := asap.New(ctx)
		defer in.Stop()
		in.Do("inner", func(c context.Context) error {
			return do(ctx) // want `body of task "inner" uses ctx of task "outer"`
		})
		return in.Wait()
	})
	return g.Wait()
}

func roots(ctx context.Context, r interface{ Context() context.Context }) error {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	g.Do("a", func(ctx context.Context) error {
		_, err := user.Await(context.Background()) // want `body of task "a" calls Await with a context that does not end with the group; use the body's own, ctx`
		return err
	})
	g.Do("b", func(context.Context) error {
		in := asap.New(r.Context()) // want `body of task "b" calls New with a context that does not end with the group; name the body's own parameter`
		defer in.Stop()
		return in.Wait()
	})
	return g.Wait()
}

func background() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("a", func(own context.Context) error { return do(ctx) }) // want `uses ctx of background`
	return g.Wait()
}

func meant(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	var kept context.Context
	later := context.WithoutCancel(ctx)
	signal, done := context.WithCancel(context.Background())
	g.Do("a", func(own context.Context) error {
		kept = own
		done()
		_ = do(context.WithoutCancel(ctx))
		_ = do(ctx) //asapvet:outer what is logged outlives the group
		if ctx.Err() != nil || ctx.Value("id") == nil {
			return context.Cause(ctx)
		}
		return do(later)
	})
	g.Do("b", func(context.Context) error {
		<-signal.Done()
		return do(kept)
	})
	g.Do("c", func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		return do(ctx)
	})
	return g.Wait()
}
