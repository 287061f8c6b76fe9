package asap_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
)

// hangs is a call to a service that does not answer.
func hangs(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

func ExampleTimeout() {
	_, err := asap.Run(context.Background(), func(g *asap.Group) func() string {
		price := g.Go("price", hangs, asap.Timeout(time.Millisecond))
		return price.Value
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output:
	// price: timeout 1ms: context deadline exceeded
	// true
}

func ExampleWithin() {
	page, err := asap.Run(context.Background(), func(g *asap.Group) func() string {
		user := g.Go("user", func(context.Context) (string, error) { return "Ada", nil })
		ads := g.Optional("ads", hangs, asap.Within(time.Millisecond)) // of the group's start: then the page goes without
		return func() string { return user.Value() + ": " + ads.Value().Or("no ads") }
	})
	fmt.Println(page, err)
	// Output:
	// Ada: no ads <nil>
}
