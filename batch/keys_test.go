package batch_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

// TestKeysOfFetch: the keys are fetch's to do with as it likes. One that it has dropped
// is missing, and none has a value that is another's.
func TestKeysOfFetch(t *testing.T) {
	for name, change := range map[string]func(keys []int) []int{
		"filters":    func(keys []int) []int { return slices.DeleteFunc(keys, func(k int) bool { return k < 3 }) },
		"overwrites": func(keys []int) []int { clear(keys); return []int{3, 4} },
		"sorts":      func(keys []int) []int { slices.Sort(keys); return keys[2:] },
		"reverses":   func(keys []int) []int { slices.Reverse(keys); return []int{4, 3} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := asap.New(t.Context())
				prices := batch.New(g, "prices", func(_ context.Context, keys []int) (map[int]int, error) {
					values := make(map[int]int)
					for _, k := range change(keys) {
						values[k] = 10 * k
					}
					return values, nil
				})
				tasks := make(map[int]*asap.Task[asap.Result[int]])
				for _, k := range []int{4, 1, 3, 2} {
					tasks[k] = g.Optional("item", get(prices, k))
				}
				noError(t, g.Wait())
				for k, task := range tasks {
					v, err := task.Value().Get()
					if k < 3 && !errors.Is(err, batch.ErrMissing) || k >= 3 && (err != nil || v != 10*k) {
						t.Errorf("key %d: %d, %v", k, v, err)
					}
				}
			})
		})
	}
}

// TestNaN: what is not equal to itself has no value in a map, so it is missing.
func TestNaN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context())
		calls := 0
		roots := batch.New(g, "roots", func(_ context.Context, keys []float64) (map[float64]float64, error) {
			calls++
			values := map[float64]float64{math.NaN(): 7}
			for _, k := range keys {
				values[k] = math.Sqrt(k)
			}
			return values, nil
		})
		for range 3 {
			nan := g.Optional("nan", func(ctx context.Context) (float64, error) { return roots.Get(ctx, math.NaN()) })
			defer func() {
				if v, err := nan.Value().Get(); !errors.Is(err, batch.ErrMissing) {
					t.Errorf("got %v, %v, want %v", v, err, batch.ErrMissing)
				}
			}()
		}
		four := g.Go("four", func(ctx context.Context) (float64, error) { return roots.Get(ctx, 4) })
		both := g.Optional("both", func(ctx context.Context) ([]float64, error) { return roots.GetAll(ctx, []float64{4, math.NaN()}) })
		noError(t, g.Wait())
		if four.Value() != 2 || calls != 1 || !errors.Is(both.Value().Err, batch.ErrMissing) {
			t.Errorf("got %v by %d calls, and %v", four.Value(), calls, both.Value())
		}
	})
}

// TestNotComparable: a key of a type that cannot be one is who asks' mistake, and in
// nobody else's way.
func TestNotComparable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", func(_ context.Context, keys []any) (map[any]int, error) { return map[any]int{1: 10}, nil })
		g.Do("bad", func(ctx context.Context) error {
			for _, f := range []func(){
				func() { prices.Get(ctx, []int{1}) },
				func() { prices.GetAll(ctx, []any{1, map[int]int{}}) },
			} {
				func() {
					defer func() {
						if v := fmt.Sprint(recover()); v != "asap: Get of batch prices with a key of type []int, which is not comparable; ask by a value that is" &&
							v != "asap: GetAll of batch prices with a key of type map[int]int, which is not comparable; ask by a value that is" {
							t.Errorf("panic %q", v)
						}
					}()
					f()
				}()
			}
			return nil
		})
		good := g.Go("good", func(ctx context.Context) (int, error) { return prices.Get(ctx, 1) })
		noError(t, g.Wait())
		if good.Value() != 10 || time.Since(start) > 0 {
			t.Errorf("got %d after %v", good.Value(), time.Since(start))
		}
	})
}

// TestPointers: keys that are pointers are told apart by where they point.
func TestPointers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := new(int), new(int)
		g := asap.New(t.Context())
		n := 0
		prices := batch.NewInOrder(g, "prices", func(_ context.Context, keys []*int) ([]int, error) {
			n = len(keys)
			return []int{1, 2, 3}[:n], nil
		})
		all := g.Go("all", func(ctx context.Context) ([]int, error) { return prices.GetAll(ctx, []*int{a, b, a, nil}) })
		noError(t, g.Wait())
		if n != 3 || fmt.Sprint(all.Value()) != "[1 2 1 3]" {
			t.Errorf("%d keys, %v", n, all.Value())
		}
	})
}
