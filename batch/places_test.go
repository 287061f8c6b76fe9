package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/batch"
	"github.com/asap-go/asap/flow"
)

// TestSeveralLoaders: what is held of all goes out at the same moment, and the calls run
// at the same time.
func TestSeveralLoaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newFetcher(time.Second), newFetcher(time.Second)
		g := asap.New(t.Context())
		authors := batch.New(g, "authors", a.fetch, batch.MaxWait(never))
		prices := batch.New(g, "prices", b.fetch, batch.MaxWait(never))
		for i := range 6 {
			g.Do("item", func(ctx context.Context) error {
				first, second := authors, prices
				if i%2 == 0 {
					first, second = second, first
				}
				v, err := first.Get(ctx, i)
				if err == nil {
					_, err = second.Get(ctx, v)
				}
				return err
			})
		}
		noError(t, g.Wait())
		a.want(t, "0s [1 3 5]", "1s [0 20 40]")
		b.want(t, "0s [0 2 4]", "1s [10 30 50]")
	})
}

// TestOwnGroup: a loader of a nested group waits for nobody outside of it, and one of the
// group around for those in it.
func TestOwnGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, inner := newFetcher(time.Millisecond), newFetcher(time.Millisecond)
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", outer.fetch, batch.MaxWait(never))
		g.Do("busy", after(time.Second, nil))
		g.Do("page", func(ctx context.Context) error {
			_, err := asap.Run(ctx, func(g *asap.Group) func() int {
				names := batch.New(g, "names", inner.fetch, batch.MaxWait(never))
				for i := range 3 {
					g.Go("item", get(names, i)).Then("price", func(ctx context.Context, v int) (int, error) { return prices.Get(ctx, v) })
				}
				return nil
			})
			return err
		})
		noError(t, g.Wait())
		inner.want(t, "0s [0 1 2]")
		outer.want(t, "1s [0 10 20]")
	})
}

// TestOutsideOfItsGroup: a body that the loader's group is nested in may ask as well, and
// the call goes out at once.
func TestOutsideOfItsGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(0)
		g := asap.New(t.Context(), asap.Limit(1))
		g.Do("page", func(ctx context.Context) error {
			inner := asap.New(ctx)
			defer inner.Stop()
			prices := batch.New(inner, "prices", f.fetch, batch.MaxWait(never))
			if v, err := prices.Get(ctx, 1); v != 10 || err != nil {
				t.Errorf("got %v, %v, want 10", v, err)
			}
			inner.Go("item", get(prices, 2))
			return inner.Wait()
		})
		noError(t, g.Wait())
		f.want(t, "0s [1]", "0s [2]")
	})
}

// TestFetchAsks: a call may ask another loader, and its own for other keys; for its own
// keys it would wait for itself.
func TestFetchAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Millisecond)
		g := asap.New(t.Context(), asap.Limit(1))
		prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
		var sums *batch.Loader[int, int]
		sums = batch.New(g, "sums", func(ctx context.Context, keys []int) (map[int]int, error) {
			values := make(map[int]int)
			for _, key := range keys {
				v, err := prices.Get(ctx, key)
				if err != nil {
					return nil, err
				}
				values[key] = v
				if key > 0 {
					below, err := sums.Get(ctx, key-1)
					if err != nil {
						return nil, err
					}
					values[key] += below
				}
			}
			return values, nil
		}, batch.MaxWait(never))
		got := g.Go("sum", get(sums, 3))
		var itself *batch.Loader[int, int]
		itself = batch.New(newGroup(t), "itself", func(ctx context.Context, keys []int) (map[int]int, error) {
			_, err := itself.Get(ctx, keys[0])
			return nil, err
		}, batch.MaxWait(never))
		_, err := itself.Get(t.Context(), 1)
		if c, ok := errors.AsType[*asap.CycleError](err); !ok || !slices.Equal(c.Path, []string{"itself", "itself"}) {
			t.Errorf("got %v, want a cycle of itself", err)
		}
		noError(t, g.Wait())
		if got.Value() != 60 {
			t.Errorf("got %d, want 60", got.Value())
		}
		f.want(t, "0s [3]", "1ms [2]", "2ms [1]", "3ms [0]")
	})
}

// newGroup returns a group that is stopped at the end of the test.
func newGroup(t *testing.T) *asap.Group {
	g := asap.New(t.Context())
	t.Cleanup(g.Stop)
	return g
}

// TestCycle: a call that waits for who waits for it.
func TestCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context())
		var item *asap.Task[int]
		declared := make(chan struct{})
		prices := batch.New(g, "prices", func(ctx context.Context, keys []int) (map[int]int, error) {
			v, err := item.Await(ctx)
			return map[int]int{1: v}, err
		}, batch.MaxWait(never))
		item = g.Go("item", func(ctx context.Context) (int, error) { <-declared; return prices.Get(ctx, 1) })
		close(declared)
		err := g.Wait()
		if c, ok := errors.AsType[*asap.CycleError](err); !ok || strings.Join(c.Path, " ") != "prices item prices" {
			t.Errorf("got %v, want the cycle of prices, item, prices", err)
		}
	})
}

// TestAround: those of the group are around a call; the first that succeeds counts.
func TestAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Millisecond)
		retry := asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
			err := body(ctx)
			if err != nil && task == "prices" {
				err = body(ctx)
			}
			return err
		})
		g := asap.New(t.Context(), retry)
		tries := 0
		prices := batch.New(g, "prices", func(ctx context.Context, keys []int) (map[int]int, error) {
			if tries++; tries == 1 {
				return nil, errBoom
			}
			return f.fetch(ctx, keys)
		}, batch.MaxWait(never))
		a, b := g.Go("a", get(prices, 1)), g.Go("b", get(prices, 2))
		noError(t, g.Wait())
		if a.Value() != 10 || b.Value() != 20 {
			t.Errorf("got %d and %d, want 10 and 20", a.Value(), b.Value())
		}
		f.want(t, "0s [1 2]")
	})
}

// watcher notes what happens, by name.
type watcher struct {
	mu    sync.Mutex
	names map[asap.ID]string
	seen  []string
}

func (w *watcher) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (w *watcher) Observe(e asap.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e.Kind {
	case asap.Declared:
		w.names[e.Task] = e.Name
	case asap.Blocked:
		w.seen = append(w.seen, w.names[e.Task]+" on "+w.names[e.On])
	case asap.Ended:
		w.seen = append(w.seen, fmt.Sprint(w.names[e.Task], " ", e.Outcome))
	}
}

// TestSeen: a call is a task, and who has asked waits for it.
func TestSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{names: make(map[asap.ID]string)}
		g := asap.New(t.Context(), asap.Observe(w))
		prices := batch.New(g, "prices", newFetcher(0).fetch, batch.MaxWait(never))
		a := g.Go("a", get(prices, 1))
		g.Go("b", get(prices, 2))
		a.Then("c", func(ctx context.Context, v int) (int, error) { return prices.Get(ctx, v) })
		noError(t, g.Wait())
		slices.Sort(w.seen)
		want := []string{"a Succeeded", "a on prices", "b Succeeded", "b on prices", "c Succeeded", "c on prices", "prices Succeeded", "prices Succeeded"}
		for i := range w.seen {
			w.seen[i] = strings.ReplaceAll(strings.ReplaceAll(w.seen[i], "succeeded", "Succeeded"), "prices#2", "prices")
		}
		if !slices.Equal(w.seen, want) {
			t.Errorf("seen is %q, want %q", w.seen, want)
		}
	})
}

// TestFlow: a flow that runs inside of a body may ask; a loader of its own it has not.
func TestFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Millisecond)
		type key struct{}
		double := flow.Define("double", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("get", func(ctx context.Context, v int) (int, error) {
				return ctx.Value(key{}).(*batch.Loader[int, int]).Get(ctx, v)
			})
		})
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
		for i := range 3 {
			g.Do("item", func(ctx context.Context) error {
				v, err := double.Run(context.WithValue(ctx, key{}, prices), i)
				if v != 10*i && err == nil {
					err = fmt.Errorf("got %d", v)
				}
				return err
			})
		}
		noError(t, g.Wait())
		f.want(t, "0s [0 1 2]")
		bad := flow.Define("bad", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			batch.New(g, "prices", f.fetch)
			return in
		})
		panics(t, "asap: batch.New of prices in the group of a flow or of an engine elsewhere; make it in the group around, or in one that a body makes",
			func() { bad.Run(t.Context(), 1) })
	})
}

// TestMisuse: what callers must not do panics, every time.
func TestMisuse(t *testing.T) {
	f := newFetcher(0)
	g := newGroup(t)
	prices := batch.New(g, "prices", f.fetch)
	var none context.Context
	for want, call := range map[string]func(){
		"asap: batch.New of prices with a nil Group; make one with asap.New":                             func() { batch.New(nil, "prices", f.fetch) },
		"asap: batch.New of prices with a nil function; pass one that fetches the values of keys":        func() { batch.New[int, int](g, "prices", nil) },
		"asap: batch.NewInOrder of prices with a nil function; pass one that fetches the values of keys": func() { batch.NewInOrder[int, int](g, "prices", nil) },
		"asap: batch.New of prices with a nil option; leave it out":                                      func() { batch.New(g, "prices", f.fetch, nil) },
		"asap: batch.MaxSize(0); pass at least 1, or leave MaxSize out":                                  func() { batch.MaxSize(0) },
		"asap: batch.MaxWait(0s); pass a duration above 0, or leave MaxWait out":                         func() { batch.MaxWait(0) },
		"asap: Get of batch prices with a nil context; pass the body's":                                  func() { prices.Get(none, 1) },
		"asap: GetAll of batch prices with a nil context; pass the body's":                               func() { prices.GetAll(none, nil) },
		"asap: batch.New of prices in a group that has tasks already; make it before the first one": func() {
			g := newGroup(t)
			g.Input("one", 1)
			batch.New(g, "prices", f.fetch)
		},
	} {
		panics(t, want, call)
	}
	if prices.Name() != "prices" {
		t.Errorf("Name is %q, want prices", prices.Name())
	}
}

// TestSharedLimit: who waits for a slot that others hold to begin has not begun; who waits
// for one to go on has.
func TestSharedLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Millisecond)
		shared := asap.SharedLimit(1)
		other := asap.New(t.Context(), shared)
		other.Do("busy", after(time.Second, nil))
		synctest.Wait()
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
		g.Go("a", get(prices, 1))
		g.Go("b", get(prices, 2), shared)
		noError(t, g.Wait())
		noError(t, other.Wait())
		f.want(t, "0s [1]", "1s [2]")

		f = newFetcher(time.Millisecond)
		g, other = asap.New(t.Context()), asap.New(t.Context(), shared)
		prices = batch.New(g, "prices", f.fetch, batch.MaxWait(never))
		first := g.Do("first", after(time.Second, nil))
		g.Do("goes on", func(ctx context.Context) error {
			if _, err := first.Await(ctx); err != nil { // its slot is given to busy
				return err
			}
			_, err := prices.Get(ctx, 2)
			return err
		}, shared)
		synctest.Wait()
		other.Do("busy", after(2*time.Second, nil))
		g.Go("a", get(prices, 1))
		noError(t, g.Wait())
		noError(t, other.Wait())
		f.want(t, "2s [1 2]")
	})
}

// TestUndo: an undo may ask the loader of a group around, whose call goes out at once or
// with the next; one of its own group, which has ended, gives what it has.
func TestUndo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, inner := newFetcher(time.Millisecond), newFetcher(time.Millisecond)
		g := asap.New(t.Context(), asap.Settled())
		prices := batch.New(g, "prices", outer.fetch, batch.MaxWait(never))
		undone := 0
		g.Do("page", func(ctx context.Context) error {
			g := asap.New(ctx)
			defer g.Stop()
			names := batch.New(g, "names", inner.fetch, batch.MaxWait(never))
			g.Go("kept", get(names, 1)).Undo(func(ctx context.Context, v int) error {
				undone++
				if v, err := prices.Get(ctx, 5); v != 50 || err != nil {
					t.Errorf("got %v, %v, want 50", v, err)
				}
				if v, err := names.Get(ctx, 1); v != 10 || err != nil {
					t.Errorf("got %v, %v, want 10", v, err)
				}
				if _, err := names.Get(ctx, 2); !errors.Is(err, asap.ErrSkipped) {
					t.Errorf("got %v, want %v", err, asap.ErrSkipped)
				}
				return nil
			}).Do("bad", func(context.Context, int) error { return errBoom })
			return g.Wait()
		})
		if err := g.Wait(); !errors.Is(err, errBoom) || undone != 1 {
			t.Errorf("got %v, undone %d times, want %v and once", err, undone, errBoom)
		}
		inner.want(t, "0s [1]")
		outer.want(t, "1ms [5]")
	})
}

// TestElsewhere: a group whose bodies run on another engine has no loader. One that is
// nested is waited for as any, and its bodies, which are those of its body here, may ask.
func TestElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Millisecond)
		panics(t, "asap: batch.New of prices in the group of a flow or of an engine elsewhere; make it in the group around, or in one that a body makes",
			func() {
				batch.New(asap.New(t.Context(), flow.On(asaptest.NewExecutor(t.Context(), 1))), "prices", f.fetch)
			})
		g := asap.New(t.Context(), asap.Limit(1))
		prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
		g.Do("here", func(ctx context.Context) error {
			inner := asap.New(ctx, flow.On(asaptest.NewExecutor(ctx, 1)))
			defer inner.Stop()
			inner.Do("slow", after(time.Second, nil))
			inner.Go("asks", get(prices, 2))
			return inner.Wait()
		})
		g.Go("item", get(prices, 1))
		noError(t, g.Wait())
		if len(f.calls) == 0 || time.Since(f.start) > 2*time.Second {
			t.Errorf("calls are %v after %v, want some, by a second", f.calls, time.Since(f.start))
		}
	})
}

func panics(t *testing.T, want string, call func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); fmt.Sprint(v) != want {
			t.Errorf("got %v, want a panic with %s", v, want)
		}
	}()
	call()
}
