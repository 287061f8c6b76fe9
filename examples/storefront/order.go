package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// This file has the steps of an order, for every mode. The order names what
// they do, so that none does its work twice.

func (s *Shop) claim(ctx context.Context, o store.Order) ([]store.CartLine, error) {
	return call(ctx, "cart", func() ([]store.CartLine, error) { return s.Store.Claim(o) })
}

func (s *Shop) shippingPrice(ctx context.Context, o store.Order, quote money.Money) (money.Money, error) {
	return s.convert(ctx, "shippingPrice", quote, o.Currency)
}

func (s *Shop) charge(ctx context.Context, o store.Order, lines []store.Line, shipping money.Money) (store.Receipt, error) {
	sum, err := total(lines, shipping)
	if err != nil {
		return store.Receipt{}, err
	}
	payment, err := ask[string](ctx, s, "charge", "payment/charge", services.Bill{Order: o.ID, Amount: sum})
	return store.Receipt{Order: o, Lines: lines, Shipping: shipping, Total: sum, Payment: payment}, err
}

func (s *Shop) ship(ctx context.Context, r store.Receipt) (_ store.Receipt, err error) {
	r.Tracking, err = ask[string](ctx, s, "ship", "shipping/ship", services.Letter{Order: r.Order.ID, To: r.Order.User.Address})
	return r, err
}

func (s *Shop) closeOrder(ctx context.Context, r store.Receipt) (store.Receipt, error) {
	return call(ctx, "emptyCart", func() (store.Receipt, error) { return r, s.Store.CloseOrder(r) })
}

// mail confirms the order, and notes that it did.
func (s *Shop) mail(ctx context.Context, r store.Receipt) (string, error) {
	id, err := ask[string](ctx, s, "confirmationMail", "mail/confirm", services.Letter{Order: r.Order.ID, To: r.Order.User.Email})
	if err == nil {
		err = s.Store.Mailed(r.Order.ID, id)
	}
	return id, err
}

func (s *Shop) receipt(_ context.Context, r store.Receipt, mail asap.Result[string]) (Checkout, error) {
	return Checkout{Receipt: r, Mail: partOf(mail)}, nil
}

// placed finds an order that has gone through before.
func (s *Shop) placed(o store.Order) (Checkout, error) {
	r, mail, err := s.Store.Receipt(o.ID)
	if err != nil {
		return Checkout{}, err
	}
	if r.Order.User.ID != o.User.ID {
		return Checkout{}, &requestError{fmt.Sprintf("order %s is another customer's", o.ID)}
	}
	if mail == "" {
		err = errors.New("the confirmation did not go out with the order")
	}
	return Checkout{Receipt: r, Mail: part(mail, err), Repeated: true}, nil
}
