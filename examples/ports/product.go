package ports

import (
	"context"
	"fmt"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// A page that needs five things: one of them has a default, and for the reviews
// nobody waits longer than 120 ms.

func product(ctx context.Context, w *World) (string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() string {
		item := g.Go("item", w.item)
		seller := item.Then("seller", w.seller)
		stock := item.Then("stock", w.stock)
		rate := g.Optional("rate", w.rate)
		reviews := item.Optional("reviews", w.reviews, asap.Within(120*ms))
		page := g.Go("page", func(ctx context.Context) (string, error) {
			return w.render(ctx, item.Get(ctx), seller.Get(ctx), stock.Get(ctx), rate.Get(ctx).Or(1), reviews.Get(ctx).Or(nil))
		}, asap.Needs(item, seller, stock, rate, reviews))
		return page.Value
	})
}

func productErrgroup(ctx context.Context, w *World) (string, error) {
	var item, seller string
	var stock, rate int
	var reviews []string
	g, gctx := errgroup.WithContext(ctx)
	soon, cancel := context.WithTimeout(gctx, 120*ms)
	defer cancel()
	g.Go(func() (err error) {
		if item, err = w.item(gctx); err != nil {
			return err
		}
		g.Go(func() (err error) {
			seller, err = w.seller(gctx, item)
			return err
		})
		g.Go(func() (err error) {
			stock, err = w.stock(gctx, item)
			return err
		})
		if soon.Err() == nil {
			reviews, _ = w.reviews(soon, item)
		}
		return gctx.Err()
	})
	g.Go(func() (err error) {
		if rate, err = w.rate(gctx); err != nil {
			rate = 1
		}
		return gctx.Err()
	})
	if err := g.Wait(); err != nil {
		return "", err
	}
	return w.render(ctx, item, seller, stock, rate, reviews)
}

func (w *World) item(ctx context.Context) (string, error) {
	return serve(ctx, w, "item", 40*ms, "tea")
}

func (w *World) seller(ctx context.Context, item string) (string, error) {
	return serve(ctx, w, "seller", 31*ms, "seller of "+item)
}

func (w *World) stock(ctx context.Context, item string) (int, error) {
	return serve(ctx, w, "stock", 20*ms, len(item))
}

func (w *World) rate(ctx context.Context) (int, error) {
	return serve(ctx, w, "rate", 90*ms, 2)
}

func (w *World) reviews(ctx context.Context, item string) ([]string, error) {
	return serve(ctx, w, "reviews", 67*ms, []string{"good " + item})
}

func (w *World) render(ctx context.Context, item, seller string, stock, rate int, reviews []string) (string, error) {
	return serve(ctx, w, "render", 10*ms, fmt.Sprint(item, ", ", seller, ", ", stock, ", ", rate, ", ", reviews))
}
