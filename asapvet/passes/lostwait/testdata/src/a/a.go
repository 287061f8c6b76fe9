package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func deferred(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Wait() // want `the error of g.Wait is lost; use "defer g.Stop\(\)" or return it`
	g.Do("do", do)
	return nil
}

func statement(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("do", do)
	g.Wait() // want `the error of g.Wait is lost`
	return nil
}

func settled(ctx context.Context) error {
	g := asap.New(ctx, asap.Settled())
	t := g.Go("fetch", fetch)
	g.Wait()
	return t.Err()
}

func said(ctx context.Context) {
	g := asap.New(ctx)
	g.Do("do", do)
	_ = g.Wait()
}

func readAfterwards(ctx context.Context) error {
	g := asap.New(ctx)
	t := g.Go("fetch", fetch)
	g.Wait()
	return t.Result().Err
}

func cannotFail(ctx context.Context, n *int) {
	g := asap.New(ctx)
	g.Do("one", func(context.Context) error { *n = 1; return nil })
	g.Wait()
}

func optionsOfOthers(ctx context.Context, options ...asap.Option) {
	g := asap.New(ctx, options...)
	g.Do("do", do)
	g.Wait()
}
