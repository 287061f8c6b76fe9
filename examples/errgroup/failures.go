package errgroup

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// Failures: do all of it, and report everything that failed, and whose it was.

func warmUpBefore(ctx context.Context, caches []string) error {
	var g errgroup.Group // no context: one failure must not cancel the rest
	var mu sync.Mutex
	var errs []error
	for _, cache := range caches {
		g.Go(func() error {
			if err := warm(ctx, cache); err != nil {
				mu.Lock()
				errs = append(errs, fmt.Errorf("cache %s: %w", cache, err))
				mu.Unlock()
			}
			return nil
		})
	}
	g.Wait()
	return errors.Join(errs...)
}

func warmUp(ctx context.Context, caches []string) error {
	g := asap.New(ctx, asap.Settled())
	for _, cache := range caches {
		g.Do(cache, func(ctx context.Context) error { return warm(ctx, cache) })
	}
	return g.Wait()
}
