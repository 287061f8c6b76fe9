package asap_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
)

// Options may be kept, and given to any number of groups.
func ExampleOption() {
	defaults := []asap.Option{asap.Name("shop"), asap.Limit(8), asap.Settled()}
	g := asap.New(context.Background(), defaults...)
	g.Go("ads", findAds)
	fmt.Println(g.Wait())
	// Output: ads: 503 unavailable
}

func ExampleSettled() {
	g := asap.New(context.Background(), asap.Settled())
	g.Go("ads", findAds)
	user := g.Go("user", func(ctx context.Context) (string, error) {
		return answer(ctx, time.Millisecond, "ada") // goes on, whatever ads does
	})
	fmt.Println(g.Wait())
	fmt.Println(user.Value())
	// Output:
	// ads: 503 unavailable
	// ada
}

func ExampleName() {
	g := asap.New(context.Background(), asap.Name("shop"), asap.Settled())
	for _, name := range []string{"ads", "ads"} { // names need not be unique
		g.Go(name, findAds)
	}
	fmt.Println(g.Wait())
	// Output: group shop: 2 tasks failed: ads: 503 unavailable; ads: 503 unavailable
}

func ExampleLimit() {
	g := asap.New(context.Background(), asap.Limit(2))
	var running, most atomic.Int32
	for i := range 10 {
		g.Do(fmt.Sprint("job ", i), func(ctx context.Context) error {
			n := running.Add(1)
			defer running.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			_, err := answer(ctx, time.Millisecond, i)
			return err
		})
	}
	fmt.Println(g.Wait(), most.Load() <= 2)
	// Output: <nil> true
}

// A limit that many requests share is a value.
func ExampleSharedLimit() {
	db := asap.SharedLimit(2) // as many as the pool has connections
	var open, most atomic.Int32
	query := func(context.Context, int) (int, error) {
		n := open.Add(1)
		defer open.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		return 1, nil
	}
	ctx := context.Background()
	var requests []*asap.Group
	for range 3 {
		g := asap.New(ctx)
		user := g.Input("user", 7)
		user.Then("orders", query, db)
		user.Then("reviews", query, db)
		requests = append(requests, g)
	}
	for _, g := range requests {
		g.Wait()
	}
	fmt.Println("at most", most.Load(), "queries at once")
	// Output: at most 2 queries at once
}

// A body that waits for another task does not count, so no limit deadlocks.
func ExampleLimit_waiting() {
	g := asap.New(context.Background(), asap.Limit(1))
	declared := make(chan *asap.Task[string], 1)
	greeting := g.Go("greeting", func(ctx context.Context) (string, error) {
		user, err := (<-declared).Await(ctx) // gives the one slot to user
		return "hello " + user, err
	})
	declared <- g.Go("user", findUser)
	fmt.Println(g.Wait(), greeting.Value())
	// Output: <nil> hello ada
}
