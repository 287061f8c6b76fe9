package rules_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// TestR4_LongLivedGroup: a group that lives for long keeps nothing of what has ended in it:
// waits of all kinds, cut and not, nested groups, Races, limited Maps, queues (R4, R7, R20).
func TestR4_LongLivedGroup(t *testing.T) {
	options := map[string][]asap.Option{
		"":          nil,
		", limited": {asap.Limit(3)},
		", settled": {asap.Settled()},
	}
	for name, opts := range options {
		t.Run("rounds"+name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			g := asap.New(ctx, opts...)
			other := asap.New(ctx)
			end := make(chan struct{})
			long := other.Go("long", func(context.Context) (int, error) { <-end; return 1, nil })
			g.Go("keeps", long.Await)
			round := func() {
				slice := g.Input("slice", make([]int, 5))
				a := g.Go("a", func(ctx context.Context) (int, error) {
					soft, cancel := context.WithTimeout(ctx, time.Nanosecond)
					defer cancel()
					long.Await(soft)
					in := asap.New(ctx, asap.Limit(1))
					for range 3 {
						in.Go("in", func(ctx context.Context) (int, error) {
							deep := asap.New(ctx)
							deep.Go("deep", func(ctx context.Context) (int, error) { return 1, nil })
							return 1, deep.Wait()
						})
					}
					in.Optional("bad", func(context.Context) (int, error) { return 0, errBoom })
					if err := in.Wait(); err != nil {
						return 0, err
					}
					stopped := asap.New(ctx)
					for range 3 {
						stopped.Go("obeys", obeys)
					}
					stopped.Stop()
					return 1, nil
				})
				race := g.Race("race", func(ctx context.Context) (int, error) { return 1, nil }, obeys, obeys, obeys, func(ctx context.Context) (int, error) { return a.Await(ctx) })
				m := g.Map("map", slice, func(ctx context.Context, _ int) (int, error) { return a.Await(ctx) }, asap.Limit(2))
				b := g.Go("b", func(ctx context.Context) (int, error) { return race.Await(ctx) })
				b.And(m).Then("end", func(context.Context, int, []int) (int, error) { return 1, nil }).Await(context.Background())
			}
			measure := func(n int) uint64 {
				for range n {
					round()
				}
				runtime.GC()
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			n := 2000
			if raceEnabled || testing.Short() {
				n = 200
			}
			measure(n)
			before := measure(n)
			after := measure(2 * n)
			t.Logf("%d, %d", before, after)
			if after > before+uint64(n)*100 {
				t.Errorf("%d bytes a round are kept", (after-before)/uint64(2*n))
			}
			close(end)
			g.Wait()
			other.Wait()
		})
	}
}
