package tail_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// once takes long the first time that it is called, and else 20 ms.
func once(long time.Duration) func(context.Context) (string, error) {
	var calls atomic.Int32
	return func(ctx context.Context) (string, error) {
		d := 20 * time.Millisecond
		if calls.Add(1) == 1 {
			d = long
		}
		select {
		case <-time.After(d):
			return fmt.Sprint("after ", d), nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// The first call is slower than it should be, so there is a second one, which is quick.
func Example() {
	inVirtualTime(func() {
		hedge := tail.Hedge(tail.After(50*time.Millisecond), tail.Share(1)) // made once, for all requests

		g := asap.New(context.Background(), asap.Name("home"), waterfall.Print(os.Stdout))
		product := g.Go("product", once(time.Second), hedge)
		if err := g.Wait(); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(product.Value())
	})
	// Output:
	// home: succeeded after 70 ms, 2 tasks, work 90 ms, at most 2 at once
	//
	//              took 0          10 ms       20 ms      30 ms       40 ms      50 ms       60 ms
	// ▸ product   70 ms █████████████████████████████████████████████████████████████████████████████████
	//     hedge   20 ms                                                          ╺━━━━━━━━━━━━━━━━━━━━━━━
	//
	//   █ running, critical   ━ running
	// ▸ critical path: product 70 ms
	// after 20ms
}

// Decisions tells what came of it.
func ExampleHedger_Decisions() {
	inVirtualTime(func() {
		hedge := tail.Hedge(tail.At(.9), tail.Share(.5))
		for i := range 200 {
			g := asap.New(context.Background(), asap.Name("home"))
			long := 10 * time.Millisecond
			if i%20 == 19 {
				long = time.Second
			}
			g.Go("product", once(long), hedge)
			g.Wait()
		}
		d := hedge.Decisions()[0]
		fmt.Printf("%s/%s: %d calls, %d of them called twice, %d times the second one won\n", d.Group, d.Task, d.Calls, d.Hedged, d.Won)
		fmt.Println(d.Hedge, d.Delay.Round(time.Millisecond), d.Why)
	})
	// Output:
	// home/product: 200 calls, 5 of them called twice, 5 times the second one won
	// true 10ms it was asked for
}

// Until there are statistics, only product may be called twice, and afterwards what makes
// slow runs slow.
func ExampleCritical() {
	inVirtualTime(func() {
		stats := new(waterfall.Stats)
		hedge := tail.Hedge(tail.After(50*time.Millisecond), tail.Critical(stats, "product"))
		g := asap.New(context.Background(), asap.Name("home"), asap.Observe(stats))
		g.Go("product", once(10*time.Millisecond), hedge)
		g.Go("ads", once(10*time.Millisecond), hedge)
		g.Wait()
		for _, d := range hedge.Decisions() {
			fmt.Println(d.Task, d.Hedge, "since", d.Why)
		}
	})
	// Output:
	// ads false since fewer than 100 runs are known
	// product true since it was named, and fewer than 100 runs are known
}

// What others can do without has a part of the time that the request has.
func ExampleWithin() {
	inVirtualTime(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond) // as a server sets it
		defer cancel()
		g := asap.New(ctx)
		product := g.Go("product", once(30*time.Millisecond))
		ads := g.Optional("ads", once(time.Second), tail.Within(ctx, .6))
		fmt.Println(g.Wait())
		fmt.Println(product.Value())
		fmt.Println(ads.Value().Err)
		left, _ := tail.Left(ctx)
		fmt.Println(left, "left")
	})
	// Output:
	// <nil>
	// after 30ms
	// ads: within 60ms: context deadline exceeded
	// 40ms left
}

func ExampleLeft() {
	inVirtualTime(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		time.Sleep(30 * time.Millisecond)
		fmt.Println(tail.Left(ctx))
		fmt.Println(tail.Left(context.Background()))
	})
	// Output:
	// 70ms true
	// 0s false
}

// A second call at most for two calls in a hundred, when the first takes longer than 98 of
// them do, and at least 5 ms; until that is known, after 80 ms.
func ExampleHedge() {
	inVirtualTime(func() {
		hedge := tail.Hedge(
			tail.At(.98),
			tail.After(80*time.Millisecond),
			tail.Least(5*time.Millisecond),
			tail.Share(.02),
		)
		g := asap.New(context.Background(), asap.Name("home"))
		product := g.Go("product", once(time.Second), hedge)
		fmt.Println(g.Wait(), product.Value())
		d := hedge.Decisions()[0]
		fmt.Println(d.Hedged, "hedged, for", d.Refused, "there was no budget yet")
	})
	// Output:
	// <nil> after 1s
	// 0 hedged, for 1 there was no budget yet
}

// home is a page: product is safe to call twice, one can do without ads, and both are slow
// one time in twenty-five.
func home(i int, options ...asap.Option) {
	slow := func(usual time.Duration, n int) func(context.Context) (string, error) {
		if i%25 == n {
			return once(time.Second)
		}
		return once(usual)
	}
	g := asap.New(context.Background(), append(options, asap.Name("home"))...)
	g.Go("product", slow(20*time.Millisecond, 7), tail.Safe())
	g.Optional("ads", slow(30*time.Millisecond, 13))
	g.Wait()
}

// What is decided is learnt from the runs, within bounds.
func ExamplePolicy() {
	inVirtualTime(func() {
		stats := new(waterfall.Stats)
		policy := tail.Policy(stats, tail.Share(.05), tail.Full(.9))
		for i := range 1000 {
			home(i, asap.Observe(stats), policy)
		}
		for _, d := range policy.Decisions() {
			fmt.Println(d.Task, "hedged:", d.Hedge, "within:", d.Within)
		}
		p99, _ := stats.Percentile("home", waterfall.Minute, .99)
		fmt.Println("p99 below 70 ms:", p99 < 70*time.Millisecond)
	})
	// Output:
	// ads hedged: false within: 31ms
	// product hedged: true within: 0s
	// p99 below 70 ms: true
}

// Before a policy is switched on one can look at what it would do.
func ExampleAdvise() {
	inVirtualTime(func() {
		stats := new(waterfall.Stats)
		advice := tail.Advise(stats, tail.Share(.05), tail.Full(.9))
		for i := range 1000 {
			home(i, asap.Observe(stats), advice)
		}
		for _, d := range advice.Decisions() {
			fmt.Println(d.Task, "hedged:", d.Hedge, "within:", d.Within)
		}
		p99, _ := stats.Percentile("home", waterfall.Minute, .99)
		fmt.Println("p99:", p99.Round(100*time.Millisecond))
	})
	// Output:
	// ads hedged: false within: 31ms
	// product hedged: true within: 0s
	// p99: 1s
}

// inVirtualTime runs an example so that it takes no time, and always the same.
func inVirtualTime(f func()) {
	testing.Init()
	synctest.Test(new(testing.T), func(*testing.T) { f() })
}
