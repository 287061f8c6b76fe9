package flow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// oneByOne is an executor that runs the bodies in this process, one at a time,
// in the order in which they became ready.
type oneByOne struct {
	ctx   context.Context
	queue []func()
}

func (e *oneByOne) Start(call *flow.Call, done func(error)) {
	e.queue = append(e.queue, func() {
		fmt.Printf("%s/%s: a function: %t, %d arguments, a place for the value: %t\n",
			call.Flow, call.Task, call.Func != nil, len(call.In), call.Out != nil)
		done(call.Run(e.ctx)) // an engine elsewhere would use Func, In and Out
	})
}

func (e *oneByOne) Step() error {
	next := e.queue[0]
	e.queue = e.queue[1:]
	next()
	return nil
}

func (e *oneByOne) Cancel(cause error) {} // each call that has begun ends by itself

func ExampleOn() {
	var engine flow.Executor = &oneByOne{ctx: context.Background()}
	r, err := checkout.With(flow.On(engine)).Run(context.Background(), order{[]string{"tea"}})
	fmt.Println(r.Text, err)
	// Output:
	// checkout/stock: a function: true, 1 arguments, a place for the value: true
	// checkout/charge: a function: true, 2 arguments, a place for the value: true
	// checkout/receipt: a function: true, 1 arguments, a place for the value: true
	// paid 300 <nil>
}

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

// cancelable is an executor whose calls end when the group is canceled.
type cancelable struct {
	oneByOne
	cancel context.CancelCauseFunc
}

func (e *cancelable) Cancel(cause error) { e.cancel(cause) }

func ExampleExecutor() {
	ctx, cancel := context.WithCancelCause(context.Background())
	engine := &cancelable{oneByOne{ctx: ctx}, cancel}
	g := asap.New(context.Background(), flow.On(engine), asap.Name("shop"))
	g.Go("ads", func(ctx context.Context) ([]string, error) { return nil, errors.New("503 unavailable") })
	user := g.Go("user", func(ctx context.Context) (string, error) {
		return answer(ctx, time.Hour, "ada")
	})
	fmt.Println(g.Wait())
	fmt.Println(user.Result().Err)
	// Output:
	// shop/ads: a function: true, 0 arguments, a place for the value: true
	// shop/user: a function: true, 0 arguments, a place for the value: true
	// ads: 503 unavailable
	// user: ads: 503 unavailable
}

func greet(ctx context.Context) (string, error) { return "hello", nil }

func ExampleCall() {
	var user string
	call := &flow.Call{
		Flow: "shop",
		Task: "user",
		Func: greet,
		In:   nil, // no arguments but the context
		Out:  &user,
		Run: func(ctx context.Context) (err error) {
			user, err = greet(ctx)
			return err
		},
	}
	err := call.Run(context.Background()) // what an executor in this process does
	fmt.Println(call.Flow, call.Task, *call.Out.(*string), err)
	// Output: shop user hello <nil>
}

// hourly is an executor by whose clock a body takes an hour.
type hourly struct {
	oneByOne
	now    time.Time
	timers []timer // in any order
}

type timer struct {
	at time.Time
	f  func()
}

func (e *hourly) Now() time.Time { return e.now }

func (e *hourly) After(d time.Duration, f func()) {
	e.timers = append(e.timers, timer{e.now.Add(d), f})
}

func (e *hourly) Step() error {
	for i, t := range e.timers {
		if !t.at.After(e.now) {
			e.timers = slices.Delete(e.timers, i, i+1)
			t.f()
			return nil
		}
	}
	e.now = e.now.Add(time.Hour)
	return e.oneByOne.Step()
}

// printed is an observer that prints when bodies end.
type printed struct{}

func (printed) Start(ctx context.Context, e asap.Event) context.Context { return ctx }

func (printed) Observe(e asap.Event) {
	if e.Kind == asap.Ended {
		fmt.Println(e.Name, "ended at", e.At)
	}
}

func ExampleClock() {
	var clock flow.Clock = &hourly{ctx: context.Background()}
	g := asap.New(context.Background(), flow.On(clock.(flow.Executor)), asap.Observe(printed{}))
	user := g.Go("user", greet)
	ads := user.Optional("ads", func(context.Context, string) (string, error) { return "tea", nil }, asap.Within(30*time.Minute))
	fmt.Println(g.Wait(), errors.Unwrap(ads.Result().Value.Err))
	// Output:
	// /user: a function: true, 0 arguments, a place for the value: true
	// user ended at 1h0m0s
	// ads ended at 1h0m0s
	// <nil> within 30m0s
}

// sparing is an executor that does not run what has been canceled.
type sparing struct {
	oneByOne
	canceled map[*flow.Call]error
}

func (e *sparing) Start(call *flow.Call, done func(error)) {
	e.queue = append(e.queue, func() {
		if cause := e.canceled[call]; cause != nil {
			fmt.Println(call.Task, "is not run")
			done(cause)
			return
		}
		done(call.Run(e.ctx))
	})
}

func (e *sparing) CancelCall(call *flow.Call, cause error) { e.canceled[call] = cause }

func ExampleCanceler() {
	var engine interface {
		flow.Executor
		flow.Canceler
	} = &sparing{oneByOne{ctx: context.Background()}, make(map[*flow.Call]error)}
	g := asap.New(context.Background(), flow.On(engine))
	hello := g.Race("hello", greet, greet)
	fmt.Println(g.Wait(), hello.Value())
	// Output:
	// hello[1] is not run
	// <nil> hello
}

// again is an executor that has run the first call of its group before.
type again struct {
	oneByOne
	ended int
}

func (e *again) Start(call *flow.Call, done func(error)) {
	e.oneByOne.Start(call, func(err error) { done(err); e.ended++ })
}

func (e *again) Replaying() bool   { return e.ended < 2 }
func (e *again) RunNumber() uint32 { return 7 }

func ExampleReplayer() {
	var engine interface {
		flow.Executor
		flow.Replayer
	} = &again{ctx: context.Background()}
	fmt.Println(engine.Replaying(), engine.RunNumber())
	g := asap.New(context.Background(), flow.On(engine), asap.Observe(named{}))
	user := g.Go("user", greet)
	user.Then("page", func(context.Context, string) (string, error) { return "tea", nil })
	fmt.Println(g.Wait())
	// Output:
	// true 7
	// /user: a function: true, 0 arguments, a place for the value: true
	// /page: a function: true, 1 arguments, a place for the value: true
	// page ended
	// <nil>
}

// named is an observer that prints whose bodies end.
type named struct{ printed }

func (named) Observe(e asap.Event) {
	if e.Kind == asap.Ended {
		fmt.Println(e.Name, "ended")
	}
}
