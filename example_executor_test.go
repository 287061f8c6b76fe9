package asap_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asap-go/asap"
)

// oneByOne is an executor that runs the bodies in this process, one at a time,
// in the order in which they became ready.
type oneByOne struct {
	ctx   context.Context
	queue []func()
}

func (e *oneByOne) Start(call *asap.Call, done func(error)) {
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
	var engine asap.Executor = &oneByOne{ctx: context.Background()}
	r, err := checkout.With(asap.On(engine)).Run(context.Background(), order{[]string{"tea"}})
	fmt.Println(r.Text, err)
	// Output:
	// checkout/stock: a function: true, 1 arguments, a place for the value: true
	// checkout/charge: a function: true, 2 arguments, a place for the value: true
	// checkout/receipt: a function: true, 1 arguments, a place for the value: true
	// paid 300 <nil>
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
	g := asap.New(context.Background(), asap.On(engine), asap.Name("shop"))
	g.Go("ads", findAds)
	user := g.Go("user", func(ctx context.Context) (string, error) {
		return answer(ctx, time.Hour, "ada")
	})
	fmt.Println(g.Wait())
	fmt.Println(user.Result().Err)
	// Output:
	// shop/ads: a function: true, 0 arguments, a place for the value: true
	// shop/user: a function: true, 0 arguments, a place for the value: true
	// asap: task ads: 503 unavailable
	// asap: task user: task ads: 503 unavailable
}

func ExampleCall() {
	var user string
	call := &asap.Call{
		Flow: "shop",
		Task: "user",
		Func: findUser,
		In:   nil, // no arguments but the context
		Out:  &user,
		Run: func(ctx context.Context) (err error) {
			user, err = findUser(ctx)
			return err
		},
	}
	err := call.Run(context.Background()) // what an executor in this process does
	fmt.Println(call.Flow, call.Task, *call.Out.(*string), err)
	// Output: shop user ada <nil>
}
