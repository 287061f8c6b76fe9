package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func other(ctx context.Context) error {
	g, h := asap.New(ctx), asap.New(ctx)
	defer g.Stop()
	defer h.Stop()
	a := g.Go("a", fetch)
	b := h.Go("b", fetch)
	a.And(b).Do("both", func(context.Context, int, int) error { return nil }) // want `task b is of group h; bring it in with g.Go\("b", b.Await\)`
	g.Gather("all", a, b)                                                     // want `task b is of group h`
	g.Do("after", do, asap.After(b))                                          // want `task b is of group h`
	list := h.Input("list", []int{1})
	g.Map("each", list, double) // want `task list is of group h`
	if err := h.Wait(); err != nil {
		return err
	}
	return g.Wait()
}

func broughtIn(ctx context.Context) error {
	g, h := asap.New(ctx), asap.New(ctx)
	defer g.Stop()
	defer h.Stop()
	a := g.Go("a", fetch)
	b := h.Go("b", fetch)
	a.And(g.Go("b", b.Await)).Do("both", func(context.Context, int, int) error { return nil })
	if err := g.Wait(); err != nil {
		return err
	}
	return h.Wait()
}
