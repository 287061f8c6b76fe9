package batch_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

// twoLevels declares a body for each of 12 ids, of which 8 are different, that asks for
// its id and then for what belongs to that.
func twoLevels(g *asap.Group, prices *batch.Loader[int, int]) {
	for i := range 12 {
		g.Go("item", func(ctx context.Context) (int, error) {
			v, err := prices.Get(ctx, i%8)
			if err != nil {
				return 0, err
			}
			v, err = prices.Get(ctx, 100+v)
			if err == nil && v != 10*(100+10*(i%8)) {
				err = fmt.Errorf("got %d", v)
			}
			return v, err
		})
	}
}

// TestTwoLevels: what is asked for on one level is one call, in the time that one takes,
// whatever the limit is and however the bodies come to run.
func TestTwoLevels(t *testing.T) {
	for _, limit := range []int{0, 1, 2, 5} {
		t.Run(fmt.Sprintf("Limit %d", limit), func(t *testing.T) {
			var options []asap.Option
			if limit > 0 {
				options = append(options, asap.Limit(limit))
			}
			for range runs(1000) {
				inBubble(t, 7*time.Millisecond, twoLevels, func(err error, took time.Duration, f *fetcher) {
					noError(t, err)
					f.want(t, "0s [0 1 2 3 4 5 6 7]", "7ms [100 110 120 130 140 150 160 170]")
					if took != 14*time.Millisecond {
						t.Errorf("took %v, want 14ms", took)
					}
				}, options...)
			}
		})
	}
}

// TestTwoLevelsInRealTime is the same beside goroutines that keep all processors busy.
func TestTwoLevelsInRealTime(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	for range 4 {
		go func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
	}
	for _, limit := range []int{1, 3, 100} {
		for range runs(1000) {
			f := newFetcher(0)
			g := asap.New(t.Context(), asap.Limit(limit))
			twoLevels(g, batch.New(g, "prices", f.fetch, batch.MaxWait(never)))
			noError(t, g.Wait())
			if len(f.calls) != 2 || len(f.calls[0]) != 8 || len(f.calls[1]) != 8 {
				t.Fatalf("Limit(%d): calls are %v, want two of 8 keys", limit, f.calls)
			}
		}
	}
}

// runs is how often to run what could depend on luck.
func runs(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// TestShapesInRealTime is the same without a limit, with elements of a Map, with
// groups nested in bodies, and with bodies that wait for each other's tasks.
func TestShapesInRealTime(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			for range runs(1000) {
				f := newFetcher(0)
				g := asap.New(t.Context())
				shape(g, batch.New(g, "prices", f.fetch, batch.MaxWait(never)))
				noError(t, g.Wait())
				if len(f.calls) != 2 || len(f.calls[0]) != 8 || len(f.calls[1]) != 8 {
					t.Fatalf("calls are %v, want two of 8 keys", f.calls)
				}
			}
		})
	}
}

// shapes are ways to ask for 8 keys, and for what belongs to each.
var shapes = map[string]func(*asap.Group, *batch.Loader[int, int]){
	"tasks": twoLevels,
	"Map": func(g *asap.Group, prices *batch.Loader[int, int]) {
		ids := g.Go("ids", func(context.Context) ([]int, error) { return []int{0, 1, 2, 3, 4, 5, 6, 7}, nil })
		first := g.Map("first", ids, prices.Get)
		g.Map("second", first, func(ctx context.Context, v int) (int, error) { return prices.Get(ctx, 100+v) })
	},
	"nested": func(g *asap.Group, prices *batch.Loader[int, int]) {
		for i := range 4 {
			g.Do("item", func(ctx context.Context) error {
				inner := asap.New(ctx)
				defer inner.Stop()
				for j := range 2 {
					first := inner.Go("first", func(ctx context.Context) (int, error) { return prices.Get(ctx, 2*i+j) })
					first.Then("second", func(ctx context.Context, v int) (int, error) { return prices.Get(ctx, 100+v) })
				}
				return inner.Wait()
			})
		}
	},
	"waiting": func(g *asap.Group, prices *batch.Loader[int, int]) {
		var slow atomic.Int32
		for i := range 8 {
			id := g.Go("id", func(context.Context) (int, error) {
				for range 1000 * i {
					slow.Add(1)
				}
				return i, nil
			})
			first := g.Go("first", func(ctx context.Context) (int, error) {
				key, err := id.Await(ctx)
				if err != nil {
					return 0, err
				}
				return prices.Get(ctx, key)
			})
			g.Go("second", func(ctx context.Context) (int, error) {
				v, err := first.Await(ctx)
				if err != nil {
					return 0, err
				}
				return prices.Get(ctx, 100+v)
			})
		}
	},
}

// TestWhoCouldStillAsk: a call waits for bodies that run, also in a nested group, sleep, or
// are in Blocking, and for the caller until it waits; not for those that wait.
func TestWhoCouldStillAsk(t *testing.T) {
	ask := func(prices *batch.Loader[int, int], keys ...int) func(context.Context) error {
		return func(ctx context.Context) error {
			for _, key := range keys {
				if _, err := prices.Get(ctx, key); err != nil {
					return err
				}
			}
			return nil
		}
	}
	sleep := func(ctx context.Context) error { time.Sleep(time.Second); return nil }
	for name, tt := range map[string]struct {
		test func(g *asap.Group, prices *batch.Loader[int, int])
		want []string
	}{
		"nobody": {func(g *asap.Group, prices *batch.Loader[int, int]) {}, nil},
		"one":    {func(g *asap.Group, prices *batch.Loader[int, int]) { g.Do("a", ask(prices, 1)) }, []string{"0s [1]"}},
		"one after the other": {func(g *asap.Group, prices *batch.Loader[int, int]) { g.Do("a", ask(prices, 1, 2, 1)) },
			[]string{"0s [1]", "1ms [2]"}},
		"a body that runs": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			g.Do("a", ask(prices, 1))
			g.Do("sleep", sleep)
		}, []string{"1s [1]"}},
		"a body that runs and asks": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			g.Do("a", ask(prices, 1))
			g.Do("sleep", sleep).Do("b", func(ctx context.Context, _ struct{}) error { return ask(prices, 2)(ctx) })
		}, []string{"1s [1 2]"}},
		"a body in Blocking": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			g.Do("a", ask(prices, 1))
			g.Do("blocking", func(ctx context.Context) error {
				return asap.Blocking(ctx, func() error { return sleep(ctx) })
			})
		}, []string{"1s [1]"}},
		"the caller": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			g.Do("a", ask(prices, 1))
			time.Sleep(time.Second)
			g.Do("b", ask(prices, 2))
		}, []string{"1s [1 2]"}},
		"a nested group": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			g.Do("a", ask(prices, 1))
			g.Do("outer", func(ctx context.Context) error {
				inner := asap.New(ctx)
				defer inner.Stop()
				inner.Do("sleep", sleep).Do("b", func(ctx context.Context, _ struct{}) error { return ask(prices, 2)(ctx) })
				inner.Do("c", ask(prices, 3))
				return inner.Wait()
			})
		}, []string{"1s [1 2 3]"}},
		"a body that waits for one that runs": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			slow := g.Do("sleep", sleep)
			g.Do("b", func(ctx context.Context) error {
				if _, err := slow.Await(ctx); err != nil {
					return err
				}
				return ask(prices, 2)(ctx)
			})
			g.Do("a", ask(prices, 1))
		}, []string{"1s [1 2]"}},
		"a body that waits for who asks": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			a := g.Do("a", ask(prices, 1))
			g.Do("b", func(ctx context.Context) error {
				if _, err := a.Await(ctx); err != nil {
					return err
				}
				return ask(prices, 2)(ctx)
			})
		}, []string{"0s [1]", "1ms [2]"}},
		"a wait with a deadline": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			g.Do("a", ask(prices, 1))
			g.Do("b", func(ctx context.Context) error {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				return ask(prices, 2)(ctx)
			})
		}, []string{"0s [1 2]"}},
		"the functions of a Race": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			get := func(key int) func(context.Context) (int, error) {
				return func(ctx context.Context) (int, error) { return prices.Get(ctx, key) }
			}
			g.Race("race", get(1), get(2)).Then("then", func(ctx context.Context, _ int) (int, error) { return prices.Get(ctx, 3) })
		}, []string{"0s [1 2]", "1ms [3]"}},
		"in Needs": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			a, b := g.Do("a", ask(prices, 1)), g.Do("b", ask(prices, 2))
			g.Do("c", ask(prices, 3), asap.AfterEnd(a, b))
			g.Do("d", ask(prices, 4))
		}, []string{"0s [1 2 4]", "1ms [3]"}},
		"a task that is held back": {func(g *asap.Group, prices *batch.Loader[int, int]) {
			g.Do("a", ask(prices, 1)).Do("b", func(ctx context.Context, _ struct{}) error { return ask(prices, 2, 3)(ctx) })
		}, []string{"0s [1]", "1ms [2]", "2ms [3]"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, limit := range []int{1, 100} {
				inBubble(t, time.Millisecond, tt.test, func(err error, took time.Duration, f *fetcher) {
					noError(t, err)
					f.want(t, tt.want...)
				}, asap.Limit(limit))
			}
			inBubble(t, time.Millisecond, tt.test, func(err error, took time.Duration, f *fetcher) {
				noError(t, err)
				f.want(t, tt.want...)
			})
		})
	}
}

// TestMaxSize: a full call goes out at once, though others run; what is left does when it
// is quiet, and not after the calls that run.
func TestMaxSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Second)
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", f.fetch, batch.MaxSize(5), batch.MaxWait(never))
		g.Do("busy", func(context.Context) error { time.Sleep(time.Millisecond); return nil })
		for i := range 12 {
			g.Go("item", func(ctx context.Context) (int, error) { return prices.Get(ctx, i) })
		}
		noError(t, g.Wait())
		if len(f.calls) != 3 || f.at[0] != 0 || f.at[1] != 0 || f.at[2] != time.Millisecond || len(f.calls[2]) != 2 {
			t.Errorf("calls are %v at %v, want two of 5 at once, and one of 2 after 1ms", f.calls, f.at)
		}
		if took := time.Since(f.start); took != 1001*time.Millisecond {
			t.Errorf("took %v, want 1.001s", took)
		}
	})
}

// TestMaxWait: a call goes out after that time, whoever runs, and what is asked for later
// in another one.
func TestMaxWait(t *testing.T) {
	for name, want := range map[string]time.Duration{"given": 20 * time.Millisecond, "default": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFetcher(time.Millisecond)
				var options []batch.Option
				if name == "given" {
					options = append(options, batch.MaxWait(want))
				}
				g := asap.New(t.Context(), asap.Limit(3))
				prices := batch.New(g, "prices", f.fetch, options...)
				g.Do("busy", func(context.Context) error { time.Sleep(time.Second); return nil })
				g.Go("a", func(ctx context.Context) (int, error) { return prices.Get(ctx, 1) })
				g.Do("b", func(ctx context.Context) error {
					time.Sleep(want - 1)
					_, err := prices.Get(ctx, 2)
					return err
				})
				noError(t, g.Wait())
				f.want(t, fmt.Sprintf("%v [1 2]", want))
			})
		})
	}
}

// TestGetAll asks for all keys before it waits.
func TestGetAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Second)
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", f.fetch, batch.MaxSize(2), batch.MaxWait(never))
		all := g.Go("all", func(ctx context.Context) ([]int, error) { return prices.GetAll(ctx, []int{3, 1, 3, 2, 4, 5}) })
		noError(t, g.Wait())
		if got, want := fmt.Sprint(all.Value()), "[30 10 30 20 40 50]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		f.want(t, "0s [1 3]", "0s [2 4]", "0s [5]")
		if took := time.Since(f.start); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
	})
}
