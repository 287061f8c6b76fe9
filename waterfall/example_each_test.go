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
		fmt.Println("run", e.Run().Name, e.Group != 0, len(e.Path()) > 0, e.GroupErr(0))
		for i, t := range e.Run().Tasks {
			fmt.Println(t.Name, t.Outcome, e.TaskErr(i))
		}
	})
	g := asap.New(context.Background(), asap.Name("home"), asap.Observe(each))
	user := g.Go("user", func(context.Context) (string, error) { return "", errors.New("not found") })
	user.Then("page", func(_ context.Context, user string) (string, error) { return "Hello " + user, nil })
	_ = g.Wait()
	// Output:
	// run home true true user: not found
	// user Failed user: not found
	// page Skipped page skipped: user: not found
}
