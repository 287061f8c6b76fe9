package rules_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// everywhere is each kind of body, one that does what it is told.
var everywhere = map[string]func(g *asap.Group, do func(context.Context) (int, error)){
	"x": func(g *asap.Group, do func(context.Context) (int, error)) { g.Go("x", do) },
	"do": func(g *asap.Group, do func(context.Context) (int, error)) {
		g.Do("do", func(ctx context.Context) error { _, err := do(ctx); return err })
	},
	"opt": func(g *asap.Group, do func(context.Context) (int, error)) { g.Optional("opt", do) },
	"then": func(g *asap.Group, do func(context.Context) (int, error)) {
		g.Input("in", 1).Then("then", func(ctx context.Context, _ int) (int, error) { return do(ctx) })
	},
	"race[1]": func(g *asap.Group, do func(context.Context) (int, error)) { g.Race("race", obeys, do) },
	"map[1]": func(g *asap.Group, do func(context.Context) (int, error)) {
		g.Map("map", g.Input("in", []int{0, 1}), func(ctx context.Context, i int) (int, error) {
			if i == 0 {
				return obeys(ctx)
			}
			return do(ctx)
		})
	},
}

func TestR15_Panic(t *testing.T) {
	for name, declare := range everywhere {
		for i, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(4)}, {asap.Name("g")}} {
			virtual(t, fmt.Sprint(name, i), func(t *testing.T) {
				c := startClock()
				g := asap.New(t.Context(), options...)
				declare(g, func(context.Context) (int, error) { time.Sleep(sec); panic("ouch") })
				sibling := g.Go("sibling", obeys) // ends only with the group
				e := ended(g.Wait)
				c.at(t, "Wait", sec)
				p, ok := e.panicked.(*asap.PanicError)
				if !ok {
					t.Fatalf("Wait: %+v, want a panic with a PanicError", e)
				}
				if p.Task != name || p.Value != "ouch" || p.Unwrap() != nil {
					t.Errorf("PanicError: task %s, value %v, want %s, ouch", p.Task, p.Value, name)
				}
				if text := p.Error(); !strings.HasPrefix(text, name+": panic: ouch\n\n") || !strings.Contains(text, "rules_dying_test.go") {
					t.Errorf("PanicError's text lacks the stack of the body:\n%s", text)
				}
				if sibling.Result().Err == nil {
					t.Error("sibling was not canceled")
				}
				again := ended(g.Wait)
				if again.panicked != nil || !errors.Is(again.err, p) {
					t.Errorf("the second Wait: %+v, want the PanicError as an error", again)
				}
				if e := ended(func() error { g.Stop(); return nil }); e.panicked != nil {
					t.Errorf("Stop after a Wait that panicked: %v, want nothing", e.panicked)
				}
			})
		}
	}
	virtual(t, "panic(nil)", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("x", func(context.Context) error { panic(nil) })
		p, _ := ended(g.Wait).panicked.(*asap.PanicError)
		if _, ok := errors.AsType[*runtime.PanicNilError](p); !ok {
			t.Errorf("Wait: got %v, want a PanicError around a PanicNilError", p)
		}
	})
	t.Run("panicnil=1", func(t *testing.T) {
		t.Setenv("GODEBUG", "panicnil=1")
		synctest.Test(t, func(t *testing.T) {
			for _, declare := range everywhere {
				g := asap.New(t.Context())
				declare(g, func(context.Context) (int, error) { panic(nil) })
				if e := ended(g.Wait); e.panicked == nil {
					t.Errorf("Wait: %+v, want a panic", e)
				}
			}
		})
	})
	virtual(t, "an error unwraps", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("x", func(context.Context) error { panic(errBoom) })
		p, _ := ended(g.Wait).panicked.(*asap.PanicError)
		wantIs(t, "PanicError", p, errBoom)
	})
	virtual(t, "Run, Stop and Await", func(t *testing.T) {
		body := func(context.Context) (int, error) { panic("ouch") }
		e := ended(func() error {
			_, err := asap.Run(t.Context(), func(g *asap.Group) func() int { return g.Go("x", body).Value })
			return err
		})
		if p, ok := e.panicked.(*asap.PanicError); !ok || p.Task != "x" {
			t.Errorf("Run: %+v, want a PanicError", e)
		}
		g := asap.New(t.Context())
		x := g.Go("x", body)
		_, err := x.Await(t.Context())
		p, ok := errors.AsType[*asap.PanicError](err)
		if !ok || p.Value != "ouch" {
			t.Errorf("Await: got %v, want the PanicError", err)
		}
		if e := ended(func() error { g.Stop(); return nil }); e.panicked != any(p) {
			t.Errorf("Stop: %+v, want the PanicError", e)
		}
		if e := ended(g.Wait); e.panicked != nil {
			t.Errorf("Wait after a Stop that panicked: %+v, want no panic", e)
		}
	})
	virtual(t, "nested ones pass unwrapped", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("outer", func(ctx context.Context) error {
			nested := asap.New(ctx)
			nested.Do("inner", func(context.Context) error { panic("ouch") })
			return nested.Wait()
		})
		if p, ok := ended(g.Wait).panicked.(*asap.PanicError); !ok || p.Task != "inner" || p.Value != "ouch" {
			t.Errorf("Wait: got %v, want the PanicError of inner", p)
		}
	})
	virtual(t, "first in time", func(t *testing.T) {
		g := asap.New(t.Context())
		for i := range 3 {
			g.Do(fmt.Sprint("x", i), func(context.Context) error { time.Sleep(time.Duration(3-i) * sec); panic(i) })
		}
		if p := ended(g.Wait).panicked.(*asap.PanicError); p.Task != "x2" {
			t.Errorf("Wait: panic of %s, want x2", p.Task)
		}
	})
	virtual(t, "neither a failure nor an exit hides it", func(t *testing.T) {
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		g.Do("exit", func(context.Context) error { time.Sleep(ms); return hit.With(1) })
		g.Do("x", func(context.Context) error { time.Sleep(sec); panic("ouch") })
		if e := ended(g.Wait); e.panicked == nil {
			t.Errorf("Wait of a group that exited first: %+v, want a panic", e)
		}
		g = asap.New(t.Context())
		g.Go("bad", fails(ms, errBoom))
		g.Do("x", func(context.Context) error { time.Sleep(sec); panic("ouch") })
		if e := ended(g.Wait); e.panicked == nil {
			t.Errorf("Wait of a group that failed first: %+v, want a panic", e)
		}
		g = asap.New(t.Context())
		g.Race("race", after(ms, 1), func(context.Context) (int, error) { time.Sleep(sec); panic("ouch") })
		if e := ended(g.Wait); e.panicked == nil {
			t.Errorf("Wait of a group with a won race: %+v, want a panic", e)
		}
	})
	virtual(t, "an error whose methods panic", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("x", func(context.Context) error { return nasty{} })
		g.Go("bad", fails(sec, errBoom))
		if p, ok := ended(g.Wait).panicked.(*asap.PanicError); !ok || p.Task != "x" {
			t.Errorf("Wait: got %v, want the PanicError of x", p)
		}
	})
	virtual(t, "a panic in a deferred call after Goexit", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("x", func(context.Context) error {
			defer func() { panic("late") }()
			runtime.Goexit()
			return nil
		})
		if p, ok := ended(g.Wait).panicked.(*asap.PanicError); !ok || p.Value != "late" {
			t.Errorf("Wait: got %v, want the PanicError with late", p)
		}
	})
	t.Run("a crash prints the stack of the body", func(t *testing.T) {
		if os.Getenv("ASAP_TEST_CRASH") == "1" {
			g := asap.New(context.Background())
			g.Do("x", crashHere)
			g.Wait()
			return
		}
		cmd := exec.Command(os.Args[0], "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")
		cmd.Env = append(os.Environ(), "ASAP_TEST_CRASH=1")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "x: panic: crash here") || !strings.Contains(string(out), "rules_test.crashHere") {
			t.Errorf("the crash (%v) does not show the body:\n%s", err, out)
		}
	})
}

func crashHere(context.Context) error { panic("crash here") }

// nasty is an error that panics when it is asked.
type nasty struct{}

func (nasty) Error() string   { return "nasty" }
func (nasty) Is(error) bool   { panic("in Is") }
func (nasty) As(any) bool     { panic("in As") }
func (nasty) Unwrap() []error { panic("in Unwrap") }

func TestR16_Goexit(t *testing.T) {
	for name, declare := range everywhere {
		for i, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(4)}, {asap.Name("g")}} {
			virtual(t, fmt.Sprint(name, i), func(t *testing.T) {
				c := startClock()
				g := asap.New(t.Context(), options...)
				declare(g, func(context.Context) (int, error) { time.Sleep(sec); runtime.Goexit(); return 0, nil })
				stubborn := g.Go("stubborn", after(3*sec, 7))
				sibling := g.Go("sibling", obeys)
				next := sibling.Then("next", never1[int](t))
				for _, call := range []string{"first", "second"} {
					if e := ended(g.Wait); !e.goexited {
						t.Errorf("the %s Wait: %+v, want a Goexit", call, e)
					}
					c.at(t, call+" Wait", 3*sec) // everything has ended
				}
				if stubborn.Value() != 7 {
					t.Errorf("stubborn: %d, want 7", stubborn.Value())
				}
				wantIs(t, "next", next.Result().Err, asap.ErrSkipped)
				if e := ended(func() error { g.Stop(); return nil }); e.goexited {
					t.Error("Stop: Goexit, want none")
				}
			})
		}
	}
	virtual(t, "settles and wakes", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		x := g.Go("x", func(context.Context) (int, error) { time.Sleep(sec); runtime.Goexit(); return 0, nil })
		for range 3 {
			g.Go("waiter", func(ctx context.Context) (int, error) {
				_, err := x.Await(ctx)
				c.at(t, "Await", sec)
				wantIs(t, "Await", err, asap.ErrGoexit)
				return 0, err
			})
		}
		_, err := x.Await(t.Context())
		wantText(t, "Await", err, "x: body called runtime.Goexit")
		g.Stop()
	})
	virtual(t, "Run", func(t *testing.T) {
		e := ended(func() error {
			_, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
				return g.Go("x", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }).Value
			})
			return err
		})
		if !e.goexited {
			t.Errorf("Run: %+v, want a Goexit", e)
		}
	})
	virtual(t, "nested", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("outer", func(ctx context.Context) error {
			nested := asap.New(ctx)
			nested.Do("inner", func(context.Context) error { runtime.Goexit(); return nil })
			return nested.Wait()
		})
		if e := ended(g.Wait); !e.goexited {
			t.Errorf("Wait: %+v, want a Goexit", e)
		}
	})
	virtual(t, "Stop in a defer leaves the caller's panic", func(t *testing.T) {
		e := ended(func() error {
			g := asap.New(t.Context())
			defer g.Stop()
			g.Do("x", func(context.Context) error { runtime.Goexit(); return nil })
			synctest.Wait()
			panic("the caller's")
		})
		if e.panicked != "the caller's" {
			t.Errorf("the caller: %+v, want its own panic", e)
		}
	})
	// Whichever goroutine ran the body: several orders and numbers of bodies.
	for _, order := range []string{"PG", "GP", "GGP", "PGG", "oGoP", "GoPo"} {
		virtual(t, "a panic beats a Goexit "+order, func(t *testing.T) {
			for _, first := range []string{"P", "G"} {
				g := asap.New(t.Context())
				for i, what := range order {
					d := sec
					if string(what) == first {
						d = ms
					}
					g.Do(fmt.Sprint(string(what), i), func(context.Context) error {
						time.Sleep(d)
						switch what {
						case 'P':
							panic("ouch")
						case 'G':
							runtime.Goexit()
						}
						return nil
					})
				}
				if e := ended(g.Wait); e.panicked == nil {
					t.Errorf("Wait, %s first: %+v, want a panic", first, e)
				}
			}
		})
	}
	t.Run("a failed test ends", func(t *testing.T) {
		inner := &failing{T: t}
		done := make(chan bool)
		go func() {
			defer close(done)
			g := asap.New(t.Context())
			defer g.Stop()
			g.Do("check", func(context.Context) error { inner.FailNow(); return nil })
			g.Wait()
			t.Error("the test goes on after FailNow in a task")
		}()
		<-done
	})
}

// failing is a test whose FailNow does not fail the real one.
type failing struct{ *testing.T }

func (*failing) FailNow() { runtime.Goexit() }
