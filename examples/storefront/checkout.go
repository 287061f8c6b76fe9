package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
	"github.com/asap-go/asap/flow"
)

// Checkout is the data of the page that confirms an order.
type Checkout struct {
	store.Receipt
	Mail     Part[string] `json:"mail"`     // number of the confirmation
	Repeated bool         `json:"repeated"` // the order was placed before
}

// orderID is what a form may call its order.
var orderID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// orderTime bounds an order, which goes on when its visitor leaves.
const orderTime = 30 * time.Second

// mailDeadline is that of the confirmation in mode tail, as a multiple of the pages':
// the letter is on its way by then, and nobody waits to hear that it is.
const mailDeadline = 5

// checkout serves the checkout page: it places an order. The form names it, so sending it twice, at once or
// later, places one order and gives the same receipt: at once because the
// second request joins the first, later because the receipt is there, and
// after a failure because no step does its work twice.
func (v *visit) checkout(ctx context.Context) (Checkout, error) {
	o := store.Order{ID: v.PostFormValue("order"), User: v.User, Currency: v.Currency}
	if !orderID.MatchString(o.ID) {
		return Checkout{}, &requestError{fmt.Sprintf("order %q: want the name that the form gave it", o.ID)}
	}
	c, err, _ := v.orders.Do(fmt.Sprint(o.ID, " ", o.User.ID, " ", o.Currency), func() (any, error) {
		// An order that was begun is finished, whoever stops waiting for it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderTime)
		defer cancel()
		c, err := v.placed(o)
		if _, none := errors.AsType[*store.NotFoundError](err); !none {
			return c, err
		}
		if v.Mode == Tail {
			return v.tailFlow.Run(ctx, o)
		}
		return v.Mode.pick(v.orderASAP, v.orderErrgroup, v.orderSequential)(ctx, o)
	})
	if err != nil {
		return Checkout{}, err
	}
	return c.(Checkout), nil
}

// checkoutFlow is the asap way. It is a flow: values travel along its edges
// only, so it can be drawn, checked, and run by another engine. That is why
// its steps take all they need as arguments, the order among it, and why each
// may be made again: claim, charge, ship and closeOrder do nothing twice.
// Payment is not to be asked twice at once all the same, nor a letter to go out twice.
func (s *Shop) checkoutFlow(again, brief asap.TaskOption) *Flow {
	return flow.Define("checkout", func(g *asap.Group, order *asap.Task[store.Order]) *asap.Task[Checkout] {
		cart := order.Then("cart", s.claim)
		lines := g.Map("line", cart, s.line, again)
		quote := cart.Then("shippingQuote", s.quote, again)
		shipping := order.And(quote).Then("shippingPrice", s.shippingPrice, again)
		paid := order.And(lines).And(shipping).Then("charge", s.charge)
		sent := paid.Then("ship", s.ship, again)
		closed := sent.Then("emptyCart", s.closeOrder)
		mail := sent.Optional("confirmationMail", s.mail, brief)
		return closed.And(mail).Then("receipt", s.receipt)
	}).With(s.named("checkout")...)
}

func (s *Shop) orderASAP(ctx context.Context, o store.Order) (Checkout, error) {
	if s.temporal != nil {
		return s.temporal.run(ctx, s.flow, o) // each step an activity
	}
	return s.flow.Run(ctx, o)
}

func (s *Shop) orderErrgroup(ctx context.Context, o store.Order) (out Checkout, err error) {
	cart, err := s.claim(ctx, o)
	if err != nil {
		return out, err
	}
	items := make([]store.Product, len(cart))
	var quote money.Money
	first, fctx := errgroup.WithContext(ctx)
	for i, l := range cart {
		first.Go(func() (err error) { items[i], err = s.item(fctx, l); return err })
	}
	first.Go(func() (err error) { quote, err = s.quote(fctx, cart); return err })
	if err := first.Wait(); err != nil {
		return out, err
	}
	lines := make([]store.Line, len(cart))
	var shipping money.Money
	second, sctx := errgroup.WithContext(ctx)
	for i, l := range cart {
		second.Go(func() (err error) { lines[i], err = s.priced(sctx, l, items[i]); return err })
	}
	second.Go(func() (err error) { shipping, err = s.shippingPrice(sctx, o, quote); return err })
	if err := second.Wait(); err != nil {
		return out, err
	}
	if out.Receipt, err = s.charge(ctx, o, lines, shipping); err != nil {
		return out, err
	}
	if out.Receipt, err = s.ship(ctx, out.Receipt); err != nil {
		return out, err
	}
	third, tctx := errgroup.WithContext(ctx)
	third.Go(func() error { _, err := s.closeOrder(tctx, out.Receipt); return err })
	third.Go(func() error { out.Mail = part(s.mail(tctx, out.Receipt)); return nil }) // the order goes through without
	err = third.Wait()
	return out, err
}

func (s *Shop) orderSequential(ctx context.Context, o store.Order) (out Checkout, err error) {
	cart, err := s.claim(ctx, o)
	if err != nil {
		return out, err
	}
	lines := make([]store.Line, len(cart))
	for i, l := range cart {
		if lines[i], err = s.line(ctx, l); err != nil {
			return out, err
		}
	}
	quote, err := s.quote(ctx, cart)
	if err != nil {
		return out, err
	}
	shipping, err := s.shippingPrice(ctx, o, quote)
	if err != nil {
		return out, err
	}
	if out.Receipt, err = s.charge(ctx, o, lines, shipping); err != nil {
		return out, err
	}
	if out.Receipt, err = s.ship(ctx, out.Receipt); err != nil {
		return out, err
	}
	if out.Receipt, err = s.closeOrder(ctx, out.Receipt); err != nil {
		return out, err
	}
	out.Mail = part(s.mail(ctx, out.Receipt)) // the order goes through without
	return out, nil
}
