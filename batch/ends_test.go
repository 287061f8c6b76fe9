package batch_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

var errBoom = errors.New("boom")

// get is a body that asks for one key.
func get(l *batch.Loader[int, int], key int) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) { return l.Get(ctx, key) }
}

// after is a body that waits, and then returns err.
func after(d time.Duration, err error) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return err }
}

// TestErrors: each key has its own, which says whose it is; that of the call is that of
// all its keys, and ends nothing by itself.
func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		fetch func(context.Context, []int) (map[int]int, error)
		want  map[int]string
		is    error
		whole bool // no key's own
	}{
		"missing": {func(_ context.Context, keys []int) (map[int]int, error) { return map[int]int{1: 10}, nil },
			map[int]string{1: "", 2: "prices[2]: missing"}, batch.ErrMissing, false},
		"a nil map": {func(_ context.Context, keys []int) (map[int]int, error) { return nil, nil },
			map[int]string{1: "prices[1]: missing", 2: "prices[2]: missing"}, batch.ErrMissing, false},
		"of the call": {func(_ context.Context, keys []int) (map[int]int, error) { return map[int]int{1: 10}, errBoom },
			map[int]string{1: "prices: boom", 2: "prices: boom"}, errBoom, true},
		"of a key": {func(_ context.Context, keys []int) (map[int]int, error) {
			return map[int]int{1: 10}, batch.Errors[int]{2: errBoom}
		}, map[int]string{1: "", 2: "prices[2]: boom"}, errBoom, false},
		"of a key, wrapped": {func(_ context.Context, keys []int) (map[int]int, error) {
			return map[int]int{1: 10}, fmt.Errorf("some: %w", batch.Errors[int]{2: errBoom})
		}, map[int]string{1: "", 2: "prices[2]: boom", 3: "prices[3]: missing"}, errBoom, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := asap.New(t.Context())
				prices := batch.New(g, "prices", tt.fetch)
				tasks := make(map[int]*asap.Task[asap.Result[int]])
				for key := range tt.want {
					tasks[key] = g.Optional("item", get(prices, key))
				}
				noError(t, g.Wait())
				for key, want := range tt.want {
					v, err := tasks[key].Value().Get()
					if want == "" {
						noError(t, err)
						if v != 10*key {
							t.Errorf("key %d is %d, want %d", key, v, 10*key)
						}
						continue
					}
					if err == nil || err.Error() != "item: "+want {
						t.Errorf("key %d: got %v, want item: %s", key, err, want)
						continue
					}
					k, own := errors.AsType[*batch.KeyError](err)
					if own == tt.whole || own && (k.Key != any(key) || k.Batch != "prices") {
						t.Errorf("key %d: %v is %+v as a KeyError", key, err, k)
					}
					if want := "prices[3]"; !strings.Contains(err.Error(), want) && !errors.Is(err, tt.is) {
						t.Errorf("key %d: %v is not %v", key, err, tt.is)
					}
				}
			})
		})
	}
}

// TestFailureIsTheAskers: who returns the error of a call fails by it, and the group says
// whose it is.
func TestFailureIsTheAskers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", func(context.Context, []int) (map[int]int, error) { return nil, errBoom })
		g.Go("item", get(prices, 1))
		err := g.Wait()
		if err == nil || err.Error() != "item: prices: boom" || !errors.Is(err, errBoom) {
			t.Errorf("got %v, want item: prices: boom", err)
		}
		ge, _ := errors.AsType[*asap.GroupError](err)
		if ge == nil || len(ge.Failures) != 1 || ge.Failures[0].Task != "item" {
			t.Errorf("failures are %v, want that of item alone", ge)
		}
	})
}

// TestInOrder: values in the order of keys, and how many there have to be.
func TestInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context())
		squares := batch.NewInOrder(g, "squares", func(_ context.Context, keys []int) ([]int, error) {
			var list []int
			for _, key := range keys {
				list = append(list, key*key)
			}
			return list, batch.Errors[int]{3: errBoom}
		})
		short := batch.NewInOrder(g, "short", func(context.Context, []int) ([]int, error) { return []int{1}, nil })
		a := g.Go("a", get(squares, 5))
		b, c := g.Optional("b", get(squares, 3)), g.Optional("c", func(ctx context.Context) ([]int, error) { return short.GetAll(ctx, []int{1, 2}) })
		noError(t, g.Wait())
		if a.Value() != 25 {
			t.Errorf("got %d, want 25", a.Value())
		}
		if err := b.Value().Err; err == nil || err.Error() != "b: squares[3]: boom" {
			t.Errorf("got %v, want b: squares[3]: boom", err)
		}
		if err := c.Value().Err; err == nil || err.Error() != "c: short: 1 values for 2 keys" {
			t.Errorf("got %v, want c: short: 1 values for 2 keys", err)
		}
	})
}

// TestPanic: that of a call is a body's.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		prices := batch.New(g, "prices", func(context.Context, []int) (map[int]int, error) { panic("boom") })
		var asker error
		g.Optional("item", func(ctx context.Context) (v int, err error) {
			_, asker = prices.Get(ctx, 1)
			return 0, asker
		})
		defer func() {
			p, _ := recover().(*asap.PanicError)
			if p == nil || p.Task != "prices" || p.Value != "boom" {
				t.Errorf("Wait panics with %v, want boom of prices", p)
			}
			if p, ok := errors.AsType[*asap.PanicError](asker); !ok || p.Task != "prices" {
				t.Errorf("Get gives %v, want the panic of prices", asker)
			}
		}()
		g.Wait()
	})
}

// TestGoexit: that of a call is a body's.
func TestGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asker error
		returned := false
		done := make(chan struct{})
		go func() {
			defer close(done)
			g := asap.New(t.Context())
			prices := batch.New(g, "prices", func(context.Context, []int) (map[int]int, error) {
				runtime.Goexit()
				return nil, nil
			})
			g.Do("item", func(ctx context.Context) error {
				_, asker = prices.Get(ctx, 1)
				return asker
			})
			g.Wait()
			returned = true
		}()
		<-done
		if returned || !errors.Is(asker, asap.ErrGoexit) {
			t.Errorf("Wait returned: %v; Get gives %v, want %v", returned, asker, asap.ErrGoexit)
		}
	})
}

// TestExit: a call may end the group.
func TestExit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
			hit := g.NewExit[int]()
			prices := batch.New(g, "prices", func(context.Context, []int) (map[int]int, error) { return nil, hit.With(7) })
			return g.Go("item", get(prices, 1)).Value
		})
		if v != 7 || err != nil {
			t.Errorf("got %v, %v; want 7", v, err)
		}
	})
}

// TestEndWhileHeld: when the group ends before a call goes out, none does, nobody waits any
// longer, and Wait says why.
func TestEndWhileHeld(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(g *asap.Group, cancel func())
		want string
	}{
		"failure": {func(g *asap.Group, cancel func()) { g.Do("bad", after(time.Second, errBoom)) }, "bad: boom"},
		"parent": {func(g *asap.Group, cancel func()) {
			time.AfterFunc(time.Second, cancel)
			g.Do("busy", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		}, "(running: busy): context canceled"},
		"panic": {func(g *asap.Group, cancel func()) {
			g.Do("bad", func(context.Context) error { time.Sleep(time.Second); panic("boom") })
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				f := newFetcher(0)
				g := asap.New(ctx, asap.Limit(3))
				prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
				var asker error
				tt.end(g, cancel)
				g.Do("item", func(ctx context.Context) error {
					_, asker = prices.Get(ctx, 1)
					return asker
				})
				defer func() {
					if v := recover(); (v != nil) != (tt.want == "") {
						t.Errorf("Wait panics with %v", v)
					}
					f.want(t)
					if took := time.Since(f.start); took != time.Second {
						t.Errorf("took %v, want 1s", took)
					}
					if asker == nil {
						t.Errorf("Get gives no error")
					}
				}()
				if err := g.Wait(); err == nil || !strings.HasSuffix(err.Error(), tt.want) || strings.Contains(err.Error(), "item") {
					t.Errorf("got %v, want %s", err, tt.want)
				}
			})
		})
	}
}

// TestEndWhileRunning: a call that runs is canceled with the group, and waited for.
func TestEndWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", func(ctx context.Context, keys []int) (map[int]int, error) {
			<-ctx.Done()
			time.Sleep(time.Second)
			return nil, context.Cause(ctx)
		}, batch.MaxWait(never))
		g.Go("item", get(prices, 1))
		g.Do("bad", after(time.Second, errBoom))
		if err := g.Wait(); err == nil || err.Error() != "bad: boom" {
			t.Errorf("got %v, want bad: boom", err)
		}
		// Held until bad has ended, so it never began.
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
		g = asap.New(t.Context())
		prices = batch.New(g, "prices", func(ctx context.Context, keys []int) (map[int]int, error) {
			<-ctx.Done()
			time.Sleep(time.Second)
			return nil, context.Cause(ctx)
		}, batch.MaxSize(1))
		g.Go("item", get(prices, 1))
		g.Do("bad", after(time.Second, errBoom))
		if err := g.Wait(); err == nil || err.Error() != "bad: boom" {
			t.Errorf("got %v, want bad: boom", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v, want 3s", took)
		}
	})
}

// TestAskersLeave: a wait with a deadline ends with that; a key for which nobody waits any
// more is not fetched, and may be asked for again.
func TestAskersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Millisecond)
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
		late := func(ctx context.Context, key int) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := prices.Get(ctx, key)
			return err
		}
		left := g.Optional("left", func(ctx context.Context) (int, error) { return 0, late(ctx, 1) })
		g.Go("stays", get(prices, 2))
		g.Do("busy", after(2*time.Second, nil))
		again := left.Then("again", func(ctx context.Context, _ asap.Result[int]) (int, error) {
			time.Sleep(5 * time.Second)
			return prices.Get(ctx, 1)
		})
		noError(t, g.Wait())
		if err := left.Value().Err; !errors.Is(err, context.DeadlineExceeded) || err.Error() != "left: await prices: context deadline exceeded" {
			t.Errorf("got %v, want left: await prices: context deadline exceeded", err)
		}
		if again.Value() != 10 {
			t.Errorf("got %d, want 10", again.Value())
		}
		f.want(t, "6s [1 2]")
	})
}

// TestAllAskersLeave: then nothing is fetched.
func TestAllAskersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(0)
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
		g.Optional("left", func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return prices.Get(ctx, 1)
		})
		g.Do("busy", after(2*time.Second, nil))
		noError(t, g.Wait())
		f.want(t)
	})
}

// TestAfterTheEnd: what is there is given, what is not fails.
func TestAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(0)
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", f.fetch)
		g.Go("item", get(prices, 1))
		noError(t, g.Wait())
		v, err := prices.Get(t.Context(), 1)
		noError(t, err)
		if v != 10 {
			t.Errorf("got %d, want 10", v)
		}
		for range 2 {
			if _, err = prices.Get(t.Context(), 2); !errors.Is(err, asap.ErrSkipped) || err.Error() != "prices[2]: the group has ended" {
				t.Errorf("got %v, want prices[2]: the group has ended", err)
			}
		}
		f.want(t, "0s [1]")
	})
}

// TestOfNoBody: with such a context the call goes out at once, with what others have
// asked for: also by the caller of the group, which is counted, and by a goroutine that a
// body has left behind.
func TestOfNoBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Millisecond)
		g := asap.New(t.Context(), asap.Limit(2))
		prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
		g.Go("item", get(prices, 1))
		g.Do("leaves", func(ctx context.Context) error {
			go func() {
				time.Sleep(5 * time.Millisecond)
				if v, err := prices.Get(ctx, 3); v != 30 || err != nil {
					t.Errorf("got %v, %v, want 30", v, err)
				}
			}()
			return nil
		})
		g.Do("busy", after(time.Second, nil))
		synctest.Wait()
		v, err := prices.Get(t.Context(), 2)
		noError(t, err)
		if v != 20 {
			t.Errorf("got %d, want 20", v)
		}
		noError(t, g.Wait())
		f.want(t, "0s [1 2]", "5ms [3]")
	})
}

// TestLeftBehind: a goroutine that a body has left behind in its Get does not keep others
// from noticing that it is quiet, nor make them notice too early.
func TestLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(time.Millisecond)
		g := asap.New(t.Context())
		prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
		g.Do("leaves", func(ctx context.Context) error {
			go prices.Get(ctx, 1)
			time.Sleep(time.Millisecond)
			return nil
		}).Do("next", func(ctx context.Context, _ struct{}) error {
			time.Sleep(time.Second)
			_, err := prices.Get(ctx, 2)
			return err
		})
		noError(t, g.Wait())
		// It was quiet when the body itself slept, which counts as one that waits.
		f.want(t, "0s [1]", "1.001s [2]")
	})
}

// TestLeftBehindAwaits: nor does one whose first wait begins while its body ends, or after
// that.
func TestLeftBehindAwaits(t *testing.T) {
	contexts := map[string]func(context.Context) (context.Context, context.CancelFunc){
		"own": func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		"cut": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		},
	}
	const bodies = 200
	for name, derive := range contexts {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				synctest.Test(t, func(t *testing.T) {
					f := newFetcher(time.Millisecond)
					g := asap.New(t.Context())
					prices := batch.New(g, "prices", f.fetch, batch.MaxWait(never))
					asks := func(key int) *asap.Task[int] {
						return g.Go("item", func(ctx context.Context) (int, error) {
							time.Sleep(time.Duration(key) * time.Second)
							return prices.Get(ctx, key)
						})
					}
					asks(1)
					last := asks(2)
					for i := range bodies {
						g.Do("leaves", func(ctx context.Context) error {
							ready := make(chan struct{})
							go func() {
								ctx, cancel := derive(ctx)
								defer cancel()
								close(ready)
								last.Await(ctx)
							}()
							<-ready
							for range i {
								runtime.Gosched()
							}
							return nil
						})
					}
					noError(t, g.Wait())
					f.want(t, "2s [1 2]")
				})
			}
		})
	}
}
