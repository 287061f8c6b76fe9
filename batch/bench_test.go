package batch_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

// BenchmarkGet is bodies that ask for a key each, in one group and in groups of their
// own. What one costs does not depend on how many there are.
func BenchmarkGet(b *testing.B) {
	fetch := func(_ context.Context, keys []int) (map[int]int, error) {
		values := make(map[int]int, len(keys))
		for _, key := range keys {
			values[key] = key
		}
		return values, nil
	}
	for name, ask := range map[string]func(l *batch.Loader[int, int], key int) func(context.Context) (int, error){
		"bodies": get,
		"nested": func(l *batch.Loader[int, int], key int) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				return asap.Run(ctx, func(g *asap.Group) func() int { return g.Go("inner", get(l, key)).Value })
			}
		},
	} {
		for _, limit := range []int{8, 1 << 20} {
			for _, n := range []int{10, 2000, 32000} {
				b.Run(fmt.Sprintf("%s/Limit%d/%d", name, limit, n), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						g := asap.New(b.Context(), asap.Limit(limit))
						prices := batch.New(g, "prices", fetch, batch.MaxWait(never))
						for i := range n {
							g.Go("item", ask(prices, i))
						}
						if err := g.Wait(); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/body")
				})
			}
		}
	}
}
