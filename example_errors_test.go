package asap_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/asap-go/asap"
)

func ExampleGroupError() {
	g := asap.New(context.Background(), asap.Name("shop"), asap.Settled())
	ads := g.Go("ads", findAds)
	g.Do("mail", func(ctx context.Context) error {
		ads.Await(ctx) // so that ads is first: the order is that in time
		return errors.New("no address")
	})
	err := g.Wait()
	fmt.Println(err)
	if group, ok := errors.AsType[*asap.GroupError](err); ok {
		for _, f := range group.Failures {
			fmt.Println(f.Task, "→", f.Err)
		}
		fmt.Println(group.Group, len(group.Unwrap()), group.Error() == err.Error())
	}
	// Output:
	// group shop: 2 tasks failed: ads: 503 unavailable; mail: no address
	// ads → 503 unavailable
	// mail → no address
	// shop 2 true
}

// A group that its parent ends says so, and who was running.
func ExampleGroupError_deadline() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	g := asap.New(ctx, asap.Name("cart"))
	quote := g.Go("quote", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	quote.Then("total", func(ctx context.Context, quote int) (int, error) { return quote + 1, nil })
	err := g.Wait()
	fmt.Println(err)
	if group, ok := errors.AsType[*asap.GroupError](err); ok {
		fmt.Println(group.Cause, group.Running, len(group.Failures))
	}
	// Output:
	// group cart (running: quote): context deadline exceeded
	// context deadline exceeded [quote] 0
}

var errNotFound = errors.New("not found")

func ExampleTaskError() {
	g := asap.New(context.Background())
	user := g.Go("user", func(ctx context.Context) (string, error) { return "", errNotFound })
	user.Then("cart", findCart)
	err := g.Wait()
	if failed, ok := errors.AsType[*asap.TaskError](err); ok {
		fmt.Println(failed.Error())
		fmt.Println(failed.Task, failed.Err, failed.Unwrap() == errNotFound)
	}
	fmt.Println(errors.Is(err, errNotFound))
	// Output:
	// user: not found
	// user not found true
	// true
}

// Who waits for a task that another one's failure has ended finds that failure too.
func ExampleTaskError_Is() {
	g := asap.New(context.Background())
	cart := g.Go("cart", func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() })
	g.Go("user", func(ctx context.Context) (string, error) { return "", errNotFound })
	g.Wait()
	err := cart.Result().Err
	canceled, _ := errors.AsType[*asap.TaskError](err)
	var user *asap.TaskError
	fmt.Println(err, canceled.Is(errNotFound), canceled.As(&user), user)
	// Output: cart: context canceled true true user: not found
}

func ExampleCause() {
	g := asap.New(context.Background())
	user := g.Go("user", func(ctx context.Context) (string, error) { return "", errNotFound })
	g.Go("page", func(ctx context.Context) (string, error) { return user.Await(ctx) })
	err := g.Wait()
	fmt.Println(err, "→", asap.Cause(err), asap.Cause(err) == errNotFound)
	// Output: user: not found → not found true
}

func ExamplePlain() {
	g := asap.New(context.Background())
	user := g.Go("user", func(ctx context.Context) (string, error) { return "", errNotFound })
	_, err := asap.Plain(user.Await(context.Background()))
	fmt.Println(err == errNotFound)
	g.Wait()
	// Output: true
}

// A body that passes on the error of a task that it awaited is not a failure
// of its own: its error names both tasks, and Wait lists the root once.
func ExampleTaskError_awaited() {
	g := asap.New(context.Background())
	user := g.Go("user", func(ctx context.Context) (string, error) { return "", errNotFound })
	analytics := g.Go("analytics", func(ctx context.Context) (int, error) {
		u, err := user.Await(ctx)
		return len(u), err
	})
	fmt.Println(g.Wait())
	fmt.Println(strings.Contains(analytics.Result().Err.Error(), "not found"))
	// Output:
	// user: not found
	// true
}

func ExampleCycleError() {
	g := asap.New(context.Background())
	declared := make(chan struct{})
	var profile *asap.Task[string]
	user := g.Go("user", func(ctx context.Context) (string, error) {
		<-declared
		return profile.Await(ctx)
	})
	profile = g.Go("profile", func(ctx context.Context) (string, error) {
		<-declared
		return user.Await(ctx)
	})
	close(declared)
	err := g.Wait() // at once, instead of never
	if cycle, ok := errors.AsType[*asap.CycleError](err); ok {
		fmt.Println(len(cycle.Path), cycle.Path[0] == cycle.Path[2], strings.HasPrefix(cycle.Error(), "cycle: "))
	}
	// Output: 3 true true
}

func ExamplePanicError() {
	defer func() {
		p := recover().(*asap.PanicError)
		fmt.Println(p.Task, p.Value, p.Unwrap())
		fmt.Println(strings.HasPrefix(p.Error(), "user: panic: no database"), len(p.Stack) > 0)
	}()
	g := asap.New(context.Background())
	g.Go("user", func(ctx context.Context) (string, error) { panic("no database") })
	g.Wait() // panics
	// Output:
	// user no database <nil>
	// true true
}

func Example_skipped() {
	g := asap.New(context.Background())
	user := g.Go("user", func(ctx context.Context) (string, error) { return "", errNotFound })
	cart := user.Then("cart", findCart)
	price := g.Map("prices", cart, findPrice)
	g.Wait()
	err := price.Result().Err
	fmt.Println(err)
	fmt.Println(errors.Is(err, asap.ErrSkipped))
	guilty, _ := errors.AsType[*asap.TaskError](err)
	fmt.Println(guilty.Task)
	// Output:
	// prices skipped: user: not found
	// true
	// user
}

func Example_exited() {
	g := asap.New(context.Background())
	hit := g.NewExit[string]()
	cache := g.Go("cache", func(ctx context.Context) (string, error) { return "", hit.With("page") })
	page := cache.Then("page", func(ctx context.Context, _ string) (string, error) { return "", nil })
	fmt.Println(g.Wait())
	fmt.Println(cache.Result().Err)
	fmt.Println(page.Result().Err)
	fmt.Println(errors.Is(page.Result().Err, asap.ErrExited), errors.Is(page.Result().Err, asap.ErrSkipped))
	// Output:
	// <nil>
	// cache: group exited early
	// page skipped: group exited early
	// true true
}

// A body that calls t.FailNow or runtime.Goexit ends the goroutine in Wait.
func Example_goexit() {
	var wg sync.WaitGroup
	var user *asap.Task[string]
	wg.Go(func() {
		defer fmt.Println("the goroutine ends")
		g := asap.New(context.Background())
		user = g.Go("user", func(ctx context.Context) (string, error) {
			runtime.Goexit()
			return "", nil
		})
		g.Wait()
		fmt.Println("never printed")
	})
	wg.Wait()
	fmt.Println(errors.Is(user.Result().Err, asap.ErrGoexit))
	// Output:
	// the goroutine ends
	// true
}
