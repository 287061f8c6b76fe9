package asap_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
)

// These are the functions of a shop, for the examples.

func findUser(ctx context.Context) (string, error) { return "ada", nil }

func findCart(ctx context.Context, user string) ([]string, error) {
	return []string{"tea", "milk", "bread"}, nil
}

func findPrice(ctx context.Context, item string) (int, error) { return 100 * len(item), nil }

func findAds(ctx context.Context) ([]string, error) { return nil, errors.New("503 unavailable") }

// answer is a call to a service that takes d: it returns v, or the cause of
// ctx when that ends first.
func answer[T any](ctx context.Context, d time.Duration, v T) (T, error) {
	select {
	case <-time.After(d):
		return v, nil
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
}

func ExampleNew() {
	g := asap.New(context.Background())
	defer g.Stop() // nothing outlives the function, however it is left
	user := g.Go("user", findUser)
	cart := user.Then("cart", findCart)
	if err := g.Wait(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(user.Value(), "has", cart.Value())
	// Output: ada has [tea milk bread]
}

// A group that is made with the context of a task is nested in that task's
// group: it ends with it, and shares its limit and its observers.
func ExampleNew_nested() {
	g := asap.New(context.Background(), asap.Limit(1))
	total := g.Go("total", func(ctx context.Context) (int, error) {
		items := asap.New(ctx)
		tea := items.Go("tea", func(ctx context.Context) (int, error) { return findPrice(ctx, "tea") })
		milk := items.Go("milk", func(ctx context.Context) (int, error) { return findPrice(ctx, "milk") })
		if err := items.Wait(); err != nil { // total's slot is free meanwhile
			return 0, err
		}
		return tea.Value() + milk.Value(), nil
	})
	if err := g.Wait(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(total.Value())
	// Output: 700
}

func ExampleRun() {
	cart, err := asap.Run(context.Background(), func(g *asap.Group) func() []string {
		user := g.Go("user", findUser)
		return user.Then("cart", findCart).Value
	})
	fmt.Println(cart, err)
	// Output: [tea milk bread] <nil>
}

func ExampleGroup() {
	g := asap.New(context.Background(), asap.Name("shop"), asap.Settled())
	g.Go("user", findUser)
	g.Go("ads", findAds)
	g.Do("mail", func(context.Context) error { return errors.New("no address") })
	err := g.Wait()
	if group, ok := errors.AsType[*asap.GroupError](err); ok {
		fmt.Println(group.Group, "has", len(group.Failures), "failures")
	}
	// Output: shop has 2 failures
}

func ExampleGroup_Go() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)                                  // a plain function drops in
	price := g.Go("price", func(ctx context.Context) (int, error) { // a closure gives it arguments
		return findPrice(ctx, "tea")
	})
	if err := g.Wait(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(user.Value(), price.Value())
	// Output: ada 300
}

func ExampleGroup_Do() {
	g := asap.New(context.Background())
	var opened atomic.Bool
	shop := g.Do("shop", func(ctx context.Context) error {
		opened.Store(true)
		return nil
	})
	g.Do("sell", func(ctx context.Context) error {
		if _, err := shop.Await(ctx); err != nil {
			return err
		}
		fmt.Println("open:", opened.Load())
		return nil
	})
	fmt.Println(g.Wait())
	// Output:
	// open: true
	// <nil>
}

func ExampleGroup_Optional() {
	g := asap.New(context.Background())
	user := g.Go("user", findUser)
	ads := g.Optional("ads", findAds)
	page := user.And(ads).Then("page", func(ctx context.Context, user string, ads asap.Result[[]string]) (string, error) {
		if ads.Err != nil {
			return "page of " + user + ", without ads", nil
		}
		return "page of " + user, nil
	})
	if err := g.Wait(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(page.Value())
	fmt.Println(ads.Value().Err)
	// Output:
	// page of ada, without ads
	// ads: 503 unavailable
}

// A deadline of its own makes an optional task one that is not waited for.
func ExampleGroup_Optional_deadline() {
	g := asap.New(context.Background())
	ads := g.Optional("ads", func(ctx context.Context) ([]string, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		return answer(ctx, time.Hour, []string{"buy tea"})
	})
	fmt.Println(g.Wait())
	fmt.Println(ads.Value().Err, ads.Value().Or([]string{"no ads"}))
	// Output:
	// <nil>
	// ads: context deadline exceeded [no ads]
}

// A limit of its own is a failure of the task. The deadline of the group's context is
// not: it ends the group from outside, and Wait says who was running.
func ExampleGroup_Go_deadline() {
	slowUser := func(ctx context.Context) (string, error) { return answer(ctx, time.Hour, "ada") }
	user, err := asap.Run(context.Background(), func(g *asap.Group) func() string {
		return g.Go("user", slowUser, asap.Timeout(50*time.Millisecond)).Value
	})
	fmt.Printf("%q %v\n", user, err)

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	g := asap.New(ctx)
	slow := g.Go("user", slowUser)
	fmt.Println(g.Wait())
	fmt.Println(slow.Result().Err)
	// Output:
	// "" user: timeout 50ms
	// group (running: user): context deadline exceeded
	// user: context deadline exceeded
}

func ExampleGroup_Input() {
	g := asap.New(context.Background())
	user := g.Input("user", "ada") // known already, and used like any task
	cart := user.Then("cart", findCart)
	fmt.Println(g.Wait(), cart.Value())
	// Output: <nil> [tea milk bread]
}

func ExampleGroup_Gather() {
	g := asap.New(context.Background())
	var tasks []*asap.Task[int]
	for _, item := range []string{"tea", "milk", "bread"} {
		tasks = append(tasks, g.Go(item, func(ctx context.Context) (int, error) { return findPrice(ctx, item) }))
	}
	total := g.Gather("prices", tasks...).Then("total", func(ctx context.Context, prices []int) (int, error) {
		total := 0
		for _, p := range prices {
			total += p
		}
		return total, nil
	})
	fmt.Println(g.Wait(), total.Value())
	// Output: <nil> 1200
}

func ExampleGroup_Map() {
	g := asap.New(context.Background())
	cart := g.Go("user", findUser).Then("cart", findCart)
	prices := g.Map("prices", cart, findPrice, asap.Limit(2)) // at most two at once
	fmt.Println(g.Wait(), prices.Value())
	// Output: <nil> [300 400 500]
}

// An element that fails takes the others with it, but for those of a MapOptional.
func ExampleGroup_Map_failures() {
	g := asap.New(context.Background())
	cart := g.Input("cart", []string{"tea", "unicorn", "bread"})
	findPrice := func(ctx context.Context, item string) (int, error) {
		if item == "unicorn" {
			return 0, errors.New("no price")
		}
		return len(item) * 100, nil
	}
	prices := g.MapOptional("prices", cart, findPrice, asap.Limit(2))
	if err := g.Wait(); err != nil {
		fmt.Println(err)
		return
	}
	for i, p := range prices.Value() {
		fmt.Println(i, p.Or(-1), p.Err)
	}
	// Output:
	// 0 300 <nil>
	// 1 -1 prices[1]: no price
	// 2 500 <nil>
}

func ExampleGroup_Race() {
	g := asap.New(context.Background())
	mirror := func(d time.Duration, name string) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) { return answer(ctx, d, name) }
	}
	from := g.Race("mirror", mirror(time.Millisecond, "near"), mirror(time.Hour, "far"))
	fmt.Println(g.Wait(), from.Value())
	// Output: <nil> near
}

// A race fails only if all fail, with all their errors.
func ExampleGroup_Race_failure() {
	g := asap.New(context.Background())
	mirror := g.Race("mirror",
		func(ctx context.Context) (string, error) { return "", errors.New("down") },
		func(ctx context.Context) (string, error) { return "", errors.New("gone") },
	)
	g.Wait()
	failed, _ := errors.AsType[*asap.TaskError](mirror.Result().Err)
	fmt.Println(failed.Task)
	for _, err := range failed.Err.(interface{ Unwrap() []error }).Unwrap() {
		fmt.Println(err)
	}
	// Output:
	// mirror
	// mirror[0]: down
	// mirror[1]: gone
}

func ExampleGroup_NewExit() {
	g := asap.New(context.Background())
	hit := g.NewExit[string]()
	g.Do("cache", func(ctx context.Context) error {
		return hit.With("page from the cache") // returned, it ends the whole group
	})
	g.Go("page", func(ctx context.Context) (string, error) {
		return answer(ctx, time.Hour, "page from the database") // canceled
	})
	if err := g.Wait(); err != nil {
		fmt.Println(err)
		return
	}
	if page, ok := hit.Value(); ok {
		fmt.Println(page)
	}
	// Output: page from the cache
}

func ExampleExit() {
	g := asap.New(context.Background())
	hit := g.NewExit[string]()
	_, ok := hit.Value()
	fmt.Println(ok)
	late := g.Go("late", func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", context.Cause(ctx)
	})
	g.Do("cache", func(ctx context.Context) error {
		return fmt.Errorf("a wrapped exit is one too: %w", hit.With("page"))
	})
	fmt.Println(g.Wait())
	fmt.Println(hit.Value())
	fmt.Println(errors.Is(late.Result().Err, asap.ErrExited))
	// Output:
	// false
	// <nil>
	// page true
	// true
}

func ExampleGroup_Wait() {
	g := asap.New(context.Background())
	user := g.Go("user", func(ctx context.Context) (string, error) { return "", errors.New("not found") })
	cart := user.Then("cart", findCart)
	err := g.Wait()
	fmt.Println(err)
	fmt.Println(cart.Result().Err)
	// Output:
	// user: not found
	// cart skipped: user: not found
}

func ExampleGroup_Stop() {
	visit := func() error {
		g := asap.New(context.Background())
		defer g.Stop() // cancels the clerk and waits for him
		ready := make(chan struct{})
		g.Do("clerk", func(ctx context.Context) error {
			close(ready)
			<-ctx.Done()
			fmt.Println("the clerk goes home")
			return nil
		})
		<-ready
		return errors.New("the shop is closed") // before any Wait
	}
	fmt.Println(visit())
	// Output:
	// the clerk goes home
	// the shop is closed
}
