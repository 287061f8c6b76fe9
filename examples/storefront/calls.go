package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// This file has the calls that several pages make. None of them knows of
// modes: when they are made is the business of the pages.

func (v *visit) notice(ctx context.Context) (string, error) {
	return call(ctx, "platform", func() (string, error) { return v.Store.Notice, nil })
}

func (v *visit) currencies(ctx context.Context) ([]string, error) {
	return ask[[]string](ctx, v.Shop, "currencies", "currency/list", nil)
}

func (v *visit) cartSize(ctx context.Context) (int, error) {
	return call(ctx, "cart", func() (n int, err error) {
		for _, l := range v.Store.Cart(v.User.ID, v.Currency) {
			n += l.Quantity
		}
		return n, nil
	})
}

// Offer is a product and its price in the visitor's currency.
type Offer struct {
	Product store.Product `json:"product"`
	Price   money.Money   `json:"price"`
}

func (v *visit) offer(ctx context.Context, p store.Product) (Offer, error) {
	price, err := v.convert(ctx, fmt.Sprint("price ", p.ID), p.List, v.Currency)
	return Offer{p, price}, err
}

func (s *Shop) convert(ctx context.Context, name string, m money.Money, to string) (money.Money, error) {
	return ask[money.Money](ctx, s, name, "currency/convert", services.Conversion{Amount: m, To: to})
}

// adBeside gives an ad that goes with a category.
func (v *visit) adBeside(ctx context.Context, category string) (services.Ad, error) {
	return askBriefly[services.Ad](ctx, v.Shop, "ad", "ads/pick", category)
}

// recommend gives four products that go with the given ones.
func (v *visit) recommend(ctx context.Context, products ...int) ([]store.Product, error) {
	ids, err := askBriefly[[]int](ctx, v.Shop, "recommendations", "recommendations/find", services.Basket{Products: products, Most: 4})
	var found []store.Product
	for _, id := range ids {
		p, err := v.Store.Product(id)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, err
}

// item and priced are the halves of line, for the mode that makes them apart.

func (s *Shop) item(ctx context.Context, l store.CartLine) (store.Product, error) {
	return call(ctx, fmt.Sprint("item ", l.Product), func() (store.Product, error) { return s.Store.Product(l.Product) })
}

func (s *Shop) priced(ctx context.Context, l store.CartLine, p store.Product) (store.Line, error) {
	price, err := s.convert(ctx, fmt.Sprint("price ", p.ID), p.List, l.Currency)
	return store.Line{Product: p, Quantity: l.Quantity, Price: price.Times(l.Quantity)}, err
}

// line looks a product up and prices it. That is a chain, so it is written as
// one: a task for each half would start no earlier.
func (s *Shop) line(ctx context.Context, l store.CartLine) (store.Line, error) {
	p, err := s.item(ctx, l)
	if err != nil {
		return store.Line{}, err
	}
	return s.priced(ctx, l, p)
}

// quote asks what it costs to send what is in a cart.
func (s *Shop) quote(ctx context.Context, cart []store.CartLine) (money.Money, error) {
	pieces := 0
	for _, l := range cart {
		pieces += l.Quantity
	}
	if pieces == 0 {
		return money.Money{Currency: store.ListCurrency}, nil
	}
	return ask[money.Money](ctx, s, "shippingQuote", "shipping/quote", pieces)
}

// total adds up a cart. All amounts are in one currency.
func total(lines []store.Line, shipping money.Money) (sum money.Money, err error) {
	sum = shipping
	for _, l := range lines {
		if sum, err = sum.Plus(l.Price); err != nil {
			return sum, fmt.Errorf("total: %w", err)
		}
	}
	return sum, nil
}

// Part is an optional part of a page: its value, or why it is missing.
type Part[T any] struct {
	Value T      `json:"value"`
	Why   string `json:"why,omitempty"`
}

func part[T any](value T, err error) Part[T] {
	if err == nil {
		return Part[T]{Value: value}
	}
	if e, ok := errors.AsType[*asap.TaskError](err); ok {
		err = e.Err // the part's name says which task
	}
	return Part[T]{Why: err.Error()}
}

func partOf[T any](r asap.Result[T]) Part[T] { return part(r.Value, r.Err) }

// trace collects the calls of one page, whatever makes it.
type trace struct {
	request string
	start   time.Time
	hold    func(ctx context.Context, call string)

	mu    sync.Mutex
	calls []made
	asked map[string]int // how often each call of a service was made
}

// made is one call that a page made, for the picture at its foot. The
// instants count from the start of the page.
type made struct {
	Name     string
	From, To time.Duration
	Err      error
}

// Failed reports whether the call failed. One that was canceled since the page had its
// value from another, or gave it up, did not.
func (m made) Failed() bool { return m.Err != nil && !errors.Is(m.Err, context.Canceled) }

type traceKey struct{}

// count returns how often a call was made before.
func (t *trace) count(call string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked == nil {
		t.asked = make(map[string]int)
	}
	t.asked[call]++
	return t.asked[call] - 1
}

// call makes one call of a page and notes when it was. Without a trace in the
// context, as in a program that is not a page, it only makes the call.
func call[T any](ctx context.Context, name string, do func() (T, error)) (T, error) {
	t, ok := ctx.Value(traceKey{}).(*trace)
	if !ok {
		return do()
	}
	if t.hold != nil {
		t.hold(ctx, name)
	}
	from := time.Since(t.start)
	v, err := do()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, made{name, from, time.Since(t.start), err})
	return v, err
}

// ask is a call of a service.
func ask[Out any](ctx context.Context, s *Shop, name, at string, in any) (Out, error) {
	c := services.Caller{Call: name}
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		c.Request, c.Before = t.request, t.count(name)
		s.asked.Add(1)
	}
	if c.Before > 0 {
		s.again.Add(1)
		name += " again"
	}
	return call(ctx, name, func() (Out, error) { return services.Ask[Out](ctx, s.Services, c, at, in) })
}

// askBriefly is ask for what a page can do without. It gives up when the
// shop's patience ends.
func askBriefly[Out any](ctx context.Context, s *Shop, name, at string, in any) (Out, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.Patience, services.Timeout(s.Patience))
	defer cancel()
	return ask[Out](ctx, s, name, at, in)
}
