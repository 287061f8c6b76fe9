package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// Errors whose methods do what no method should.
type (
	edgePanicsIs      struct{}
	edgePanicsAs      struct{}
	edgePanicsUnwrap  struct{}
	edgePanicsUnwraps struct{}
	edgeGoexits       struct{}
	edgeUncomparable  []error
)

func (edgePanicsIs) Error() string        { return "bad Is" }
func (edgePanicsIs) Is(error) bool        { panic("in a method") }
func (edgePanicsAs) Error() string        { return "bad As" }
func (edgePanicsAs) As(any) bool          { panic("in a method") }
func (edgePanicsUnwrap) Error() string    { return "bad Unwrap" }
func (edgePanicsUnwrap) Unwrap() error    { panic("in a method") }
func (edgePanicsUnwraps) Error() string   { return "bad Unwrap" }
func (edgePanicsUnwraps) Unwrap() []error { panic("in a method") }
func (edgeGoexits) Error() string         { return "Goexit in Unwrap" }
func (edgeGoexits) Unwrap() error         { runtime.Goexit(); return nil }
func (edgeUncomparable) Error() string    { return "not comparable" }

// edgeReturns is each kind of body, by its label: it returns err after d.
var edgeReturns = map[string]func(g *asap.Group, body func(context.Context) (int, error)){
	"x": func(g *asap.Group, body func(context.Context) (int, error)) { g.Go("x", body) },
	"do": func(g *asap.Group, body func(context.Context) (int, error)) {
		g.Do("do", func(ctx context.Context) error { _, err := body(ctx); return err })
	},
	"opt": func(g *asap.Group, body func(context.Context) (int, error)) { g.Optional("opt", body) },
	"then": func(g *asap.Group, body func(context.Context) (int, error)) {
		g.Go("in", edgeSleeps(0, 1)).Then("then", func(ctx context.Context, _ int) (int, error) { return body(ctx) })
	},
	"map[0]": func(g *asap.Group, body func(context.Context) (int, error)) {
		g.Map("map", g.Input("in", []int{1}), func(ctx context.Context, _ int) (int, error) { return body(ctx) })
	},
	"last[1]": func(g *asap.Group, body func(context.Context) (int, error)) { // every function fails, this one last
		g.Race("last", func(context.Context) (int, error) { return 0, errEdge }, body)
	},
	"first[0]": func(g *asap.Group, body func(context.Context) (int, error)) { // and this one first
		g.Race("first", body, func(context.Context) (int, error) { time.Sleep(time.Minute); return 0, errEdge })
	},
	"loses[1]": func(g *asap.Group, body func(context.Context) (int, error)) { // after another has won
		g.Race("loses", edgeSleeps(0, 1), body)
	},
	"inner": func(g *asap.Group, body func(context.Context) (int, error)) {
		g.Do("outer", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("inner", body)
			return in.Wait()
		})
	},
}

// TestE4_ErrorsThatPanic: a panic raised by a method of a user's error that the
// engine calls is the body's (R15): not the process dies, nor who waits. Errors
// that cannot be compared are errors like others.
func TestE4_ErrorsThatPanic(t *testing.T) {
	const s = time.Second
	rows := []struct {
		name  string
		err   error
		asked bool // no way to look into the error goes around that method
	}{
		{"Is", edgePanicsIs{}, false},
		{"As", edgePanicsAs{}, false},
		{"Unwrap", edgePanicsUnwrap{}, true},
		{"Unwrap of many", edgePanicsUnwraps{}, true},
		{"Is below", fmt.Errorf("wrapped: %w", edgePanicsIs{}), false},
		{"As below", errors.Join(errEdge, edgePanicsAs{}), false},
		{"Unwrap below", errors.Join(errEdge, edgePanicsUnwrap{}), true},
	}
	for _, row := range rows {
		edgeChild(t, row.name, func(t *testing.T) {
			for label, declare := range edgeReturns {
				for i, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(4)}} {
					for _, end := range []string{"", "parent", "Stop", "failure", "exit"} {
						for _, at := range []time.Duration{s / 2, 2 * s} { // before that end and after it
							edgeBubble(t, fmt.Sprint(label, i, end, at), func(t *testing.T) {
								parent, cancel := context.WithCancel(t.Context())
								defer cancel()
								g := asap.New(parent, options...)
								hit := g.NewExit[int]()
								declare(g, func(context.Context) (int, error) { time.Sleep(at); return 0, row.err })
								switch end {
								case "parent":
									time.AfterFunc(s, cancel)
								case "Stop":
									go edgeEnded(func() error { time.Sleep(s); g.Stop(); return nil }) // TestE13 has what Stop may raise
								case "failure":
									g.Do("bad", func(context.Context) error { time.Sleep(s); return errEdge })
								case "exit":
									g.Do("exits", func(context.Context) error { time.Sleep(s); return hit.With(1) })
								}
								g.Go("sibling", func(ctx context.Context) (int, error) { time.Sleep(3 * s); return 1, nil })
								e := edgeEnded(g.Wait)
								p, panicked := e.panicked.(*asap.PanicError)
								switch {
								case e.goexited, e.panicked != nil && !panicked:
									t.Errorf("Wait: %+v, want a PanicError or an error", e)
								case panicked && (p.Task != label || p.Value != "in a method"):
									t.Errorf("Wait: panic of %s with %v, want %s, in a method", p.Task, p.Value, label)
								case row.asked && at < s && label != "loses[1]" && !panicked:
									t.Errorf("Wait: %+v, want a PanicError of %s", e, label)
								}
							})
						}
					}
				}
			}
		})
	}
	edgeChild(t, "Goexit in Unwrap", func(t *testing.T) {
		for label, declare := range edgeReturns {
			edgeBubble(t, label, func(t *testing.T) {
				g := asap.New(t.Context())
				declare(g, func(context.Context) (int, error) { return 0, edgeGoexits{} })
				if e := edgeEnded(g.Wait); e.panicked != nil || !e.goexited && label != "loses[1]" {
					t.Errorf("Wait: %+v, want a Goexit (R16)", e)
				}
			})
		}
	})
	edgeChild(t, "not comparable", func(t *testing.T) {
		bad := edgeUncomparable{errEdge}
		for label, declare := range edgeReturns {
			for _, end := range []string{"", "parent", "failure"} {
				edgeBubble(t, label+end, func(t *testing.T) {
					parent, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					g := asap.New(parent, asap.Name("g"))
					declare(g, func(context.Context) (int, error) { time.Sleep(2 * s); return 0, bad })
					switch end {
					case "parent":
						time.AfterFunc(s, func() { cancel(bad) })
					case "failure":
						g.Do("bad", func(context.Context) error { time.Sleep(s); return bad })
					}
					e := edgeEnded(g.Wait)
					if e.panicked != nil || e.goexited {
						t.Errorf("Wait: %+v, want an error or nil", e)
					}
				})
			}
		}
	})
}

// TestE13_WhoRaises: Wait and Run raise a panic, once; Stop raises it only if
// no Wait was called (R15), and never a Goexit (R16).
func TestE13_WhoRaises(t *testing.T) {
	const s = time.Second
	deaths := map[string]func(){"panic": func() { panic("ouch") }, "Goexit": func() { runtime.Goexit() }}
	for death, die := range deaths {
		wantOfWait := func(t *testing.T, call string, e edgeEnd) {
			t.Helper()
			if _, ok := e.panicked.(*asap.PanicError); ok != (death == "panic") || e.goexited != (death == "Goexit") {
				t.Errorf("%s: %+v, want the %s", call, e, death)
			}
		}
		wantQuiet := func(t *testing.T, call string, e edgeEnd) {
			t.Helper()
			if e.panicked != nil || e.goexited {
				t.Errorf("%s: %+v, want nothing", call, e)
			}
		}
		for _, stopAt := range []time.Duration{s, 2 * s, 3 * s, 4 * s} {
			for _, waitAt := range []time.Duration{0, 2 * s, 3*s - 1} {
				edgeBubble(t, fmt.Sprintf("%s at 3s, Stop at %v, Wait at %v", death, stopAt, waitAt), func(t *testing.T) {
					for range 20 {
						g := asap.New(t.Context())
						g.Do("x", func(context.Context) error { time.Sleep(3 * s); die(); return nil })
						g.Go("y", edgeSleeps(4*s, 1))
						stops := make([]edgeEnd, 3)
						var wg sync.WaitGroup
						for i := range stops {
							wg.Go(func() {
								stops[i] = edgeEnded(func() error { time.Sleep(stopAt); g.Stop(); return nil })
							})
						}
						time.Sleep(waitAt)
						wait := edgeEnded(g.Wait)
						wg.Wait()
						wantOfWait(t, "Wait", wait)
						for _, e := range stops {
							wantQuiet(t, "Stop", e)
						}
						again := edgeEnded(g.Wait)
						if _, ok := errors.AsType[*asap.PanicError](again.err); ok != (death == "panic") || again.panicked != nil {
							t.Errorf("Wait again: %+v, want the panic as an error or the Goexit", again)
						}
					}
				})
			}
		}
		edgeBubble(t, death+", Stop of a nested group", func(t *testing.T) {
			for range 20 {
				g := asap.New(t.Context())
				var stop edgeEnd
				var wg sync.WaitGroup
				g.Do("outer", func(ctx context.Context) error {
					in := asap.New(ctx)
					in.Do("inner", func(context.Context) error { time.Sleep(3 * s); die(); return nil })
					wg.Go(func() { stop = edgeEnded(func() error { time.Sleep(s); in.Stop(); return nil }) })
					time.Sleep(2 * s)
					return in.Wait()
				})
				wait := edgeEnded(g.Wait)
				wg.Wait()
				wantOfWait(t, "Wait", wait)
				wantQuiet(t, "Stop", stop)
			}
		})
		edgeBubble(t, death+", Stop beside Run", func(t *testing.T) {
			for range 20 {
				var stop edgeEnd
				var wg sync.WaitGroup
				run := edgeEnded(func() error {
					_, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
						wg.Go(func() { stop = edgeEnded(func() error { time.Sleep(s); g.Stop(); return nil }) })
						return g.Go("x", func(context.Context) (int, error) { time.Sleep(2 * s); die(); return 0, nil }).Value
					})
					return err
				})
				wg.Wait()
				wantOfWait(t, "Run", run)
				wantQuiet(t, "Stop", stop)
			}
		})
		edgeBubble(t, death+", two Waits", func(t *testing.T) {
			g := asap.New(t.Context())
			g.Do("x", func(context.Context) error { time.Sleep(3 * s); die(); return nil })
			var wg sync.WaitGroup
			ends := make([]edgeEnd, 3)
			for i := range ends {
				wg.Go(func() { ends[i] = edgeEnded(g.Wait) })
			}
			wg.Wait()
			raised := 0
			for _, e := range ends {
				if e.panicked != nil {
					raised++
				}
				if e.goexited != (death == "Goexit") {
					t.Errorf("Wait: %+v", e)
				}
			}
			if raised != 0 && death == "Goexit" || raised != 1 && death == "panic" {
				t.Errorf("%s: raised as a panic %d times", death, raised)
			}
		})
		edgeBubble(t, death+", Stop alone", func(t *testing.T) {
			g := asap.New(t.Context())
			g.Do("x", func(context.Context) error { time.Sleep(3 * s); die(); return nil })
			synctest.Wait()
			e := edgeEnded(func() error { g.Stop(); return nil })
			if _, ok := e.panicked.(*asap.PanicError); ok != (death == "panic") || e.goexited {
				t.Errorf("Stop: %+v, want the panic, and no Goexit", e)
			}
		})
	}
}

// edgeFickle is a context whose Err is not nil for a while, by the count of
// calls, and then nil.
type edgeFickle struct {
	context.Context
	mu         sync.Mutex
	calls      int
	from, till int
	done       chan struct{} // never closed
}

func (c *edgeFickle) Done() <-chan struct{} { return c.done }
func (c *edgeFickle) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.from < c.calls && c.calls <= c.till {
		return context.Canceled
	}
	return nil
}

// TestE15_FickleParents: whoever sees the parent's end first ends the group; a
// wait that was cut short has a cause, and Wait is not nil when a task was
// skipped (R12a).
func TestE15_FickleParents(t *testing.T) {
	edgeChild(t, "for a few calls", func(t *testing.T) {
		for _, ends := range []bool{false, true} {
			for _, options := range [][]asap.Option{nil, {asap.Limit(1)}, {asap.Settled()}} {
				for from := range 40 {
					for _, length := range []int{1, 2, 3, 7} {
						edgeBubble(t, fmt.Sprint("calls from ", from, " on, ", length), func(t *testing.T) {
							var done chan struct{}
							if ends {
								done = make(chan struct{})
							}
							parent := &edgeFickle{Context: context.WithoutCancel(t.Context()), from: from, till: from + length, done: done}
							g := asap.New(parent, options...)
							var errs []error
							a := g.Go("a", edgeSleeps(time.Second, 1))
							b := g.Go("b", func(ctx context.Context) (int, error) { return a.Await(ctx) })
							c := g.Go("c", func(ctx context.Context) (int, error) {
								soft, cancel := context.WithTimeout(ctx, time.Minute)
								defer cancel()
								return b.Await(soft)
							})
							d := g.Go("d", func(ctx context.Context) (int, error) {
								in := asap.New(ctx)
								in.Go("in", c.Await)
								return 1, in.Wait()
							})
							last := d.Then("last", func(_ context.Context, v int) (int, error) { return v, nil })
							err := g.Wait()
							for _, t := range []*asap.Task[int]{a, b, c, d, last} {
								errs = append(errs, t.Result().Err)
							}
							if bad := errors.Join(errs...); (bad != nil) != (err != nil) {
								t.Errorf("Wait: %v, and the tasks: %v", err, bad)
							} else if err != nil && err.Error() == "" {
								t.Error("an error without a text")
							}
						})
					}
				}
			}
		}
	})
	edgeChild(t, "a task's context says the same to all", func(t *testing.T) {
		// Err, once not nil, stays so, and comes with a cause and a Done that is
		// closed, for whoever looks, whether or not somebody has asked for Done.
		rounds := 3000
		if testing.Short() {
			rounds = 300
		}
		for round := range rounds {
			parent, cancel := context.WithCancelCause(context.Background())
			var ctx context.Context = parent
			if round%3 == 0 {
				ctx = edgeOpaque{parent}
			}
			g := asap.New(ctx)
			var looks sync.WaitGroup
			g.Do("x", func(ctx context.Context) error {
				for k := range 3 {
					looks.Go(func() {
						if k == round%4 {
							ctx.Done() // makes the real one
						}
						for ctx.Err() == nil {
							runtime.Gosched()
						}
						if context.Cause(ctx) == nil {
							t.Error("an end without a cause")
						}
						select {
						case <-ctx.Done():
						default:
							t.Error("Err is not nil, and Done is open")
						}
						for range 10 {
							if ctx.Err() == nil {
								t.Error("Err is nil again")
							}
						}
					})
				}
				if round%2 == 0 {
					looks.Wait()
				}
				return nil
			})
			go cancel(errEdge)
			g.Wait()
			cancel(nil)
			looks.Wait()
		}
	})
}
