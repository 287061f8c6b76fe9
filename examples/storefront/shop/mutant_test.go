package shop

import (
	"context"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
)

// CheckoutWithFraudCheck is the flow of an order as somebody might extend it who
// does not look at what waits for what: every order now makes one more round
// trip, in a row with all the others.
func (s *Shop) CheckoutWithFraudCheck() *asap.Flow[store.Order, Checkout] {
	fraudCheck := func(_ context.Context, _ store.Order, shipping money.Money) (money.Money, error) {
		return shipping, nil
	}
	return asap.Define("checkout", func(g *asap.Group, order *asap.Task[store.Order]) *asap.Task[Checkout] {
		cart := order.Then("cart", s.claim)
		lines := g.Map("line", cart, s.line)
		quote := cart.Then("shippingQuote", s.quote)
		shipping := order.And(quote).Then("shippingPrice", s.shippingPrice)
		checked := order.And(shipping).Then("fraudCheck", fraudCheck)
		paid := order.And(lines).And(checked).Then("charge", s.charge)
		sent := paid.Then("ship", s.ship)
		closed := sent.Then("emptyCart", s.closeOrder)
		mail := sent.Optional("confirmationMail", s.mail)
		return closed.And(mail).Then("receipt", s.receipt)
	})
}
