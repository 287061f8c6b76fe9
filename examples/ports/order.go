package ports

import (
	"context"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// An order whose helpers make groups of their own: the total is needed, the gift
// is not, whichever of its three calls fails. All of them share a limit of three
// calls at a time.

type Receipt struct {
	Charge, Gift string
}

func order(ctx context.Context, w *World) (Receipt, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Receipt {
		customer := g.Go("customer", w.customer)
		total := customer.Then("total", w.total)
		session := g.Go("session", w.session)
		gift := customer.And(session).Optional("gift", w.gift)
		charge := customer.And(total).Then("charge", w.charge)
		return func() Receipt { return Receipt{charge.Value(), gift.Value().Or("none")} }
	}, asap.Limit(3))
}

func (w *World) total(ctx context.Context, customer string) (int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() int {
		prices := g.Map("price", g.Input("items", cart), w.price)
		discount := g.Input("customer", customer).Then("discount", w.discount)
		return func() int { return sum(prices.Value()) - discount.Value() }
	})
}

func (w *World) gift(ctx context.Context, customer, session string) (string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() string {
		history := g.Input("session", session).Then("history", w.history)
		offers := g.Go("offers", w.offers)
		name := g.Input("customer", customer)
		return name.And(history).And(offers).Then("choice", w.choose).Value
	})
}

func orderErrgroup(ctx context.Context, w *World) (Receipt, error) {
	calls := semaphore.NewWeighted(3)
	var receipt Receipt
	var customer string
	got := make(chan struct{})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		customer, err = limited(ctx, calls, func() (string, error) { return w.customer(ctx) })
		if err != nil {
			return err
		}
		close(got)
		total, err := w.totalErrgroup(ctx, calls, customer)
		if err != nil {
			return err
		}
		receipt.Charge, err = limited(ctx, calls, func() (string, error) { return w.charge(ctx, customer, total) })
		return err
	})
	g.Go(func() error {
		session, err := limited(ctx, calls, func() (string, error) { return w.session(ctx) })
		if err != nil {
			return err
		}
		select {
		case <-got:
		case <-ctx.Done():
			return ctx.Err()
		}
		if receipt.Gift, err = w.giftErrgroup(ctx, calls, customer, session); err != nil {
			receipt.Gift = "none"
		}
		return ctx.Err()
	})
	if err := g.Wait(); err != nil {
		return Receipt{}, err
	}
	return receipt, nil
}

func (w *World) totalErrgroup(ctx context.Context, calls *semaphore.Weighted, customer string) (int, error) {
	prices := make([]int, len(cart))
	var discount int
	g, ctx := errgroup.WithContext(ctx)
	for i, item := range cart {
		g.Go(func() (err error) {
			prices[i], err = limited(ctx, calls, func() (int, error) { return w.price(ctx, item) })
			return err
		})
	}
	g.Go(func() (err error) {
		discount, err = limited(ctx, calls, func() (int, error) { return w.discount(ctx, customer) })
		return err
	})
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return sum(prices) - discount, nil
}

func (w *World) giftErrgroup(ctx context.Context, calls *semaphore.Weighted, customer, session string) (string, error) {
	var history, offers string
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		history, err = limited(gctx, calls, func() (string, error) { return w.history(gctx, session) })
		return err
	})
	g.Go(func() (err error) {
		offers, err = limited(gctx, calls, func() (string, error) { return w.offers(gctx) })
		return err
	})
	if err := g.Wait(); err != nil {
		return "", err
	}
	return limited(ctx, calls, func() (string, error) { return w.choose(ctx, customer, history, offers) })
}

func limited[T any](ctx context.Context, calls *semaphore.Weighted, f func() (T, error)) (T, error) {
	if err := calls.Acquire(ctx, 1); err != nil {
		var zero T
		return zero, err
	}
	defer calls.Release(1)
	return f()
}

var cart = []string{"tea", "milk", "bread", "salt"}

func sum(values []int) (total int) {
	for _, v := range values {
		total += v
	}
	return total
}

func (w *World) customer(ctx context.Context) (string, error) {
	return serve(ctx, w, "customer", 25*ms, "Ada")
}

func (w *World) session(ctx context.Context) (string, error) {
	return serve(ctx, w, "session", 35*ms, "session 7")
}

func (w *World) price(ctx context.Context, item string) (int, error) {
	return serve(ctx, w, "price of "+item, 30*ms, 100*len(item))
}

func (w *World) discount(ctx context.Context, customer string) (int, error) {
	return serve(ctx, w, "discount", 30*ms, len(customer))
}

func (w *World) history(ctx context.Context, session string) (string, error) {
	return serve(ctx, w, "history", 30*ms, "tea")
}

func (w *World) offers(ctx context.Context) (string, error) {
	return serve(ctx, w, "offers", 30*ms, "cups")
}

func (w *World) choose(ctx context.Context, customer, history, offers string) (string, error) {
	return serve(ctx, w, "choose", 17*ms, offers+" for "+customer+"'s "+history)
}

func (w *World) charge(ctx context.Context, customer string, total int) (string, error) {
	return serve(ctx, w, "charge", 45*ms, "charged")
}
