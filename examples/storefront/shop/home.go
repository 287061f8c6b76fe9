package shop

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// Home is the data of the home page: a page of the catalogue.
type Home struct {
	Notice     string       `json:"notice"`
	Currencies []string     `json:"currencies"`
	CartSize   int          `json:"cartSize"`
	Page       int          `json:"page"`
	Products   []Offer      `json:"products"`
	Ad         *services.Ad `json:"ad"`
	Missing    []Missing    `json:"missing"`
}

// Offer is a product and its price in the visitor's currency.
type Offer struct {
	Product store.Product `json:"product"`
	Price   money.Money   `json:"price"`
}

const productsPerPage = 9

// home makes the home page.
func (s *Shop) home(ctx context.Context, v *visit) (Home, error) {
	p := homePage{visit: v}
	if text := v.request.FormValue("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return Home{}, badRequest(fmt.Errorf("page %q: want a number from 1", text))
		}
		p.number = n - 1
	}
	switch v.mode {
	case Sequential:
		return p.sequential(ctx)
	case Errgroup:
		return p.errgroup(ctx)
	default:
		return p.asap(ctx)
	}
}

type homePage struct {
	*visit
	number int
}

func (p homePage) products(ctx context.Context) ([]store.Product, error) {
	return call(ctx, "products", func(ctx context.Context) ([]store.Product, error) {
		return p.Store.Page(ctx, p.number, productsPerPage)
	})
}

func (p homePage) ad(ctx context.Context) (*services.Ad, error) { return p.adBeside(ctx, "") }

func (p homePage) asap(ctx context.Context) (Home, error) {
	g := asap.New(ctx, p.options("home")...)
	notice := g.Go("platform", p.notice)
	currencies := g.Go("currencies", p.currencies)
	cart := g.Go("cart", p.cartSize)
	products := g.Go("products", p.products)
	offers := g.Map("price", products, p.offer) // while the ad is still on its way
	ad := g.Optional("ad", p.ad)                // its failure is a value
	if err := g.Wait(); err != nil {
		return Home{}, err
	}
	return Home{
		Notice:     notice.Value(),
		Currencies: currencies.Value(),
		CartSize:   cart.Value(),
		Page:       p.number + 1,
		Products:   offers.Value(),
		Ad:         ad.Value().Value,
		Missing:    missing("ad", ad.Value().Err),
	}, nil
}

func (p homePage) errgroup(ctx context.Context) (Home, error) {
	h := Home{Page: p.number + 1}
	var products []store.Product
	var adErr error
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		h.Notice, err = p.notice(gctx)
		return err
	})
	g.Go(func() (err error) {
		h.Currencies, err = p.currencies(gctx)
		return err
	})
	g.Go(func() (err error) {
		h.CartSize, err = p.cartSize(gctx)
		return err
	})
	g.Go(func() (err error) {
		products, err = p.products(gctx)
		return err
	})
	g.Go(func() error {
		h.Ad, adErr = p.ad(gctx)
		return nil // the page does without
	})
	if err := g.Wait(); err != nil {
		return Home{}, err
	}
	h.Missing = missing("ad", adErr)

	h.Products = make([]Offer, len(products))
	g, gctx = errgroup.WithContext(ctx)
	for i, product := range products {
		g.Go(func() (err error) {
			h.Products[i], err = p.offer(gctx, product)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return Home{}, err
	}
	return h, nil
}

func (p homePage) sequential(ctx context.Context) (Home, error) {
	notice, err := p.notice(ctx)
	if err != nil {
		return Home{}, err
	}
	currencies, err := p.currencies(ctx)
	if err != nil {
		return Home{}, err
	}
	products, err := p.products(ctx)
	if err != nil {
		return Home{}, err
	}
	cart, err := p.cartSize(ctx)
	if err != nil {
		return Home{}, err
	}
	offers := make([]Offer, len(products))
	for i, product := range products {
		if offers[i], err = p.offer(ctx, product); err != nil {
			return Home{}, err
		}
	}
	ad, adErr := p.ad(ctx) // the page does without
	return Home{
		Notice:     notice,
		Currencies: currencies,
		CartSize:   cart,
		Page:       p.number + 1,
		Products:   offers,
		Ad:         ad,
		Missing:    missing("ad", adErr),
	}, nil
}
