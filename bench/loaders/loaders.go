// Package loaders compares what fetches by many keys at once: package batch, which waits
// until nobody else can ask, and dataloaders, which wait for a window of time.
//
//	go test -bench . ./loaders
//
// Twelve bodies ask for one of eight ids each, and then for what belongs to it: two calls
// are needed, of a millisecond each. The metric calls/op says how many were made.
package loaders

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/graph-gophers/dataloader/v7"
	"github.com/vikstrous/dataloadgen"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

const (
	bodies = 12
	ids    = 8
	takes  = time.Millisecond
)

// store counts its calls.
type store struct{ calls atomic.Int64 }

func (s *store) list(ctx context.Context, keys []int) []int {
	s.calls.Add(1)
	time.Sleep(takes)
	values := make([]int, len(keys))
	for i, key := range keys {
		values[i] = 10 * key
	}
	return values
}

// contender returns what gets one value, for one request.
type contender struct {
	name string
	make func(g *asap.Group, s *store) func(context.Context, int) (int, error)
}

// contenders wait for a window of 2 ms, or as long as they do by default, if they wait
// for one. In Blocking, so that the others can ask meanwhile.
var contenders = []contender{
	{"batch", func(g *asap.Group, s *store) func(context.Context, int) (int, error) {
		return batch.NewInOrder(g, "values", func(ctx context.Context, keys []int) ([]int, error) { return s.list(ctx, keys), nil },
			batch.MaxWait(time.Minute)).Get // never, on whatever machine
	}},
	{"dataloadgen/2ms", func(g *asap.Group, s *store) func(context.Context, int) (int, error) {
		return generated(s, dataloadgen.WithWait(2*time.Millisecond))
	}},
	{"dataloadgen/default", func(g *asap.Group, s *store) func(context.Context, int) (int, error) { return generated(s) }},
	{"graph-gophers/2ms", func(g *asap.Group, s *store) func(context.Context, int) (int, error) {
		return gophers(s, dataloader.WithWait[int, int](2*time.Millisecond))
	}},
	{"graph-gophers/default", func(g *asap.Group, s *store) func(context.Context, int) (int, error) { return gophers(s) }},
}

func generated(s *store, options ...dataloadgen.Option) func(context.Context, int) (int, error) {
	l := dataloadgen.NewLoader(func(ctx context.Context, keys []int) ([]int, []error) { return s.list(ctx, keys), nil }, options...)
	return blocking(l.Load)
}

func gophers(s *store, options ...dataloader.Option[int, int]) func(context.Context, int) (int, error) {
	l := dataloader.NewBatchedLoader(func(ctx context.Context, keys []int) []*dataloader.Result[int] {
		var results []*dataloader.Result[int]
		for _, v := range s.list(ctx, keys) {
			results = append(results, &dataloader.Result[int]{Data: v})
		}
		return results
	}, options...)
	return blocking(func(ctx context.Context, key int) (int, error) { return l.Load(ctx, key)() })
}

func blocking(load func(context.Context, int) (int, error)) func(context.Context, int) (int, error) {
	return func(ctx context.Context, key int) (v int, err error) {
		err = asap.Blocking(ctx, func() error {
			v, err = load(ctx, key)
			return err
		})
		return v, err
	}
}

// request is one: two levels.
func request(ctx context.Context, c contender, s *store, options ...asap.Option) error {
	g := asap.New(ctx, options...)
	defer g.Stop()
	get := c.make(g, s)
	for i := range bodies {
		g.Go("item", func(ctx context.Context) (int, error) {
			v, err := get(ctx, i%ids)
			if err != nil {
				return 0, err
			}
			return get(ctx, 1000+v)
		})
	}
	return g.Wait()
}
