package shop

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// Product is the data of the page of one product.
type Product struct {
	Offer           Offer           `json:"offer"`
	Currencies      []string        `json:"currencies"`
	CartSize        int             `json:"cartSize"`
	Recommendations []store.Product `json:"recommendations"`
	Ad              *services.Ad    `json:"ad"`
	Missing         []Missing       `json:"missing"`
}

// product makes the page of a product.
func (s *Shop) product(ctx context.Context, v *visit) (Product, error) {
	id, err := strconv.Atoi(v.request.PathValue("id"))
	if err != nil {
		return Product{}, fmt.Errorf("product %q: %w", v.request.PathValue("id"), store.ErrNotFound)
	}
	p := productPage{v, id}
	switch v.mode {
	case Sequential:
		return p.sequential(ctx)
	case Errgroup:
		return p.errgroup(ctx)
	default:
		return p.asap(ctx)
	}
}

type productPage struct {
	*visit
	id int
}

func (p productPage) product(ctx context.Context) (store.Product, error) {
	return call(ctx, "product", func(ctx context.Context) (store.Product, error) {
		return p.Store.Product(ctx, p.id)
	})
}

func (p productPage) recommendations(ctx context.Context) ([]store.Product, error) {
	return p.recommend(ctx, p.id)
}

func (p productPage) ad(ctx context.Context, product store.Product) (*services.Ad, error) {
	return p.adBeside(ctx, product.Category)
}

func (p productPage) asap(ctx context.Context) (Product, error) {
	g := asap.New(ctx, p.options("product")...)
	currencies := g.Go("currencies", p.currencies)
	cart := g.Go("cart", p.cartSize)
	recs := g.Optional("recommendations", p.recommendations)
	product := g.Go("product", p.product)
	offer := product.Then("price", p.offer)
	ad := product.Optional("ad", p.ad)
	if err := g.Wait(); err != nil {
		return Product{}, err
	}
	return Product{
		Offer:           offer.Value(),
		Currencies:      currencies.Value(),
		CartSize:        cart.Value(),
		Recommendations: recs.Value().Value,
		Ad:              ad.Value().Value,
		Missing:         append(missing("ad", ad.Value().Err), missing("recommendations", recs.Value().Err)...),
	}, nil
}

func (p productPage) errgroup(ctx context.Context) (Product, error) {
	var out Product
	var product store.Product
	var recsErr, adErr error
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		out.Currencies, err = p.currencies(gctx)
		return err
	})
	g.Go(func() (err error) {
		out.CartSize, err = p.cartSize(gctx)
		return err
	})
	g.Go(func() (err error) {
		product, err = p.product(gctx)
		return err
	})
	g.Go(func() error {
		out.Recommendations, recsErr = p.recommendations(gctx)
		return nil // the page does without
	})
	if err := g.Wait(); err != nil {
		return Product{}, err
	}

	g, gctx = errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		out.Offer, err = p.offer(gctx, product)
		return err
	})
	g.Go(func() error {
		out.Ad, adErr = p.ad(gctx, product)
		return nil // the page does without
	})
	if err := g.Wait(); err != nil {
		return Product{}, err
	}
	out.Missing = append(missing("ad", adErr), missing("recommendations", recsErr)...)
	return out, nil
}

func (p productPage) sequential(ctx context.Context) (Product, error) {
	product, err := p.product(ctx)
	if err != nil {
		return Product{}, err
	}
	currencies, err := p.currencies(ctx)
	if err != nil {
		return Product{}, err
	}
	cart, err := p.cartSize(ctx)
	if err != nil {
		return Product{}, err
	}
	offer, err := p.offer(ctx, product)
	if err != nil {
		return Product{}, err
	}
	recs, recsErr := p.recommendations(ctx) // the page does without
	ad, adErr := p.ad(ctx, product)         // the page does without
	return Product{
		Offer:           offer,
		Currencies:      currencies,
		CartSize:        cart,
		Recommendations: recs,
		Ad:              ad,
		Missing:         append(missing("ad", adErr), missing("recommendations", recsErr)...),
	}, nil
}
