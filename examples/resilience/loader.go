package resilience

import (
	"context"

	"github.com/asap-go/asap"
	"github.com/vikstrous/dataloadgen"
)

// load returns a body that loads one key through a dataloader. It waits for the
// batch in Blocking: with a slot held, the batch of a group under Limit(4) would
// have four keys, however many bodies want one.
//
// A loader belongs to a request, and so do its cache and its batches.
func load[K comparable, V any](loader *dataloadgen.Loader[K, V]) func(context.Context, K) (V, error) {
	return func(ctx context.Context, key K) (v V, err error) {
		err = asap.Blocking(ctx, func() (err error) {
			v, err = loader.Load(ctx, key)
			return err
		})
		return v, err
	}
}
