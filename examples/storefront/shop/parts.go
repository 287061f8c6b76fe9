package shop

import (
	"context"
	"fmt"

	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// This file has what several pages show. Each method is one call, or a chain
// of two, and knows nothing of modes: that is the business of the pages.

func (v *visit) notice(ctx context.Context) (string, error) {
	return call(ctx, "platform", v.Store.Notice)
}

func (v *visit) currencies(ctx context.Context) ([]string, error) {
	return call(ctx, "currencies", v.Services.Currency.List)
}

func (v *visit) cartSize(ctx context.Context) (int, error) {
	return call(ctx, "cart", func(ctx context.Context) (int, error) {
		return v.Store.CartSize(ctx, v.user.ID)
	})
}

// offer prices a product for the visitor.
func (v *visit) offer(ctx context.Context, p store.Product) (Offer, error) {
	price, err := v.convert(ctx, fmt.Sprint("price ", p.ID), p.List, v.currency)
	return Offer{p, price}, err
}

func (s *Shop) convert(ctx context.Context, name string, m money.Money, to string) (money.Money, error) {
	return call(ctx, name, func(ctx context.Context) (money.Money, error) {
		return s.Services.Currency.Convert(ctx, m, to)
	})
}

// adBeside gives an ad that goes with a category. It gives up when the shop's
// patience ends.
func (v *visit) adBeside(ctx context.Context, category string) (*services.Ad, error) {
	ctx, cancel := v.hurry(ctx)
	defer cancel()
	return call(ctx, "ad", func(ctx context.Context) (*services.Ad, error) {
		ad, err := v.Services.Ads.For(ctx, category)
		if err != nil {
			return nil, err
		}
		return &ad, nil
	})
}

const recommended = 4

// recommend gives products that go with the given ones. It gives up when the
// shop's patience ends.
func (v *visit) recommend(ctx context.Context, products ...int) ([]store.Product, error) {
	ctx, cancel := v.hurry(ctx)
	defer cancel()
	return call(ctx, "recommendations", func(ctx context.Context) ([]store.Product, error) {
		ids, err := v.Services.Recommendations.For(ctx, products, recommended)
		if err != nil {
			return nil, err
		}
		found, err := v.Store.Products(ctx, ids)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx) // says how long, where the database says only that
		}
		return found, err
	})
}

// want is a line of a cart that is to be priced.
type want struct {
	store.CartLine
	Currency string
}

func wants(lines []store.CartLine, currency string) []want {
	ws := make([]want, len(lines))
	for i, l := range lines {
		ws[i] = want{l, currency}
	}
	return ws
}

func (s *Shop) item(ctx context.Context, w want) (store.Product, error) {
	return call(ctx, fmt.Sprint("item ", w.Product), func(ctx context.Context) (store.Product, error) {
		return s.Store.Product(ctx, w.Product)
	})
}

func (s *Shop) priced(ctx context.Context, w want, p store.Product) (store.Line, error) {
	price, err := s.convert(ctx, fmt.Sprint("price ", p.ID), p.List, w.Currency)
	return store.Line{Product: p, Quantity: w.Quantity, Price: price.Times(w.Quantity)}, err
}

// line looks a product up and prices it. That is a chain, so it is written as
// one: a task for each half would start no earlier.
func (s *Shop) line(ctx context.Context, w want) (store.Line, error) {
	p, err := s.item(ctx, w)
	if err != nil {
		return store.Line{}, err
	}
	return s.priced(ctx, w, p)
}

// quote asks what it costs to send what is in a cart.
func (s *Shop) quote(ctx context.Context, ws []want) (money.Money, error) {
	pieces := 0
	for _, w := range ws {
		pieces += w.Quantity
	}
	if pieces == 0 {
		return money.Money{Currency: store.ListCurrency}, nil
	}
	return call(ctx, "shippingQuote", func(ctx context.Context) (money.Money, error) {
		return s.Services.Shipping.Quote(ctx, pieces)
	})
}

// total adds up a cart. All amounts are in one currency.
func total(lines []store.Line, shipping money.Money) (money.Money, error) {
	sum := shipping
	for _, l := range lines {
		var err error
		if sum, err = sum.Plus(l.Price); err != nil {
			return money.Money{}, fmt.Errorf("total: %w", err)
		}
	}
	return sum, nil
}
