package main

import (
	"context"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// Product is the data of the page of one product.
type Product struct {
	Offer           Offer                 `json:"offer"`
	Currencies      []string              `json:"currencies"`
	CartSize        int                   `json:"cartSize"`
	Recommendations Part[[]store.Product] `json:"recommendations"`
	Ad              Part[services.Ad]     `json:"ad"`
}

// productPage is one that is being made: in one of three ways, from calls that
// all of them share.
type productPage struct {
	*visit
	id int
}

// product serves the page of a product.
func (v *visit) product(ctx context.Context) (Product, error) {
	id, err := strconv.Atoi(v.PathValue("id"))
	if err != nil {
		return Product{}, &store.NotFoundError{What: "product " + strconv.Quote(v.PathValue("id"))}
	}
	p := productPage{v, id}
	return v.Mode.pick(p.asap, p.errgroup, p.sequential)(ctx)
}

func (p productPage) asap(ctx context.Context) (Product, error) {
	g := asap.New(ctx, p.named("product")...)
	currencies := g.Go("currencies", p.currencies, p.again)
	cart := g.Go("cart", p.cartSize)
	recs := g.Optional("recommendations", p.recommendations, p.brief)
	product := g.Go("product", p.product)
	offer := product.Then("price", p.offer, p.again)
	ad := product.Optional("ad", p.ad, p.brief)
	if err := g.Wait(); err != nil {
		return Product{}, err
	}
	return Product{
		Offer:           offer.Value(),
		Currencies:      currencies.Value(),
		CartSize:        cart.Value(),
		Recommendations: partOf(recs.Value()),
		Ad:              partOf(ad.Value()),
	}, nil
}

func (p productPage) errgroup(ctx context.Context) (out Product, err error) {
	var product store.Product
	first, fctx := errgroup.WithContext(ctx)
	first.Go(func() (err error) { out.Currencies, err = p.currencies(fctx); return err })
	first.Go(func() (err error) { out.CartSize, err = p.cartSize(fctx); return err })
	first.Go(func() (err error) { product, err = p.product(fctx); return err })
	first.Go(func() error { out.Recommendations = part(p.recommendations(fctx)); return nil }) // the page does without
	if err := first.Wait(); err != nil {
		return Product{}, err
	}
	second, sctx := errgroup.WithContext(ctx)
	second.Go(func() (err error) { out.Offer, err = p.offer(sctx, product); return err })
	second.Go(func() error { out.Ad = part(p.ad(sctx, product)); return nil }) // the page does without
	err = second.Wait()
	return out, err
}

func (p productPage) sequential(ctx context.Context) (out Product, err error) {
	product, err := p.product(ctx)
	if err != nil {
		return out, err
	}
	if out.Currencies, err = p.currencies(ctx); err != nil {
		return out, err
	}
	if out.CartSize, err = p.cartSize(ctx); err != nil {
		return out, err
	}
	if out.Offer, err = p.offer(ctx, product); err != nil {
		return out, err
	}
	out.Recommendations = part(p.recommendations(ctx)) // the page does without
	out.Ad = part(p.ad(ctx, product))                  // the page does without
	return out, nil
}

func (p productPage) product(ctx context.Context) (store.Product, error) {
	return call(ctx, "product", func() (store.Product, error) { return p.Store.Product(p.id) })
}

func (p productPage) recommendations(ctx context.Context) ([]store.Product, error) {
	return p.recommend(ctx, p.id)
}

func (p productPage) ad(ctx context.Context, product store.Product) (services.Ad, error) {
	return p.adBeside(ctx, product.Category)
}
