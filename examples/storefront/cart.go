package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
)

// Cart is the data of the cart page.
type Cart struct {
	Currencies      []string              `json:"currencies"`
	Lines           []store.Line          `json:"lines"`
	Shipping        money.Money           `json:"shipping"`
	Total           money.Money           `json:"total"`
	Recommendations Part[[]store.Product] `json:"recommendations"`
}

// cartPage is one that is being made: in one of three ways, from calls that all
// of them share.
type cartPage struct{ *visit }

// cart serves the cart page.
func (v *visit) cart(ctx context.Context) (Cart, error) {
	p := cartPage{v}
	c, err := v.Mode.pick(p.asap, p.errgroup, p.sequential)(ctx)
	if err != nil {
		return Cart{}, err
	}
	c.Total, err = total(c.Lines, c.Shipping)
	return c, err
}

func (p cartPage) asap(ctx context.Context) (Cart, error) {
	g := asap.New(ctx, p.named("cart")...)
	currencies := g.Go("currencies", p.currencies, p.again)
	cart := g.Go("cart", p.cart)
	lines := g.Map("line", cart, p.line, p.again)
	quote := cart.Then("shippingQuote", p.quote, p.again)
	shipping := quote.Then("shippingPrice", p.shippingPrice, p.again)
	recs := cart.Optional("recommendations", p.recommendations, p.brief)
	if err := g.Wait(); err != nil {
		return Cart{}, err
	}
	return Cart{
		Currencies:      currencies.Value(),
		Lines:           lines.Value(),
		Shipping:        shipping.Value(),
		Recommendations: partOf(recs.Value()),
	}, nil
}

func (p cartPage) errgroup(ctx context.Context) (out Cart, err error) {
	var cart []store.CartLine
	first, fctx := errgroup.WithContext(ctx)
	first.Go(func() (err error) { out.Currencies, err = p.currencies(fctx); return err })
	first.Go(func() (err error) { cart, err = p.cart(fctx); return err })
	if err := first.Wait(); err != nil {
		return Cart{}, err
	}
	items := make([]store.Product, len(cart))
	var quote money.Money
	second, sctx := errgroup.WithContext(ctx)
	for i, l := range cart {
		second.Go(func() (err error) { items[i], err = p.item(sctx, l); return err })
	}
	second.Go(func() (err error) { quote, err = p.quote(sctx, cart); return err })
	second.Go(func() error { out.Recommendations = part(p.recommendations(sctx, cart)); return nil }) // the page does without
	if err := second.Wait(); err != nil {
		return Cart{}, err
	}
	out.Lines = make([]store.Line, len(cart))
	third, tctx := errgroup.WithContext(ctx)
	for i, l := range cart {
		third.Go(func() (err error) { out.Lines[i], err = p.priced(tctx, l, items[i]); return err })
	}
	third.Go(func() (err error) { out.Shipping, err = p.shippingPrice(tctx, quote); return err })
	err = third.Wait()
	return out, err
}

func (p cartPage) sequential(ctx context.Context) (out Cart, err error) {
	if out.Currencies, err = p.currencies(ctx); err != nil {
		return out, err
	}
	cart, err := p.cart(ctx)
	if err != nil {
		return out, err
	}
	out.Recommendations = part(p.recommendations(ctx, cart)) // the page does without
	quote, err := p.quote(ctx, cart)
	if err != nil {
		return out, err
	}
	if out.Shipping, err = p.shippingPrice(ctx, quote); err != nil {
		return out, err
	}
	out.Lines = make([]store.Line, len(cart))
	for i, l := range cart {
		if out.Lines[i], err = p.line(ctx, l); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (p cartPage) cart(ctx context.Context) ([]store.CartLine, error) {
	return call(ctx, "cart", func() ([]store.CartLine, error) { return p.Store.Cart(p.User.ID, p.Currency), nil })
}

func (p cartPage) recommendations(ctx context.Context, cart []store.CartLine) ([]store.Product, error) {
	var ids []int
	for _, l := range cart {
		ids = append(ids, l.Product)
	}
	return p.recommend(ctx, ids...)
}

func (p cartPage) shippingPrice(ctx context.Context, quote money.Money) (money.Money, error) {
	return p.convert(ctx, "shippingPrice", quote, p.Currency)
}
