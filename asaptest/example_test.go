package asaptest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/waterfall"
)

// checkout is the flow of the examples. The service times are those that the
// services promise.
var checkout = flow.Define("checkout", func(g *asap.Group, order *asap.Task[int]) *asap.Task[int] {
	cart := order.Then("cart", service(50*time.Millisecond))
	rates := order.Then("rates", service(30*time.Millisecond))
	return cart.And(rates).Then("quote", func(ctx context.Context, cart, rate int) (int, error) {
		return service(10*time.Millisecond)(ctx, cart*rate)
	})
})

func service(takes time.Duration) func(context.Context, int) (int, error) {
	return func(_ context.Context, n int) (int, error) {
		time.Sleep(takes)
		return n, nil
	}
}

// printing stands for the *testing.T of a test: it prints what would fail it.
type printing struct{ testing.TB }

func (printing) Helper() {}
func (printing) Errorf(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
}

var t = printing{}

func ExampleAssertDepth() {
	asaptest.AssertDepth(t, checkout, 2) // two round trips, one after the other

	slow := flow.Define("checkout", func(g *asap.Group, order *asap.Task[int]) *asap.Task[int] {
		cart := order.Then("cart", service(0))
		rates := cart.Then("rates", service(0)) // which does not need the cart
		return cart.And(rates).Then("quote", func(context.Context, int, int) (int, error) { return 0, nil })
	})
	asaptest.AssertDepth(t, slow, 2)
	// Output:
	// flow checkout is 3 steps deep, want 2: cart → rates → quote
	// 	quote is step 3, because it waits for rates; without that it would be step 2
}

// In a test, the run is recorded in a bubble of testing/synctest, so that the
// times are exact.
func ExampleAssertCriticalPath() {
	at := func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
	run := &waterfall.Run{ // of a Recorder, in a test
		Makespan: at(60), Ended: true,
		Groups: []waterfall.Group{{ID: 1, End: at(60), Outcome: asap.Succeeded}},
		Tasks: []waterfall.Task{
			{ID: 2, Group: 1, Name: "cart", Outcome: asap.Succeeded, Pieces: []waterfall.Piece{{State: waterfall.Running, End: at(50)}}},
			{ID: 3, Group: 1, Name: "quote", Outcome: asap.Succeeded, Deps: []asap.ID{2}, Pieces: []waterfall.Piece{
				{State: waterfall.Blocked, End: at(50), On: 2}, {State: waterfall.Running, Start: at(50), End: at(60)}}},
		},
	}
	asaptest.AssertCriticalPath(t, run, "cart", "quote")
	asaptest.AssertCriticalPath(t, run, "quote")
	// Output:
	// critical path is cart (50ms) → quote (10ms), want quote
	// 	cart was added: the run waits for it for 50ms
}

func ExampleAssertMakespan() {
	_ = func(t *testing.T) { // the test
		asaptest.AssertMakespan(t, 60*time.Millisecond, func(ctx context.Context) error {
			_, err := checkout.Run(ctx, 1)
			return err
		})
	}
}

func ExampleNewExecutor() {
	for _, seed := range []uint64{0, 1} {
		engine := asaptest.NewExecutor(context.Background(), seed)
		g := asap.New(context.Background(), flow.On(engine))
		a, b := g.Input("a", 1).Then("double", service(0)), g.Input("b", 2).Then("double", service(0))
		a.And(b).Then("sum", func(_ context.Context, a, b int) (int, error) { return a + b, nil })
		fmt.Println(g.Wait(), engine.Ran())
	}
	// Output:
	// <nil> [double double#2 sum]
	// <nil> [double#2 double sum]
}

func ExampleEvents() {
	var events asaptest.Events
	g := asap.New(context.Background(), asap.Name("shop"), asap.Observe(&events))
	g.Input("order", 7).Then("cart", service(0))
	fmt.Println(g.Wait())
	for _, e := range events.All() {
		fmt.Println(e.Kind, e.Name)
	}
	fmt.Println(events.Check())
	// Output:
	// <nil>
	// GroupStart shop
	// Declared order
	// Ended order
	// Declared cart
	// Ready cart
	// Started cart
	// Ended cart
	// GroupEnd shop
	// <nil>
}

func ExampleTestExecutor() {
	_ = func(t *testing.T) { // the test of the engine
		asaptest.TestExecutor(t, func(t *testing.T, ctx context.Context) flow.Executor {
			return asaptest.NewExecutor(ctx, 1)
		})
	}
}

func ExampleTestEngine() {
	_ = func(t *testing.T) { // the test of an engine that is reached by a function
		asaptest.TestEngine(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (string, error) {
			return f.With(flow.On(asaptest.NewExecutor(ctx, 1))).Run(ctx, in)
		})
	}
}

func ExampleFlows() {
	for _, f := range asaptest.Flows()[:2] { // to be registered with an engine
		g, err := f.Graph()
		fmt.Println(g.Name, len(g.Tasks), err)
	}
	// Output:
	// asaptest.chain 5 <nil>
	// asaptest.and 5 <nil>
}

func ExampleTestRunning() {
	_ = func(t *testing.T) { // the test of an engine whose runs have handles
		asaptest.TestRunning(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (*flow.Running[string], error) {
			return f.Start(ctx, in), nil
		})
	}
}

func ExampleRunningFlows() {
	for _, f := range asaptest.RunningFlows()[:1] { // to be registered with an engine
		signals, err := f.Signals()
		fmt.Println(f.Name(), len(signals), err)
	}
	// Output: asaptest.approved 2 <nil>
}

// What is sent to a run on an executor is kept until the flow waits for it.
func ExampleExecutor_Send() {
	ctx := context.Background()
	engine := asaptest.NewExecutor(ctx, 1)
	approved := flow.Define("approved", func(g *asap.Group, _ *asap.Task[int]) *asap.Task[asap.Result[bool]] {
		return flow.Signal[bool](g, "approval")
	})
	if err := engine.Send("approval", true); err != nil {
		fmt.Println(err)
	}
	fmt.Println(approved.With(flow.On(engine)).Run(ctx, 7))
	// Output: {true <nil>} <nil>
}

func ExampleTestObserver() {
	_ = func(t *testing.T) { // the test of the observer
		asaptest.TestObserver(t, func(t *testing.T) asap.Observer { return new(waterfall.Recorder) })
	}
}

// The whole of it in a test: record in virtual time, then look at the run.
func TestCheckoutHasNoHiddenRoundTrip(t *testing.T) {
	asaptest.AssertDepth(t, checkout, 2)
	var r waterfall.Recorder
	synctest.Test(t, func(t *testing.T) {
		if _, err := checkout.With(asap.Observe(&r)).Run(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	})
	asaptest.AssertCriticalPath(t, r.Run(), "cart", "quote")
	asaptest.AssertMakespan(t, 60*time.Millisecond, func(ctx context.Context) error {
		_, err := checkout.Run(ctx, 1)
		return err
	})
}
