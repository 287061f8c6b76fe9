package asaptest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

type basket struct{ Items []string }

// again is an Around that calls the body until it has succeeded.
func again(ctx context.Context, _ string, body func(context.Context) error) (err error) {
	for range 5 {
		if err = body(ctx); err == nil {
			return nil
		}
	}
	return err
}

// sale uses what options of tasks there are.
var sale = flow.Define("sale", func(g *asap.Group, id *asap.Task[int]) *asap.Task[string] {
	cart := id.Then("cart", func(context.Context, int) (basket, error) { return basket{[]string{"tea", "pot"}}, nil })
	rate := id.Then("rate", func(context.Context, int) (float64, error) { return 1.5, nil }, asap.Timeout(time.Hour))
	listed := id.Do("list", func(context.Context, int) error { return nil })
	slow := id.Then("slow", func(ctx context.Context, _ int) (int, error) { time.Sleep(time.Second); return 1, nil })
	ads := slow.Optional("ads", func(context.Context, int) (int, error) { return 1, nil }, asap.Within(80*time.Millisecond))
	news := g.Optional("news", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, asap.Within(80*time.Millisecond))
	price := g.Go("price", func(ctx context.Context) (float64, error) {
		return float64(len(cart.Get(ctx).Items)) * rate.Get(ctx), nil
	}, asap.Needs(cart, rate), asap.After(listed), asap.Around(again))
	coupon := price.Then("coupon", func(context.Context, float64) (int, error) { return 0, errors.New("off") }, asap.When(false))
	mail := price.Do("mail", func(ctx context.Context, _ float64) error { <-ctx.Done(); return ctx.Err() }, asap.Timeout(10*time.Millisecond), asap.MayFail())
	return g.Go("page", func(ctx context.Context) (string, error) {
		return fmt.Sprint(price.Get(ctx), " ", coupon.Get(ctx), "; ", ads.Get(ctx).Err, "; ", news.Get(ctx).Err), nil
	}, asap.Needs(price, coupon, ads, news), asap.AfterEnd(mail))
})

const sold = "3 0; ads: within 80ms; news: within 80ms: context deadline exceeded"

// The same flow in the process, on executors, and with all that it does on a way
// that serializes everything, ends the same way and at the same instant.
func TestOptionsEverywhere(t *testing.T) {
	for name, run := range map[string]func(t *testing.T) (string, error){
		"here": func(t *testing.T) (string, error) { return sale.Run(t.Context(), 1) },
		"parallel": func(t *testing.T) (string, error) {
			return sale.With(flow.On(newParallel(t.Context()))).Run(t.Context(), 1)
		},
		"portable": func(t *testing.T) (string, error) { return asaptest.Portable(t, sale, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				got, err := run(t)
				if got != sold || err != nil {
					t.Errorf("the flow gives %q, %v, want %q", got, err, sold)
				}
				if took := time.Since(start); name != "portable" && took != time.Second { // that runs each body twice
					t.Errorf("the flow took %v, want 1s", took)
				}
			})
		})
	}
}

// TestBadNeeds is run by [TestPortableNeeds] in processes of their own.
func TestBadNeeds(t *testing.T) {
	type hidden struct{ n int }
	calls := 0
	switch os.Getenv(faultVariable) {
	case "needs what does not travel":
		asaptest.Portable(t, flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			a := in.Then("a", func(_ context.Context, n int) (hidden, error) { return hidden{n}, nil })
			return g.Go("b", func(ctx context.Context) (int, error) { return a.Get(ctx).n, nil }, asap.Needs(a))
		}), 1)
	case "is left out now and then":
		asaptest.Portable(t, flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			calls++
			return in.Then("a", func(_ context.Context, n int) (int, error) { return n, nil }, asap.When(calls%2 == 0))
		}), 1)
	case "":
		t.Skip("no fault is asked for")
	}
}

func TestPortableNeeds(t *testing.T) {
	for _, test := range []struct{ fault, say string }{
		{"needs what does not travel", "task a: its value: hidden.n is an unexported field"},
		{"is left out now and then", "task a left out in one call and without options in another"},
	} {
		t.Run(test.fault, func(t *testing.T) { fails(t, "TestBadNeeds", test.fault, test.say) })
	}
}
