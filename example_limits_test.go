package asap_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
)

// A quote that does not come in time is an error that says which limit it has passed.
func ExampleTimeout() {
	g := asap.New(context.Background())
	g.Do("price", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}, asap.Timeout(5*time.Millisecond))
	err := g.Wait()
	fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
	// Output: price: timeout 5ms: context deadline exceeded true
}

// The page goes without ads that are not there 10 ms after its group was made, whether
// what they wait for is done or not.
func ExampleWithin() {
	g := asap.New(context.Background())
	user := g.Go("user", func(ctx context.Context) (string, error) { time.Sleep(20 * time.Millisecond); return "ada", nil })
	ads := user.Optional("ads", func(ctx context.Context, user string) (string, error) { return "tea", nil },
		asap.Within(10*time.Millisecond))
	if err := g.Wait(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(ads.Value().Or("no ads"), ads.Value().Err)
	// Output: no ads ads: within 10ms
}
