package shop

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
)

// Cart is the data of the cart page.
type Cart struct {
	Currencies      []string        `json:"currencies"`
	Lines           []store.Line    `json:"lines"`
	Shipping        money.Money     `json:"shipping"`
	Total           money.Money     `json:"total"`
	Recommendations []store.Product `json:"recommendations"`
	Missing         []Missing       `json:"missing"`
}

// cart makes the cart page.
func (s *Shop) cart(ctx context.Context, v *visit) (Cart, error) {
	p := cartPage{v}
	switch v.mode {
	case Sequential:
		return p.sequential(ctx)
	case Errgroup:
		return p.errgroup(ctx)
	default:
		return p.asap(ctx)
	}
}

type cartPage struct{ *visit }

func (p cartPage) cart(ctx context.Context) ([]want, error) {
	return call(ctx, "cart", func(ctx context.Context) ([]want, error) {
		lines, err := p.Store.Cart(ctx, p.user.ID)
		return wants(lines, p.currency), err
	})
}

func (p cartPage) recommendations(ctx context.Context, ws []want) ([]store.Product, error) {
	var ids []int
	for _, w := range ws {
		ids = append(ids, w.Product)
	}
	return p.recommend(ctx, ids...)
}

func (p cartPage) shippingPrice(ctx context.Context, quote money.Money) (money.Money, error) {
	return p.convert(ctx, "shippingPrice", quote, p.currency)
}

func (p cartPage) asap(ctx context.Context) (Cart, error) {
	g := asap.New(ctx, p.options("cart")...)
	currencies := g.Go("currencies", p.currencies)
	cart := g.Go("cart", p.cart)
	lines := g.Map("line", cart, p.line)
	quote := cart.Then("shippingQuote", p.quote)
	shipping := quote.Then("shippingPrice", p.shippingPrice)
	recs := cart.Optional("recommendations", p.recommendations)
	if err := g.Wait(); err != nil {
		return Cart{}, err
	}
	sum, err := total(lines.Value(), shipping.Value())
	if err != nil {
		return Cart{}, err
	}
	return Cart{
		Currencies:      currencies.Value(),
		Lines:           lines.Value(),
		Shipping:        shipping.Value(),
		Total:           sum,
		Recommendations: recs.Value().Value,
		Missing:         missing("recommendations", recs.Value().Err),
	}, nil
}

func (p cartPage) errgroup(ctx context.Context) (Cart, error) {
	var out Cart
	var cart []want
	var quote money.Money
	var recsErr error
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		out.Currencies, err = p.currencies(gctx)
		return err
	})
	g.Go(func() (err error) {
		cart, err = p.cart(gctx)
		return err
	})
	if err := g.Wait(); err != nil {
		return Cart{}, err
	}

	items := make([]store.Product, len(cart))
	g, gctx = errgroup.WithContext(ctx)
	for i, w := range cart {
		g.Go(func() (err error) {
			items[i], err = p.item(gctx, w)
			return err
		})
	}
	g.Go(func() (err error) {
		quote, err = p.quote(gctx, cart)
		return err
	})
	g.Go(func() error {
		out.Recommendations, recsErr = p.recommendations(gctx, cart)
		return nil // the page does without
	})
	if err := g.Wait(); err != nil {
		return Cart{}, err
	}
	out.Missing = missing("recommendations", recsErr)

	out.Lines = make([]store.Line, len(cart))
	g, gctx = errgroup.WithContext(ctx)
	for i, w := range cart {
		g.Go(func() (err error) {
			out.Lines[i], err = p.priced(gctx, w, items[i])
			return err
		})
	}
	g.Go(func() (err error) {
		out.Shipping, err = p.shippingPrice(gctx, quote)
		return err
	})
	if err := g.Wait(); err != nil {
		return Cart{}, err
	}
	var err error
	if out.Total, err = total(out.Lines, out.Shipping); err != nil {
		return Cart{}, err
	}
	return out, nil
}

func (p cartPage) sequential(ctx context.Context) (Cart, error) {
	currencies, err := p.currencies(ctx)
	if err != nil {
		return Cart{}, err
	}
	cart, err := p.cart(ctx)
	if err != nil {
		return Cart{}, err
	}
	recs, recsErr := p.recommendations(ctx, cart) // the page does without
	quote, err := p.quote(ctx, cart)
	if err != nil {
		return Cart{}, err
	}
	shipping, err := p.shippingPrice(ctx, quote)
	if err != nil {
		return Cart{}, err
	}
	lines := make([]store.Line, len(cart))
	for i, w := range cart {
		if lines[i], err = p.line(ctx, w); err != nil {
			return Cart{}, err
		}
	}
	sum, err := total(lines, shipping)
	if err != nil {
		return Cart{}, err
	}
	return Cart{
		Currencies:      currencies,
		Lines:           lines,
		Shipping:        shipping,
		Total:           sum,
		Recommendations: recs,
		Missing:         missing("recommendations", recsErr),
	}, nil
}
