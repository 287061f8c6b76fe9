package waterfall_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

func ExampleEach() {
	each := waterfall.Each(func(_ context.Context, e *waterfall.Ended) {
		fmt.Println("run", e.Run().Name, e.Group == e.GroupID(0), e.GroupTook(0) >= e.Makespan(), len(e.Path()) > 0, e.GroupErr(0))
		for i, t := range e.Run().Tasks {
			fmt.Println(t.Name, t.Outcome, e.TaskErr(i))
		}
	})
	g := asap.New(context.Background(), asap.Name("home"), asap.Observe(each))
	user := g.Go("user", func(context.Context) (string, error) { return "", errors.New("not found") })
	user.Then("page", func(_ context.Context, user string) (string, error) { return "Hello " + user, nil })
	_ = g.Wait()
	// Output:
	// run home true true true user: not found
	// user Failed user: not found
	// page Skipped page skipped: user: not found
}

func ExampleEnded_Plain() {
	each := waterfall.Each(func(_ context.Context, e *waterfall.Ended) {
		tasks, ok := e.Plain()
		fmt.Println(e.Name(), ok, e.Makespan() > 0)
		if !ok { // a wait, a failure, a Map: that takes a Run
			fmt.Println(e.Run().Tasks[1].Name)
		}
		for _, t := range tasks {
			fmt.Println(t.Name, t.Outcome, t.Ran, t.Took >= 0, t.Queued >= 0, t.Critical >= 0)
		}
	})
	home := asap.New(context.Background(), asap.Name("home"), asap.Observe(each))
	user := home.Go("user", func(context.Context) (string, error) { return "ann", nil })
	user.Then("page", func(_ context.Context, user string) (string, error) { return "Hello " + user, nil })
	_ = home.Wait()

	cart := asap.New(context.Background(), asap.Name("cart"), asap.Observe(each))
	item := cart.Go("item", func(context.Context) (int, error) { return 7, nil })
	cart.Go("price", func(ctx context.Context) (int, error) { return item.Await(ctx) })
	_ = cart.Wait()
	// Output:
	// home true true
	// user Succeeded true true true true
	// page Succeeded true true true true
	// cart false true
	// price
}
