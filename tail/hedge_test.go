package tail_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
)

// TestFirst is what comes of the two calls: who has the value, when, and with what error.
func TestFirst(t *testing.T) {
	boom2 := errors.New("boom 2")
	for _, test := range []struct {
		name  string
		took  []time.Duration
		errs  []error
		value int
		err   error
		at    time.Duration // the task ends
		calls int
		won   int64
	}{
		{"quick", []time.Duration{5 * ms}, nil, 1, nil, 5 * ms, 1, 0},
		{"quick failure", []time.Duration{1 * ms}, []error{errBoom}, 0, errBoom, 1 * ms, 1, 0},
		{"second wins", []time.Duration{400 * ms, 20 * ms}, nil, 2, nil, 30 * ms, 2, 1},
		{"first wins", []time.Duration{20 * ms, 400 * ms}, nil, 1, nil, 20 * ms, 2, 0},
		{"second fails first", []time.Duration{50 * ms, 5 * ms}, []error{nil, errBoom}, 1, nil, 50 * ms, 2, 0},
		{"first fails late, second succeeds", []time.Duration{20 * ms, 50 * ms}, []error{errBoom}, 2, nil, 60 * ms, 2, 1},
		{"both fail, the first first", []time.Duration{20 * ms, 50 * ms}, []error{errBoom, boom2}, 0, errBoom, 60 * ms, 2, 0},
		{"both fail, the second first", []time.Duration{50 * ms, 5 * ms}, []error{errBoom, boom2}, 0, errBoom, 50 * ms, 2, 0},
	} {
		for _, watched := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				bubble(t, func(t *testing.T, ctx context.Context) {
					start := time.Now()
					h := always(10 * ms)
					var options []asap.Option
					if watched {
						options = append(options, asap.Observe(nobody{}))
					}
					g := asap.New(ctx, options...)
					var c calls
					ads := g.Go("ads", c.took(test.took, test.errs...), h)
					var at time.Duration
					after := g.Do("after", func(context.Context) error { at = time.Since(start); return nil }, asap.AfterEnd(ads))
					_ = after
					err := g.Wait()
					if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) || errors.Is(err, boom2) {
						t.Errorf("Wait = %v, want %v", err, test.err)
					}
					if err == nil && (ads.Value() != test.value || at != test.at) {
						t.Errorf("value %d at %v, want %d at %v", ads.Value(), at, test.value, test.at)
					}
					if got := time.Since(start); got != test.at {
						t.Errorf("Wait took %v, want %v", got, test.at)
					}
					if c.count() != test.calls {
						t.Errorf("%d calls, want %d", c.count(), test.calls)
					}
					d := h.Decisions()
					if len(d) != 1 || d[0].Task != "ads" || d[0].Calls != 1 || d[0].Hedged != int64(test.calls-1) || d[0].Won != test.won {
						t.Errorf("Decisions = %+v, want %d hedged and %d won", d, test.calls-1, test.won)
					}
				})
			})
		}
	}
}

// nobody is an observer that does nothing.
type nobody struct{}

func (nobody) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (nobody) Observe(asap.Event)                                      {}

// TestLoser: whoever has lost is canceled, the dependents do not wait for it, and the
// group does.
func TestLoser(t *testing.T) {
	for _, winner := range []int{1, 2} {
		bubble(t, func(t *testing.T, ctx context.Context) {
			start := time.Now()
			g := asap.New(ctx)
			var c calls
			canceled := time.Duration(0)
			ads := g.Go("ads", func(ctx context.Context) (int, error) {
				i := c.next()
				if i == winner {
					return i, sleep(ctx, 30*ms)
				}
				<-ctx.Done()
				canceled = time.Since(start)
				time.Sleep(100 * ms) // it does not care
				return i, nil
			}, always(10*ms))
			var undone []int
			ads.Undo(func(_ context.Context, v int) error { undone = append(undone, v); return nil })
			var next time.Duration
			ads.Do("next", func(context.Context, int) error { next = time.Since(start); return nil })
			wait(t, g)
			at := 30 * ms
			if winner == 2 {
				at = 40 * ms
			}
			if ads.Value() != winner || next != at || canceled != at || time.Since(start) != at+100*ms {
				t.Errorf("winner %d of value %d: next at %v, loser canceled at %v, Wait at %v", winner, ads.Value(), next, canceled, time.Since(start))
			}
			if len(undone) != 1 || undone[0] != 3-winner {
				t.Errorf("undone %v, want the value of %d", undone, 3-winner)
			}
		})
	}
}

// TestContextOfWinner: R19, the context of a call that has won lives until the group's end.
func TestContextOfWinner(t *testing.T) {
	for _, winner := range []int{1, 2} {
		for _, opts := range [][]asap.TaskOption{nil, {asap.Timeout(time.Second)}, {asap.Within(time.Second)}} {
			bubble(t, func(t *testing.T, ctx context.Context) {
				g := asap.New(ctx)
				var c calls
				var lost atomic.Pointer[context.Context]
				ads := g.Go("ads", func(ctx context.Context) (context.Context, error) {
					derived, cancel := context.WithCancel(ctx)
					_ = cancel // the group's end is to do it
					if c.next() == winner {
						return derived, sleep(ctx, 20*ms)
					}
					lost.Store(&derived)
					return nil, sleep(ctx, time.Hour)
				}, append(opts, always(10*ms))...)
				ads.Do("read", func(_ context.Context, stream context.Context) error {
					time.Sleep(50 * ms)
					if stream.Err() != nil || (*lost.Load()).Err() == nil {
						t.Errorf("winner %d: its context is %v, the loser's %v", winner, stream.Err(), (*lost.Load()).Err())
					}
					return nil
				})
				wait(t, g)
				if ads.Value().Err() == nil {
					t.Error("the winner's context outlives the group")
				}
			})
		}
	}
}

// TestLimit: the second call has a slot of its own, or is not made.
func TestLimit(t *testing.T) {
	for _, limit := range []string{"group", "shared", "task"} {
		for n := 1; n <= 3; n++ {
			bubble(t, func(t *testing.T, ctx context.Context) {
				start := time.Now()
				var options []asap.Option
				h := always(10 * ms)
				task := []asap.TaskOption{h}
				switch limit {
				case "group":
					options = append(options, asap.Limit(n))
				case "shared":
					options = append(options, asap.SharedLimit(n))
				case "task":
					task = append(task, asap.SharedLimit(n))
				}
				g := asap.New(ctx, options...)
				var c calls
				ads := g.Go("ads", c.took([]time.Duration{100 * ms, 20 * ms}), task...)
				wait(t, g)
				want, at, hedged := 2, 30*ms, int64(1)
				if n == 1 {
					want, at, hedged = 1, 100*ms, 0
				}
				if d := h.Decisions()[0]; ads.Value() != want || time.Since(start) != at || d.Hedged != hedged || d.Refused != 0 {
					t.Errorf("%s limit %d: value %d at %v, %+v", limit, n, ads.Value(), time.Since(start), d)
				}
			})
		}
	}
}

// TestLimitFull: with all slots taken by others the first goes on, and what is not
// called costs nothing.
func TestLimitFull(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context) {
		h := tail.Hedge(tail.After(10*ms), tail.Share(.5))
		for i := range 3 {
			g := asap.New(ctx, asap.Limit(2))
			g.Do("other", func(ctx context.Context) error {
				if i < 2 {
					return sleep(ctx, 200*ms)
				}
				return nil
			})
			var c calls
			g.Go("ads", c.took([]time.Duration{100 * ms, 20 * ms}), h)
			wait(t, g)
		}
		// The first has nothing to spend; the second gets back what it has not spent.
		if d := h.Decisions()[0]; d.Calls != 3 || d.Hedged != 1 || d.Won != 1 || d.Refused != 1 {
			t.Errorf("%+v, want one call hedged and one refused", d)
		}
	})
}

// TestMap: elements are hedged one by one, and share a record.
func TestMap(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context) {
		start := time.Now()
		h := always(10 * ms)
		g := asap.New(ctx, asap.Name("home"))
		in := g.Input("ids", []int{0, 1, 2, 3, 4})
		var cs [5]calls
		likes := g.Map("likes", in, func(ctx context.Context, id int) (int, error) {
			return cs[id].took([]time.Duration{time.Duration(id) * 50 * ms, 5 * ms})(ctx)
		}, h)
		wait(t, g)
		for i, v := range likes.Value() {
			if want := min(i, 1) + 1; v != want {
				t.Errorf("likes[%d] has the value of call %d, want %d", i, v, want)
			}
		}
		if d := h.Decisions(); len(d) != 1 || d[0].Group != "home" || d[0].Task != "likes[]" || d[0].Calls != 5 || d[0].Hedged != 4 || d[0].Won != 4 {
			t.Errorf("%+v, want one record of likes[] with 5 calls, 4 hedged and won", d)
		}
		if time.Since(start) != 15*ms {
			t.Errorf("took %v, want 15 ms", time.Since(start))
		}
	})
}

// TestArity: values of dependencies reach both calls, by argument, Get and Await.
func TestArity(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context) {
		h := always(10 * ms)
		g := asap.New(ctx)
		a, b, d := g.Input("a", 1), g.Input("b", 2), g.Input("d", 4)
		later := g.Go("later", func(ctx context.Context) (int, error) { return 8, sleep(ctx, 15*ms) })
		var c calls
		sum := a.And(b).Then("sum", func(ctx context.Context, a, b int) (int, error) {
			if c.next() == 1 {
				return 0, sleep(ctx, time.Hour)
			}
			v, err := later.Await(ctx)
			return a + b + d.Get(ctx) + v, err
		}, asap.Needs(d), h)
		opt := a.Optional("opt", func(ctx context.Context, a int) (int, error) { return 0, errBoom }, h)
		wait(t, g)
		if sum.Value() != 15 {
			t.Errorf("sum = %d, want 15", sum.Value())
		}
		if !errors.Is(opt.Value().Err, errBoom) {
			t.Errorf("opt = %v, want boom", opt.Value())
		}
	})
}

// TestLimitsOfTime: Timeout and Within count over both calls.
func TestLimitsOfTime(t *testing.T) {
	for _, o := range []asap.TaskOption{asap.Timeout(50 * ms), asap.Within(50 * ms)} {
		bubble(t, func(t *testing.T, ctx context.Context) {
			start := time.Now()
			g := asap.New(ctx)
			var c calls
			ads := g.Optional("ads", c.took([]time.Duration{time.Hour, time.Hour}), o, always(10*ms))
			wait(t, g)
			if !errors.Is(ads.Value().Err, context.DeadlineExceeded) || time.Since(start) != 50*ms || c.count() != 2 {
				t.Errorf("%v after %v and %d calls", ads.Value().Err, time.Since(start), c.count())
			}
		})
	}
}

// TestEnds: whatever ends the group or a call, at any moment of it, nothing is left.
func TestEnds(t *testing.T) {
	type what func(ctx context.Context, hit *asap.Exit[int]) error
	ends := map[string]what{
		"fail":   func(context.Context, *asap.Exit[int]) error { return errBoom },
		"panic":  func(context.Context, *asap.Exit[int]) error { panic("boom") },
		"goexit": func(context.Context, *asap.Exit[int]) error { runtime.Goexit(); return nil },
		"exit":   func(_ context.Context, hit *asap.Exit[int]) error { return hit.With(7) },
	}
	for name, end := range ends {
		for _, where := range []string{"first", "second", "other"} {
			for _, at := range []time.Duration{0, 5 * ms, 10 * ms, 15 * ms, 25 * ms, 30 * ms, 60 * ms} {
				for _, settled := range []bool{false, true} {
					bubble(t, func(t *testing.T, ctx context.Context) {
						var options []asap.Option
						if settled {
							options = append(options, asap.Settled())
						}
						start := time.Now()
						done := make(chan string, 1)
						go func() {
							how := "goexit"
							defer func() {
								if v := recover(); v != nil {
									how = "panic"
								}
								done <- how
							}()
							g := asap.New(ctx, options...)
							hit := g.NewExit[int]()
							var c calls
							g.Go("ads", func(ctx context.Context) (int, error) {
								i := c.next()
								if i == 1 && where == "first" || i == 2 && where == "second" {
									if err := sleep(ctx, max(at-time.Since(start), 0)); err != nil {
										return 0, err
									}
									return 0, end(ctx, hit)
								}
								return i, sleep(ctx, 30*ms)
							}, always(10*ms))
							g.Do("other", func(ctx context.Context) error {
								if where == "other" {
									if err := sleep(ctx, at); err != nil {
										return err
									}
									return end(ctx, hit)
								}
								return nil
							})
							if err := g.Wait(); err != nil {
								how = "fail"
								return
							}
							how = "nil"
							if v, ok := hit.Value(); ok && v == 7 {
								how = "exit"
							}
						}()
						got := <-done
						// In the first call an end counts if the second has not won before; a second call
						// that fails is nothing; what ends elsewhere counts as long as there is something to end.
						want := name
						switch {
						case where == "first" && at >= 40*ms:
							want = "nil"
						case where == "first" && name == "fail" && at >= 10*ms:
							want = "nil" // the second goes on
						case where == "second" && (at > 30*ms || name == "fail"):
							want = "nil"
						}
						ties := where == "second" && at == 30*ms || where == "first" && at == 10*ms
						if got != want && !ties {
							t.Errorf("%s in %s at %v, settled %v: %s, want %s", name, where, at, settled, got, want)
						}
						if el := time.Since(start); el > 60*ms {
							t.Errorf("%s in %s at %v: took %v", name, where, at, el)
						}
					})
				}
			}
		}
	}
}

// TestCanceled: the end of the caller's context ends both calls, at any moment.
func TestCanceled(t *testing.T) {
	for _, at := range []time.Duration{0, 5 * ms, 10 * ms, 15 * ms, 30 * ms} {
		for _, stop := range []bool{false, true} {
			bubble(t, func(t *testing.T, ctx context.Context) {
				start := time.Now()
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				g := asap.New(ctx)
				var c calls
				g.Go("ads", c.took([]time.Duration{time.Hour, time.Hour}), always(10*ms))
				time.Sleep(at)
				if stop {
					g.Stop()
				}
				cancel()
				if err := g.Wait(); !errors.Is(err, context.Canceled) {
					t.Errorf("Wait = %v, want context.Canceled", err)
				}
				if time.Since(start) != at {
					t.Errorf("ended at %v, want %v", time.Since(start), at)
				}
			})
		}
	}
}

// TestCycle: a hedged task that waits for who waits for it is told, in both calls.
func TestCycle(t *testing.T) {
	for _, slow := range []bool{false, true} {
		bubble(t, func(t *testing.T, ctx context.Context) {
			g := asap.New(ctx, asap.Settled())
			var b *asap.Task[int]
			ready := make(chan struct{})
			var c calls
			a := g.Go("a", func(ctx context.Context) (int, error) {
				<-ready
				if c.next() == 1 && slow {
					sleep(ctx, 20*ms)
					return 0, errBoom // now only the second is left, which waits for b
				}
				return b.Await(ctx)
			}, always(10*ms))
			b = g.Go("b", func(ctx context.Context) (int, error) { return a.Await(ctx) })
			close(ready)
			if err := g.Wait(); slow {
				if !errors.Is(err, errBoom) {
					t.Errorf("Wait = %v, want that of the first call", err)
				}
			} else if _, ok := errors.AsType[*asap.CycleError](err); !ok {
				t.Errorf("Wait = %v, want a cycle", err)
			}
		})
	}
}

// TestNested: a hedged body that makes groups and races, and a hedged task in those.
func TestNested(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context) {
		start := time.Now()
		h := always(10 * ms)
		g := asap.New(ctx, asap.Name("home"), asap.Limit(8))
		var c calls
		page := g.Go("page", func(ctx context.Context) (int, error) {
			slow := c.next() == 1
			return asap.Run(ctx, func(g *asap.Group) func() int {
				r := g.Race("mirror", func(ctx context.Context) (int, error) {
					if slow {
						return 0, sleep(ctx, time.Hour)
					}
					return 3, sleep(ctx, 5*ms)
				}, func(ctx context.Context) (int, error) { return 0, sleep(ctx, 2*time.Hour) })
				var c calls
				inner := g.Go("inner", c.took([]time.Duration{time.Hour, 5 * ms}), h)
				return func() int { return r.Value() + 10*inner.Value() }
			})
		}, h)
		wait(t, g)
		if page.Value() != 23 || time.Since(start) != 25*ms {
			t.Errorf("%d after %v, want 23 after 25 ms", page.Value(), time.Since(start))
		}
		var names []string
		for _, d := range h.Decisions() {
			names = append(names, d.Task)
		}
		if len(names) != 3 || names[0] != "page" || names[1] != "page/hedge/inner" || names[2] != "page/inner" {
			t.Errorf("records of %q", names)
		}
	})
}

// TestRetry: around a hedge, and inside of it.
func TestRetry(t *testing.T) {
	retry := asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
		if body(ctx) == nil {
			return nil
		}
		return body(ctx)
	})
	bubble(t, func(t *testing.T, ctx context.Context) {
		g := asap.New(ctx)
		h := always(10 * ms)
		var c, d calls
		outside := g.Go("outside", c.took([]time.Duration{5 * ms, 50 * ms, 5 * ms}, errBoom), retry, h)
		inside := g.Go("inside", d.took([]time.Duration{5 * ms, 50 * ms, 5 * ms}, errBoom), h, retry)
		wait(t, g)
		if outside.Value() != 3 || inside.Value() != 3 {
			t.Errorf("values of calls %d and %d, want 3 and 3", outside.Value(), inside.Value())
		}
	})
}
