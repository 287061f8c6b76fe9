package asap_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asap-go/asap"
)

// One call at a time, and three that fail at first: while one of them waits for its
// next try, the others are made.
func ExampleBlocking() {
	g := asap.New(context.Background(), asap.Limit(1))
	for i := range 3 {
		g.Do(fmt.Sprintf("call%d", i), func(ctx context.Context) error {
			for try := range 2 {
				if try > 0 { // the backoff takes no slot
					if err := asap.Blocking(ctx, func() error { return sleep(ctx, 10*time.Millisecond) }); err != nil {
						return err
					}
				}
				// … call the service
			}
			return nil
		})
	}
	fmt.Println(g.Wait())
	// Output: <nil>
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
