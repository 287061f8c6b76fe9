package chaos

import (
	"context"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// Editions of the flow of Shop.
const (
	First   = "first"   // stock, charge after stock, receipt after charge
	Added   = "added"   // with a task fraud that charge waits for
	Removed = "removed" // without stock
	Longer  = "longer"  // with a task mail behind receipt
)

// Shop is a flow in one of its editions, which all have the same name: what a
// release of a new version makes of a flow.
func Shop(edition string, journal *Journal) *flow.Flow[Hold, []string] {
	return flow.Define("shop", func(g *asap.Group, in *asap.Task[Hold]) *asap.Task[[]string] {
		var done []*asap.Task[string]
		then := func(after *asap.Task[string], name string) *asap.Task[string] {
			t := after.Then(name, func(ctx context.Context, _ string) (string, error) {
				_, err := journal.Around(ctx, time.Millisecond, func() Value { return Value{} })
				return name, err
			})
			done = append(done, t)
			return t
		}
		first := func(name string) *asap.Task[string] {
			t := in.Then(name, func(ctx context.Context, in Hold) (string, error) {
				_, err := journal.Around(ctx, in.Took, func() Value { return Value{} })
				return name, err
			})
			done = append(done, t)
			return t
		}
		var charge *asap.Task[string]
		switch edition {
		case Added:
			stock, fraud := first("stock"), first("fraud")
			charge = then(stock.And(fraud).Then("checked", func(context.Context, string, string) (string, error) {
				return "checked", nil
			}), "charge")
		case Removed:
			charge = first("charge")
		default:
			charge = then(first("stock"), "charge")
		}
		receipt := then(charge, "receipt")
		if edition == Longer {
			then(receipt, "mail")
		}
		return g.Gather("done", done...)
	})
}
