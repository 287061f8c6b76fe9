// Package order is an order that takes days: it is charged, waits for somebody who approves
// it, for a day at most, and goes to the carrier that answers first. Whatever happens, what
// was done for an order that does not go out is undone.
//
// The same definition runs in this process, as the tests do in virtual time, and on an
// engine that survives it.
package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// Order is what a customer has ordered.
type Order struct {
	ID     string
	Amount int
}

// Approval is what a person decides about an order.
type Approval struct {
	By string
	OK bool
}

// Services are what an order needs of others. What is undone gets what was done.
type Services interface {
	Reserve(ctx context.Context, o Order) (shelf string, err error)
	Release(ctx context.Context, shelf string) error
	Charge(ctx context.Context, o Order) (payment string, err error)
	Refund(ctx context.Context, payment string) error
	// Book asks a carrier for a pickup, and Unbook takes it back.
	Book(ctx context.Context, carrier string, o Order) (pickup string, err error)
	Unbook(ctx context.Context, pickup string) error
}

// Patience is how long an order waits for its approval.
const Patience = 24 * time.Hour

// ErrRefused is in the error of an order that somebody has refused.
var ErrRefused = errors.New("refused")

// New returns the flow of orders with these services. Its signal is approval, and its
// result the pickup.
func New(s Services) *flow.Flow[Order, string] {
	return flow.Define("order", func(g *asap.Group, order *asap.Task[Order]) *asap.Task[string] {
		stock := order.Then("stock", s.Reserve).Undo(s.Release)
		charge := order.Then("charge", s.Charge, asap.After(stock)).Undo(s.Refund)
		approval := flow.Signal[Approval](g, "approval", asap.After(charge), asap.Timeout(Patience))
		approved := order.And(approval).Then("approved", approve)
		by := func(carrier string) func(context.Context, Order) (string, error) {
			return func(ctx context.Context, o Order) (string, error) { return s.Book(ctx, carrier, o) }
		}
		return approved.Race("carrier", by("post"), by("bike")).Undo(s.Unbook)
	})
}

// approve passes an order on that was approved in time.
func approve(_ context.Context, o Order, a asap.Result[Approval]) (Order, error) {
	switch {
	case a.Err != nil:
		return o, a.Err
	case !a.Value.OK:
		return o, fmt.Errorf("%w by %s", ErrRefused, a.Value.By)
	}
	return o, nil
}
