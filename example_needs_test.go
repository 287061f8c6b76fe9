package asap_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
)

// What a body needs of more than three tasks it reads with Get.
func ExampleNeeds() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	cart := user.Then("cart", findCart)
	rate := g.Go("rate", func(ctx context.Context) (float64, error) { return 1.5, nil })
	days := g.Go("days", func(ctx context.Context) (int, error) { return 2, nil })
	page := g.Go("page", func(ctx context.Context) (string, error) {
		return fmt.Sprint(user.Get(ctx), cart.Get(ctx), rate.Get(ctx), days.Get(ctx)), nil
	}, asap.Needs(user, cart, rate, days))
	fmt.Println(g.Wait(), page.Value())
	// Output: <nil> ada[tea milk bread] 1.5 2
}

// Get reads what a body around the group needs as well.
func ExampleTask_Get() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	page := user.Then("page", func(ctx context.Context, _ string) (string, error) {
		return asap.Run(ctx, func(in *asap.Group) func() string {
			return in.Go("title", func(ctx context.Context) (string, error) {
				return "page of " + user.Get(ctx), nil
			}).Value
		})
	})
	fmt.Println(g.Wait(), page.Value())
	// Output: <nil> page of ada
}

// Only the order counts: serve starts when both have succeeded.
func ExampleAfter() {
	step := func(name string) func(context.Context) error {
		return func(context.Context) error { fmt.Println(name); return nil }
	}
	g := asap.New(context.Background())
	migrated := g.Do("migrate", step("migrate"))
	listening := g.Do("listen", step("listen"), asap.After(migrated))
	g.Do("serve", step("serve"), asap.After(migrated, listening))
	fmt.Println(g.Wait())
	// Output:
	// migrate
	// listen
	// serve
	// <nil>
}

// Whatever became of the charge, it is written down.
func ExampleAfterEnd() {
	g := asap.New(context.Background(), asap.Settled())
	charge := g.Do("charge", func(ctx context.Context) error { return errors.New("declined") })
	g.Do("audit", func(ctx context.Context) error {
		_, err := charge.Await(ctx) // has ended
		fmt.Println("audit, charged:", err == nil)
		return nil
	}, asap.AfterEnd(charge))
	fmt.Println(g.Wait() != nil)
	// Output:
	// audit, charged: false
	// true
}

// A task that is left out is done at once, with the zero value.
func ExampleWhen() {
	for _, on := range []bool{true, false} {
		g := asap.New(context.Background())
		coupons := g.Go("coupons", func(ctx context.Context) ([]string, error) { return []string{"-10%"}, nil }, asap.When(on))
		page := coupons.Then("page", func(ctx context.Context, list []string) (int, error) { return len(list), nil })
		fmt.Println(g.Wait(), page.Value())
	}
	// Output:
	// <nil> 1
	// <nil> 0
}

// The first of two carriers that takes the parcel.
func ExampleTask_Race() {
	g := asap.New(context.Background())
	parcel := g.Input("parcel", "tea")
	carrier := parcel.Race("carrier",
		func(ctx context.Context, what string) (string, error) {
			return answer(ctx, time.Hour, "slow with "+what)
		},
		func(ctx context.Context, what string) (string, error) { return "fast with " + what, nil },
	)
	fmt.Println(g.Wait(), carrier.Value())
	// Output: <nil> fast with tea
}

// The failure of one element is its Result, and stops nobody.
func ExampleGroup_MapOptional() {
	g := asap.New(context.Background())
	likes := g.MapOptional("likes", g.Input("names", []string{"ada", "nobody", "bob"}), func(ctx context.Context, name string) (int, error) {
		if name == "nobody" {
			return 0, errors.New("no such user")
		}
		return len(name), nil
	})
	fmt.Println(g.Wait())
	for _, n := range likes.Value() {
		fmt.Println(n.Or(-1))
	}
	// Output:
	// <nil>
	// 3
	// -1
	// 3
}

// Options may be kept, and given to any number of tasks and of Maps.
func ExampleTaskOption() {
	g := asap.New(context.Background())
	token := g.Go("token", func(ctx context.Context) (string, error) { return "secret", nil })
	signedIn := []asap.TaskOption{asap.Needs(token), asap.Around(logged)}
	call := func(ctx context.Context, what string) (string, error) { return what + " with " + token.Get(ctx), nil }
	user := g.Go("user", func(ctx context.Context) (string, error) { return call(ctx, "user") }, signedIn...)
	cart := g.Go("cart", func(ctx context.Context) (string, error) { return call(ctx, "cart") }, append(signedIn, asap.After(user))...)
	fmt.Println(g.Wait(), cart.Value())
	// Output:
	// user begins
	// cart begins
	// <nil> cart with secret
}

// Limit is an option of a Map, and not of another task.
func ExampleMapOption() {
	g := asap.New(context.Background())
	options := []asap.MapOption{asap.Limit(1), asap.Around(logged)}
	prices := g.Map("prices", g.Input("items", []string{"tea", "milk"}), findPrice, options...)
	fmt.Println(g.Wait(), prices.Value())
	// Output:
	// prices[0] begins
	// prices[1] begins
	// <nil> [300 400]
}

func logged(ctx context.Context, task string, body func(context.Context) error) error {
	fmt.Println(task, "begins")
	return body(ctx)
}

// One retry of any body, whatever it takes and returns.
func ExampleAround() {
	retry := asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
		err := body(ctx)
		if err != nil && ctx.Err() == nil {
			fmt.Println(task, "again after:", err)
			err = body(ctx)
		}
		return err
	})
	g := asap.New(context.Background())
	calls := 0
	price := g.Go("price", func(ctx context.Context) (int, error) {
		if calls++; calls == 1 {
			return 0, errors.New("busy")
		}
		return 300, nil
	}, retry)
	fmt.Println(g.Wait(), price.Value())
	// Output:
	// price again after: busy
	// <nil> 300
}

// Dependencies of different types, made from a list of what is on.
func ExampleDep() {
	g := asap.New(context.Background(), asap.Settled())
	user := g.Go("user", findUser)
	ads := g.Go("ads", findAds)
	all := []asap.Dep{user, ads}
	g.Do("last", func(ctx context.Context) error { return nil }, asap.AfterEnd(all...))
	g.Wait()
	for _, d := range all {
		fmt.Println(d.Name(), d.Err() == nil)
	}
	// Output:
	// user true
	// ads false
}

func ExampleTask_Err() {
	g := asap.New(context.Background(), asap.Settled())
	user, ads := g.Go("user", findUser), g.Go("ads", findAds)
	g.Wait()
	fmt.Println(user.Err(), ads.Err() != nil)
	// Output: <nil> true
}

// A warm cache is nice to have: if it fails, what builds on it is skipped, and the
// rest goes on.
func ExampleMayFail() {
	g := asap.New(context.Background())
	warm := g.Do("warm", func(ctx context.Context) error { return errors.New("no cache") }, asap.MayFail())
	hits := g.Do("hits", func(ctx context.Context) error { return nil }, asap.After(warm))
	page := g.Go("page", findUser, asap.AfterEnd(warm))
	fmt.Println(g.Wait(), page.Value())
	fmt.Println(warm.Err() != nil, errors.Is(hits.Err(), asap.ErrSkipped))
	// Output:
	// <nil> ada
	// true true
}
