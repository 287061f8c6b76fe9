package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	runtimetrace "runtime/trace"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// plain has the pages as they are written before anybody thinks of time: one call
// after the other. What a page asks for each of its products is one call.
//
// The comments say what asapvet cannot know of calls that leave the process.
type plain struct{ *visit }

//asapvet:read
func (p plain) currencies(ctx context.Context) ([]string, error) { return p.visit.currencies(ctx) }

//asapvet:read
func (p plain) notice(ctx context.Context) (string, error) { return p.visit.notice(ctx) }

//asapvet:read
func (p plain) cartSize(ctx context.Context) (int, error) { return p.visit.cartSize(ctx) }

//asapvet:read
func (p plain) products(ctx context.Context, page int) ([]store.Product, error) {
	return homePage{p.visit, page}.products(ctx)
}

//asapvet:read
func (p plain) offer(ctx context.Context, product store.Product) (Offer, error) {
	return p.visit.offer(ctx, product)
}

//asapvet:read
func (p plain) offers(ctx context.Context, products []store.Product) ([]Offer, error) {
	return each(ctx, products, p.visit.offer)
}

//asapvet:read
func (p plain) product(ctx context.Context, id int) (store.Product, error) {
	return productPage{p.visit, id}.product(ctx)
}

//asapvet:read
func (p plain) recommendations(ctx context.Context, products ...int) (Part[[]store.Product], error) {
	return part(p.recommend(ctx, products...)), nil // the page does without
}

//asapvet:read
func (p plain) ad(ctx context.Context, category string) (Part[services.Ad], error) {
	return part(p.adBeside(ctx, category)), nil // the page does without
}

//asapvet:read
func (p plain) cart(ctx context.Context) ([]store.CartLine, error) {
	return cartPage(p).cart(ctx)
}

//asapvet:read
func (p plain) lines(ctx context.Context, cart []store.CartLine) ([]store.Line, error) {
	return each(ctx, cart, p.line)
}

//asapvet:read
func (p plain) quote(ctx context.Context, cart []store.CartLine) (money.Money, error) {
	return p.visit.quote(ctx, cart)
}

//asapvet:read
func (p plain) shippingPrice(ctx context.Context, quote money.Money) (money.Money, error) {
	return cartPage(p).shippingPrice(ctx, quote)
}

// each makes the same call for all, at the same time.
func each[In, Out any](ctx context.Context, list []In, f func(context.Context, In) (Out, error)) ([]Out, error) {
	out := make([]Out, len(list))
	g, gctx := errgroup.WithContext(ctx)
	for i, in := range list {
		g.Go(func() (err error) { out[i], err = f(gctx, in); return err })
	}
	return out, g.Wait()
}

func (p plain) homePage(ctx context.Context) (Home, error) {
	notice, err := p.notice(ctx)
	if err != nil {
		return Home{}, err
	}
	currencies, err := p.currencies(ctx)
	if err != nil {
		return Home{}, err
	}
	size, err := p.cartSize(ctx)
	if err != nil {
		return Home{}, err
	}
	products, err := p.products(ctx, 1)
	if err != nil {
		return Home{}, err
	}
	offers, err := p.offers(ctx, products)
	if err != nil {
		return Home{}, err
	}
	ad, err := p.ad(ctx, "")
	if err != nil {
		return Home{}, err
	}
	return Home{Notice: notice, Currencies: currencies, CartSize: size, Page: 1, Products: offers, Ad: ad}, nil
}

func (p plain) productPage(ctx context.Context) (Product, error) {
	product, err := p.product(ctx, 12)
	if err != nil {
		return Product{}, err
	}
	currencies, err := p.currencies(ctx)
	if err != nil {
		return Product{}, err
	}
	size, err := p.cartSize(ctx)
	if err != nil {
		return Product{}, err
	}
	offer, err := p.offer(ctx, product)
	if err != nil {
		return Product{}, err
	}
	recommendations, err := p.recommendations(ctx, 12)
	if err != nil {
		return Product{}, err
	}
	ad, err := p.ad(ctx, product.Category)
	if err != nil {
		return Product{}, err
	}
	return Product{Offer: offer, Currencies: currencies, CartSize: size, Recommendations: recommendations, Ad: ad}, nil
}

func (p plain) cartPage(ctx context.Context) (Cart, error) {
	currencies, err := p.currencies(ctx)
	if err != nil {
		return Cart{}, err
	}
	cart, err := p.cart(ctx)
	if err != nil {
		return Cart{}, err
	}
	recommendations, err := p.recommendations(ctx, products(cart)...)
	if err != nil {
		return Cart{}, err
	}
	quote, err := p.quote(ctx, cart)
	if err != nil {
		return Cart{}, err
	}
	shipping, err := p.shippingPrice(ctx, quote)
	if err != nil {
		return Cart{}, err
	}
	lines, err := p.lines(ctx, cart)
	if err != nil {
		return Cart{}, err
	}
	return Cart{Currencies: currencies, Lines: lines, Shipping: shipping, Recommendations: recommendations}, nil
}

func products(cart []store.CartLine) (ids []int) {
	for _, l := range cart {
		ids = append(ids, l.Product)
	}
	return ids
}

// audited are the pages: as they are, and as asap makes them.
var audited = []struct {
	name  string
	plain func(plain, context.Context) (any, error)
	asap  func(*visit, context.Context) (any, error)
}{
	{"homePage",
		func(p plain, ctx context.Context) (any, error) { return p.homePage(ctx) },
		func(v *visit, ctx context.Context) (any, error) { return homePage{v, 1}.asap(ctx) }},
	{"productPage",
		func(p plain, ctx context.Context) (any, error) { return p.productPage(ctx) },
		func(v *visit, ctx context.Context) (any, error) { return productPage{v, 12}.asap(ctx) }},
	{"cartPage",
		func(p plain, ctx context.Context) (any, error) { return p.cartPage(ctx) },
		func(v *visit, ctx context.Context) (any, error) { return cartPage{v}.asap(ctx) }},
}

// TestAudit records pages that are made one call after the other, under load, and lets
// asapvet say what they would take with asap, which must be right to 15 %. Each request
// is also made with asap, at the same time, and meets the same latencies.
// The race detector slows down what runs at the same time, so then it is not held to that.
func TestAudit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	w := open(t, func(cfg *settings) { cfg.speed, cfg.Patience = 1, 150*time.Millisecond })
	dir := t.TempDir()
	asapvet, recording := filepath.Join(dir, "asapvet"), filepath.Join(dir, "run.trace")
	if out, err := exec.Command("go", "build", "-C", "../../asapvet", "-o", asapvet, ".").CombinedOutput(); err != nil {
		t.Fatalf("build asapvet: %v\n%s", err, out)
	}
	f, err := os.Create(recording)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := runtimetrace.Start(f); err != nil {
		t.Skip(err) // the test itself is traced
	}
	const requests, rate = 24, 12
	took := make(map[string][2]time.Duration)
	for _, a := range audited {
		var both [2][]sample
		var wg sync.WaitGroup
		for i := range both {
			wg.Go(func() {
				both[i] = drive(t.Context(), requests, rate, 1, func(ctx context.Context, n int) ([]byte, error) {
					r := httptest.NewRequestWithContext(ctx, "GET", fmt.Sprint("/?user=", 1+n%store.Users), nil)
					v, err := w.enter(r)
					if err != nil {
						return nil, err
					}
					ctx = context.WithValue(ctx, traceKey{}, &trace{request: fmt.Sprint(a.name, n), start: time.Now()})
					begin := time.Now()
					if i == 0 {
						_, err = a.plain(plain{v}, ctx)
					} else {
						_, err = a.asap(v, ctx)
					}
					return fmt.Append(nil, int64(time.Since(begin))), err
				})
			})
		}
		wg.Wait()
		var sums [2]time.Duration
		for i, list := range both {
			for _, s := range list {
				if s.Err != nil {
					t.Fatal(s.Err)
				}
				var d int64
				fmt.Sscan(string(s.Body), &d)
				sums[i] += time.Duration(d) / requests
			}
		}
		took[a.name] = sums
	}
	runtimetrace.Stop()
	cmd := exec.Command(asapvet, "audit", "-json", "-tests", "-trace", recording, ".")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("asapvet: %v\n%s", err, out)
	}
	var report struct {
		Sites []struct {
			Func   string
			Count  int
			Before float64 `json:"before_ms"`
			After  float64 `json:"after_ms"`
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	for _, a := range audited {
		found := false
		for _, s := range report.Sites {
			if s.Func != "plain."+a.name {
				continue
			}
			found = true
			before, after := took[a.name][0].Seconds()*1e3, took[a.name][1].Seconds()*1e3
			t.Logf("%s: one after the other %.1f ms and with asap %.1f; asapvet says %.1f and %.1f, which is %.2f and %.2f times that",
				a.name, before, after, s.Before, s.After, s.Before/before, s.After/after)
			if s.Count != requests {
				t.Errorf("%s: %d calls, want %d", a.name, s.Count, requests)
			}
			if q := s.After / after; !raced && (q < 0.85 || q > 1.15) {
				t.Errorf("%s: asapvet says %.1f ms, and with asap it takes %.1f", a.name, s.After, after)
			}
		}
		if !found {
			t.Errorf("%s: no site\n%s", a.name, out)
		}
	}
}
