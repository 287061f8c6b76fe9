package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/waterfall"
)

// An order is as deep as it was, and takes as long as its longest chain of
// calls: who adds a round trip breaks this test, and reads which one it was.
func TestCheckoutGetsNoSlower(t *testing.T) {
	checkout := checkoutUnderTest(t)
	asaptest.AssertDepth(t, checkout, 7)
	asaptest.AssertMakespan(t, 265*time.Millisecond, func(ctx context.Context) error {
		return rehearse(ctx, checkout)
	})
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		if err := rehearse(t.Context(), checkout, asap.Observe(&rec)); err != nil {
			t.Fatal(err)
		}
		asaptest.AssertCriticalPath(t, rec.Run(), "cart", "shippingQuote", "shippingPrice", "charge", "ship", "confirmationMail")
	})
}

// took is how long the steps of an order take on a usual day.
var took = map[string]time.Duration{
	"cart":             5 * time.Millisecond,
	"line[]":           30 * time.Millisecond,
	"shippingQuote":    25 * time.Millisecond,
	"shippingPrice":    10 * time.Millisecond,
	"fraudCheck":       30 * time.Millisecond,
	"charge":           120 * time.Millisecond,
	"ship":             45 * time.Millisecond,
	"emptyCart":        5 * time.Millisecond,
	"confirmationMail": 60 * time.Millisecond,
}

// flow is a flow of any type.
type drawn interface{ Graph() (*flow.Graph, error) }

// rehearse runs a flow's graph with bodies that only take their time.
func rehearse(ctx context.Context, f drawn, options ...asap.Option) error {
	graph, err := f.Graph()
	if err != nil {
		return err
	}
	g := asap.New(ctx, options...)
	tasks := make([]*asap.Task[struct{}], len(graph.Tasks))
	for i, task := range graph.Tasks {
		tasks[i] = g.Do(task.Name, func(ctx context.Context) error {
			for _, d := range task.Deps {
				if _, err := tasks[d].Await(ctx); err != nil {
					return err
				}
			}
			time.Sleep(took[task.Name])
			return nil
		})
	}
	return g.Wait()
}

const mutate = "STOREFRONT_FRAUD_CHECK"

// checkoutUnderTest is the flow of an order, or one with a round trip more.
func checkoutUnderTest(t *testing.T) drawn {
	s := open(t, nil).Shop
	if os.Getenv(mutate) != "" {
		return s.checkoutWithFraudCheck()
	}
	return s.flow
}

// The test above fails when it should, and says why.
func TestHiddenRoundTripIsFound(t *testing.T) {
	if os.Getenv(mutate) != "" {
		t.Skip("this is the inner run")
	}
	test := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCheckoutGetsNoSlower$")
	test.Env = append(os.Environ(), mutate+"=1")
	out, err := test.CombinedOutput()
	if err == nil {
		t.Errorf("with a hidden round trip the test passes:\n%s", out)
	}
	for _, want := range []string{
		"flow checkout is 8 steps deep, want 7: cart → shippingQuote → shippingPrice → fraudCheck → charge → ship → emptyCart → receipt",
		"f took 295ms, want 265ms: 30ms more",
		"fraudCheck was added: the run waits for it for 30ms",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the message does not say %q:\n%s", want, out)
		}
	}
}

// The flow with the round trip is a copy, and has nothing else that differs.
func TestMutantDiffersInOneStep(t *testing.T) {
	s := open(t, nil).Shop
	lines := func(f drawn) (all []string) {
		g, err := f.Graph()
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range g.Tasks {
			var deps []string
			for _, d := range task.Deps {
				deps = append(deps, g.Tasks[d].Name)
			}
			all = append(all, fmt.Sprintln(task.Name, task.Kind, deps))
		}
		return all
	}
	want := strings.Join(lines(s.flow), "")
	got := strings.Join(lines(s.checkoutWithFraudCheck()), "")
	got = strings.Replace(got, "fraudCheck task [input shippingPrice]\n", "", 1)
	got = strings.Replace(got, "fraudCheck", "shippingPrice", 1)
	if got != want {
		t.Errorf("the copy without its fraud check:\n%swant the flow of an order:\n%s", got, want)
	}
}

// checkoutWithFraudCheck is the flow of an order as somebody might extend it who
// does not look at what waits for what: every order now makes one more round
// trip, in a row with all the others.
func (s *Shop) checkoutWithFraudCheck() *Flow {
	fraudCheck := func(_ context.Context, _ store.Order, shipping money.Money) (money.Money, error) {
		return shipping, nil
	}
	return flow.Define("checkout", func(g *asap.Group, order *asap.Task[store.Order]) *asap.Task[Checkout] {
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
