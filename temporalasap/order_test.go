package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	orders "github.com/asap-go/asap/examples/order"
	"github.com/asap-go/asap/temporalasap"
)

// merchant is the services of an order, of which one is down.
type merchant struct {
	diary
	down string
}

func (s *merchant) call(what, who string) (string, error) {
	if s.down == what {
		return "", errors.New(what + " is down")
	}
	s.add(what + " " + who)
	return who, nil
}

func (s *merchant) undo(what, who string) error {
	_, err := s.call(what, who)
	return err
}

func (s *merchant) Reserve(_ context.Context, o orders.Order) (string, error) {
	return s.call("reserve", o.ID)
}
func (s *merchant) Charge(_ context.Context, o orders.Order) (string, error) {
	return s.call("charge", fmt.Sprint(o.Amount))
}
func (s *merchant) Book(ctx context.Context, carrier string, _ orders.Order) (string, error) {
	if carrier == "post" {
		return "", errors.New("post is on strike")
	}
	return s.call("book", carrier)
}
func (s *merchant) Release(_ context.Context, shelf string) error { return s.undo("release", shelf) }
func (s *merchant) Refund(_ context.Context, paid string) error   { return s.undo("refund", paid) }
func (s *merchant) Unbook(_ context.Context, pickup string) error { return s.undo("unbook", pickup) }

// TestOrder: the order of examples/order, unchanged, with days that are skipped.
func TestOrder(t *testing.T) {
	approve := func(a orders.Approval) func(*testsuite.TestWorkflowEnvironment) {
		return func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() { env.SignalWorkflow("approval", a) }, time.Hour)
		}
	}
	for _, c := range []struct {
		name, down string
		prepare    func(*testsuite.TestWorkflowEnvironment)
		want, err  string
		log        string
	}{
		{name: "approved", prepare: approve(orders.Approval{By: "ada", OK: true}), want: "bike", log: "reserve 7, charge 30, book bike"},
		{name: "refused", prepare: approve(orders.Approval{By: "eve"}), err: "approved: refused by eve", log: "reserve 7, charge 30, refund 30, release 7"},
		{name: "forgotten", err: "approved: approval: timeout 24h0m0s", log: "reserve 7, charge 30, refund 30, release 7"},
		{name: "canceled", prepare: func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(env.CancelWorkflow, 12*time.Hour)
		}, err: "group order (running: approval): context canceled", log: "reserve 7, charge 30, refund 30, release 7"},
		{name: "no card service", down: "charge", err: "charge: charge is down", log: "reserve 7, release 7"},
		{name: "no carrier", down: "book", prepare: approve(orders.Approval{By: "ada", OK: true}),
			err: "carrier: carrier[0]: post is on strike; carrier[1]: book is down", log: "reserve 7, charge 30, refund 30, release 7"},
		{name: "no refund", down: "refund", prepare: approve(orders.Approval{By: "eve"}),
			err: "approved: refused by eve; charge: undo: refund is down", log: "reserve 7, charge 30, release 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &merchant{down: c.down}
			f := orders.New(s)
			client := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
				return temporalasap.Register(env, f, defaults)
			}, prepare: c.prepare}
			got, err := temporalasap.Run(t.Context(), client, f, orders.Order{ID: "7", Amount: 30})
			text := ""
			if err != nil {
				text = err.Error()
			}
			if got != c.want || text != c.err {
				t.Errorf("Run = %q, %v, want %q, %s", got, err, c.want, c.err)
			}
			if s.String() != c.log {
				t.Errorf("happened: %s, want %s", s.String(), c.log)
			}
		})
	}
}
