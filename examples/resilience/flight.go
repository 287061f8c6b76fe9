package resilience

import (
	"context"
	"fmt"
	"time"

	"github.com/asap-go/asap"
	"golang.org/x/sync/singleflight"
)

// flights makes one call of those that are made at the same time for the same key,
// by bodies of any requests. The call belongs to none of them: it has the values of
// the first one's context, ends by its own time limit alone, and whoever hangs up
// leaves it to the others. They wait for it in Blocking, with no slot of a limit.
type flights[V any] struct {
	group singleflight.Group
	limit time.Duration
}

func (f *flights[V]) do(ctx context.Context, key string, call func(context.Context) (V, error)) (v V, err error) {
	landed := f.group.DoChan(key, func() (_ any, err error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.limit)
		defer cancel()
		defer func() { // on this goroutine it would end the process
			if p := recover(); p != nil {
				err = fmt.Errorf("flight %s: panic: %v", key, p)
			}
		}()
		return call(ctx)
	})
	err = asap.Blocking(ctx, func() error {
		select {
		case r := <-landed:
			v, _ = r.Val.(V)
			return r.Err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	return v, err
}
