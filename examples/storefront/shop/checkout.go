package shop

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
)

// Checkout is the data of the page that confirms an order.
type Checkout struct {
	store.Receipt
	Missing  []Missing `json:"missing"`
	Repeated bool      `json:"repeated"` // the order was placed before
}

// defineCheckout is the asap way. It is a flow: values travel along its edges
// only, so it can be drawn, checked, and run by another engine. That is why
// its steps take all they need as arguments, the order among it, and why each
// may be made again: claim, charge, ship and closeOrder do nothing twice.
func (s *Shop) defineCheckout() *asap.Flow[store.Order, Checkout] {
	return asap.Define("checkout", func(g *asap.Group, order *asap.Task[store.Order]) *asap.Task[Checkout] {
		cart := order.Then("cart", s.claim)
		lines := g.Map("line", cart, s.line)
		quote := cart.Then("shippingQuote", s.quote)
		shipping := order.And(quote).Then("shippingPrice", s.shippingPrice)
		paid := order.And(lines).And(shipping).Then("charge", s.charge)
		sent := paid.Then("ship", s.ship)
		closed := sent.Then("emptyCart", s.closeOrder)
		mail := sent.Optional("confirmationMail", s.mail)
		return closed.And(mail).Then("receipt", s.receipt)
	})
}

func (s *Shop) checkoutErrgroup(ctx context.Context, o store.Order) (Checkout, error) {
	cart, err := s.claim(ctx, o)
	if err != nil {
		return Checkout{}, err
	}

	items := make([]store.Product, len(cart))
	var quote money.Money
	g, gctx := errgroup.WithContext(ctx)
	for i, w := range cart {
		g.Go(func() (err error) {
			items[i], err = s.item(gctx, w)
			return err
		})
	}
	g.Go(func() (err error) {
		quote, err = s.quote(gctx, cart)
		return err
	})
	if err := g.Wait(); err != nil {
		return Checkout{}, err
	}

	lines := make([]store.Line, len(cart))
	var shipping money.Money
	g, gctx = errgroup.WithContext(ctx)
	for i, w := range cart {
		g.Go(func() (err error) {
			lines[i], err = s.priced(gctx, w, items[i])
			return err
		})
	}
	g.Go(func() (err error) {
		shipping, err = s.shippingPrice(gctx, o, quote)
		return err
	})
	if err := g.Wait(); err != nil {
		return Checkout{}, err
	}

	r, err := s.charge(ctx, o, lines, shipping)
	if err != nil {
		return Checkout{}, err
	}
	if r, err = s.ship(ctx, r); err != nil {
		return Checkout{}, err
	}

	var mail asap.Result[string]
	g, gctx = errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := s.closeOrder(gctx, r)
		return err
	})
	g.Go(func() error {
		mail.Value, mail.Err = s.mail(gctx, r)
		return nil // the order goes through without
	})
	if err := g.Wait(); err != nil {
		return Checkout{}, err
	}
	return s.receipt(ctx, r, mail)
}

func (s *Shop) checkoutSequential(ctx context.Context, o store.Order) (Checkout, error) {
	cart, err := s.claim(ctx, o)
	if err != nil {
		return Checkout{}, err
	}
	lines := make([]store.Line, len(cart))
	for i, w := range cart {
		if lines[i], err = s.line(ctx, w); err != nil {
			return Checkout{}, err
		}
	}
	quote, err := s.quote(ctx, cart)
	if err != nil {
		return Checkout{}, err
	}
	shipping, err := s.shippingPrice(ctx, o, quote)
	if err != nil {
		return Checkout{}, err
	}
	r, err := s.charge(ctx, o, lines, shipping)
	if err != nil {
		return Checkout{}, err
	}
	if r, err = s.ship(ctx, r); err != nil {
		return Checkout{}, err
	}
	if r, err = s.closeOrder(ctx, r); err != nil {
		return Checkout{}, err
	}
	var mail asap.Result[string]
	mail.Value, mail.Err = s.mail(ctx, r) // the order goes through without
	return s.receipt(ctx, r, mail)
}
