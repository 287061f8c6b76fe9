package asap_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
)

func ExampleTask() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	fmt.Println(g.Wait(), user.Name(), user.Value(), user.Result())
	// Output: <nil> user ada {ada <nil>}
}

func ExampleTask_Then() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	cart := user.Then("cart", findCart) // starts when user is there, with its value
	size := cart.Then("size", func(ctx context.Context, cart []string) (int, error) { return len(cart), nil })
	fmt.Println(g.Wait(), size.Value())
	// Output: <nil> 3
}

func ExampleTask_Do() {
	g := asap.New(context.Background())
	g.Go("user", findUser).Do("greet", func(ctx context.Context, user string) error {
		fmt.Println("hello", user)
		return nil
	})
	fmt.Println(g.Wait())
	// Output:
	// hello ada
	// <nil>
}

func ExampleTask_Optional() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	photo := user.Optional("photo", func(ctx context.Context, user string) (string, error) {
		return "", errors.New(user + " has none")
	})
	fmt.Println(g.Wait())
	fmt.Println(photo.Value().Or("grey.png"))
	// Output:
	// <nil>
	// grey.png
}

func ExampleTask_And() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	price := g.Go("price", func(ctx context.Context) (int, error) { return findPrice(ctx, "tea") })
	offer := user.And(price).Then("offer", func(ctx context.Context, user string, price int) (string, error) {
		return fmt.Sprintf("%s pays %d", user, price), nil
	})
	fmt.Println(g.Wait(), offer.Value())
	// Output: <nil> ada pays 300
}

func ExampleTask_Await() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	vip := g.Go("vip", func(ctx context.Context) (bool, error) { return true, nil })
	ads := g.Go("ads", func(ctx context.Context) (string, error) {
		known, err := vip.Await(ctx) // whether user is needed is known only here
		if err != nil || known {
			return "none", err
		}
		u, err := user.Await(ctx)
		return "ads for " + u, err
	})
	fmt.Println(g.Wait(), ads.Value())
	// Output: <nil> none
}

// Await is itself a body: it brings the task of another group in.
func ExampleTask_Await_otherGroup() {
	shop := asap.New(context.Background())
	user := shop.Go("user", findUser)

	in := asap.New(context.Background())
	cart := in.Go("user", user.Await).Then("cart", findCart)
	fmt.Println(in.Wait(), cart.Value())
	fmt.Println(shop.Wait())
	// Output:
	// <nil> [tea milk bread]
	// <nil>
}

// A wait may have a deadline of its own: it ends the wait, and not the task.
func ExampleTask_Await_deadline() {
	g := asap.New(context.Background())
	gaveUp := make(chan struct{})
	slow := g.Go("slow", func(ctx context.Context) (string, error) {
		<-gaveUp
		return "late", nil
	})
	g.Do("impatient", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		_, err := slow.Await(ctx)
		fmt.Println(err)
		close(gaveUp)
		return nil
	})
	fmt.Println(g.Wait(), slow.Value())
	// Output:
	// await slow: context deadline exceeded
	// <nil> late
}

// A body that names a task declared after it must not run before the variable
// is set. A channel holds it back.
func ExampleTask_Await_declaredLater() {
	g := asap.New(context.Background())
	declared := make(chan struct{})
	var b *asap.Task[int]
	a := g.Go("a", func(ctx context.Context) (int, error) {
		<-declared
		return b.Await(ctx)
	})
	b = g.Go("b", func(ctx context.Context) (int, error) { return 42, nil })
	close(declared)
	fmt.Println(g.Wait(), a.Value())
	// Output: <nil> 42
}

func ExampleTask_Value() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	if err := g.Wait(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(user.Value()) // Wait gave no error, so every task has a value
	// Output: ada
}

func ExampleTask_Result() {
	g := asap.New(context.Background(), asap.Settled())
	user := g.Go("user", findUser)
	ads := g.Go("ads", findAds)
	g.Wait()
	fmt.Println(user.Result().Value)
	fmt.Println(ads.Result().Err)
	// Output:
	// ada
	// ads: 503 unavailable
}

func ExampleTask_Name() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	fmt.Println(user.Name(), g.Wait())
	// Output: user <nil>
}

func ExampleResult() {
	g := asap.New(context.Background())
	ads := g.Optional("ads", findAds)
	if err := g.Wait(); err != nil {
		fmt.Println(err)
		return
	}
	r := ads.Value()
	fmt.Println(r.Value == nil, r.Err)
	// Output: true ads: 503 unavailable
}

func ExampleResult_Get() {
	photo := asap.Result[string]{Err: errNotFound}
	url, err := photo.Get()
	fmt.Printf("%q %v\n", url, err)
	// Output: "" not found
}

func ExampleResult_Or() {
	found := asap.Result[string]{Value: "photo.png"}
	missing := asap.Result[string]{Err: errors.New("none")}
	fmt.Println(found.Or("grey.png"), missing.Or("grey.png"))
	// Output: photo.png grey.png
}
