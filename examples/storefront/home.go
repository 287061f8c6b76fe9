package main

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// Home is the data of the home page: a page of the catalogue.
type Home struct {
	Notice     string            `json:"notice"`
	Currencies []string          `json:"currencies"`
	CartSize   int               `json:"cartSize"`
	Page       int               `json:"page"`
	Products   []Offer           `json:"products"`
	Ad         Part[services.Ad] `json:"ad"`
}

const productsPerPage = 9

// homePage is one that is being made: in one of three ways, from calls that
// all of them share.
type homePage struct {
	*visit
	number int
}

// home serves the home page.
func (v *visit) home(ctx context.Context) (Home, error) {
	p := homePage{v, 1}
	if text := v.FormValue("page"); text != "" {
		var err error
		if p.number, err = strconv.Atoi(text); err != nil || p.number < 1 || p.number > 1000 {
			return Home{}, &requestError{fmt.Sprintf("page %q: want a number from 1", text)}
		}
	}
	return v.Mode.pick(p.asap, p.errgroup, p.sequential)(ctx)
}

func (p homePage) asap(ctx context.Context) (Home, error) {
	if p.live != nil {
		if err := p.live.begin(ctx, p.number); err != nil {
			return Home{}, err
		}
	}
	g := asap.New(ctx, p.named("home")...)
	notice := g.Go("platform", p.notice)
	currencies := g.Go("currencies", p.currencies, p.again)
	cart := g.Go("cart", p.cartSize)
	products := g.Go("products", p.products)
	offers := g.Map("price", products, p.offer, p.again) // while the ad is still on its way
	ad := g.Optional("ad", p.ad, p.brief)                // its failure is a value
	if p.live != nil {
		p.live.behind(notice, "notice")
		p.live.behind(currencies, "currencies")
		p.live.behind(cart, "cartSize")
		p.live.behind(offers, "products")
		p.live.behindOptional(ad, "ad")
	}
	if err := g.Wait(); err != nil {
		return Home{}, err
	}
	return Home{
		Notice:     notice.Value(),
		Currencies: currencies.Value(),
		CartSize:   cart.Value(),
		Page:       p.number,
		Products:   offers.Value(),
		Ad:         partOf(ad.Value()),
	}, nil
}

func (p homePage) errgroup(ctx context.Context) (h Home, err error) {
	h.Page = p.number
	var products []store.Product
	first, fctx := errgroup.WithContext(ctx)
	first.Go(func() (err error) { h.Notice, err = p.notice(fctx); return err })
	first.Go(func() (err error) { h.Currencies, err = p.currencies(fctx); return err })
	first.Go(func() (err error) { h.CartSize, err = p.cartSize(fctx); return err })
	first.Go(func() (err error) { products, err = p.products(fctx); return err })
	first.Go(func() error { h.Ad = part(p.ad(fctx)); return nil }) // the page does without
	if err := first.Wait(); err != nil {
		return Home{}, err
	}
	h.Products = make([]Offer, len(products))
	second, sctx := errgroup.WithContext(ctx)
	for i, product := range products {
		second.Go(func() (err error) { h.Products[i], err = p.offer(sctx, product); return err })
	}
	err = second.Wait()
	return h, err
}

func (p homePage) sequential(ctx context.Context) (h Home, err error) {
	h.Page = p.number
	if h.Notice, err = p.notice(ctx); err != nil {
		return h, err
	}
	if h.Currencies, err = p.currencies(ctx); err != nil {
		return h, err
	}
	if h.CartSize, err = p.cartSize(ctx); err != nil {
		return h, err
	}
	products, err := p.products(ctx)
	if err != nil {
		return h, err
	}
	h.Products = make([]Offer, len(products))
	for i, product := range products {
		if h.Products[i], err = p.offer(ctx, product); err != nil {
			return h, err
		}
	}
	h.Ad = part(p.ad(ctx)) // the page does without
	return h, nil
}

func (p homePage) products(ctx context.Context) ([]store.Product, error) {
	return call(ctx, "products", func() ([]store.Product, error) { return p.Store.Page(p.number-1, productsPerPage), nil })
}

func (p homePage) ad(ctx context.Context) (services.Ad, error) { return p.adBeside(ctx, "") }
