package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// blocks is a Blocking call that takes d.
func blocks(ctx context.Context, d time.Duration) error {
	return asap.Blocking(ctx, func() error { time.Sleep(d); return nil })
}

// TestR21_Blocking: a body holds no slot in a Blocking call, and has one again after it.
func TestR21_Blocking(t *testing.T) {
	virtual(t, "F15: a backoff under Limit(1)", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		for range 50 {
			g.Do("call", func(ctx context.Context) error {
				for range 3 {
					if err := blocks(ctx, sec); err != nil {
						return err
					}
				}
				return nil
			})
		}
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 3*sec)
	})
	virtual(t, "a pool of two connections that are held over nested waits", func(t *testing.T) { // E6
		pool := make(chan struct{}, 2)
		ids := make([]int, 20)
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(4))
		g.Map("orders", g.Input("ids", ids), func(ctx context.Context, _ int) (int, error) {
			if err := asap.Blocking(ctx, func() error { pool <- struct{}{}; return nil }); err != nil {
				return 0, err
			}
			defer func() { <-pool }()
			in := asap.New(ctx)
			in.Go("a", after(sec, 1))
			in.Go("b", after(sec, 1))
			return 1, in.Wait()
		})
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 10*sec)
	})
	virtual(t, "never more than the limit run", func(t *testing.T) {
		var m meter
		computes := m.body(ms)
		g := asap.New(t.Context(), asap.Limit(3))
		for i := range 40 {
			g.Do("x", func(ctx context.Context) error {
				computes(ctx)
				for range i % 4 {
					blocks(ctx, time.Duration(i%5)*ms)
					computes(ctx)
				}
				return nil
			})
		}
		wantNil(t, "Wait", g.Wait())
		m.check(t, 3)
	})
	virtual(t, "who comes back goes before who starts", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Do("a", func(ctx context.Context) error {
			blocks(ctx, sec)
			j.add("a is back")
			return nil
		})
		g.Go("b", j.span("b", 2*sec))
		g.Go("c", j.span("c", sec))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "0s b starts", "2s b ends", "2s a is back", "2s c starts", "3s c ends")
	})
	virtual(t, "nested, in several goroutines, and around awaits and nested groups", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		last := g.Do("last", func(ctx context.Context) error { return blocks(ctx, 6*sec) })
		g.Do("a", func(ctx context.Context) error {
			var wg sync.WaitGroup
			for i := range 3 {
				wg.Go(func() {
					asap.Blocking(ctx, func() error {
						blocks(ctx, time.Duration(i)*sec)
						return blocks(ctx, sec)
					})
				})
			}
			err := asap.Blocking(ctx, func() error {
				wg.Wait() // 3 s
				in := asap.New(ctx)
				in.Go("in", after(sec, 1)) // in the slot that this body has not
				if err := in.Wait(); err != nil {
					return err
				}
				_, err := last.Await(ctx)
				c.at(t, "the await", 6*sec)
				return err
			})
			time.Sleep(sec)
			return err
		})
		g.Go("beside", after(sec, 1))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 7*sec)
	})
	virtual(t, "in a Race, a Map with a limit, and a nested group with its own", func(t *testing.T) {
		c := startClock()
		body := func(ctx context.Context) (int, error) { return 1, blocks(ctx, sec) }
		g := asap.New(t.Context(), asap.Limit(1))
		g.Race("race", body, body, body)
		g.Map("map", g.Input("in", make([]int, 9)), func(ctx context.Context, _ int) (int, error) { return body(ctx) }, asap.Limit(1))
		g.Do("nested", func(ctx context.Context) error {
			in := asap.New(ctx, asap.Limit(1))
			for range 9 {
				in.Go("x", body)
			}
			return in.Wait()
		})
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", sec)
	})
	virtual(t, "a cycle in it is found, and none is made up", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled(), asap.Limit(1))
		var a, b *asap.Task[int]
		open := make(chan struct{})
		body := func(on **asap.Task[int]) func(context.Context) (int, error) {
			return func(ctx context.Context) (v int, err error) {
				err = asap.Blocking(ctx, func() error {
					<-open
					v, err = (*on).Await(ctx)
					return err
				})
				return v, err
			}
		}
		a = g.Go("a", body(&b))
		b = g.Go("b", body(&a))
		c := g.Go("c", after(sec, 1))
		g.Do("d", func(ctx context.Context) error {
			return asap.Blocking(ctx, func() error { _, err := c.Await(ctx); return err })
		})
		close(open)
		if _, ok := errors.AsType[*asap.CycleError](g.Wait()); !ok {
			t.Error("no cycle")
		}
	})
}

// TestR21_BlockingLeaves: a panic, a Goexit and an error leave a Blocking call with the slot.
func TestR21_BlockingLeaves(t *testing.T) {
	for name, die := range dying {
		virtual(t, name, func(t *testing.T) {
			var running atomic.Int32
			c := startClock()
			g := asap.New(t.Context(), asap.Settled(), asap.Limit(1))
			g.Do("a", func(ctx context.Context) error {
				defer func() {
					c.at(t, "the deferred call", 3*sec)
					if running.Add(1) != 1 {
						t.Error("two bodies run at once")
					}
					time.Sleep(sec)
					running.Add(-1)
				}()
				return asap.Blocking(ctx, func() error { time.Sleep(sec); die(); return nil })
			})
			g.Do("b", func(context.Context) error {
				running.Add(1)
				time.Sleep(3 * sec)
				running.Add(-1)
				return nil
			})
			ended(g.Wait)
			c.at(t, "Wait", 4*sec)
		})
	}
	virtual(t, "an error", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(1))
		g.Do("a", func(ctx context.Context) error { return asap.Blocking(ctx, func() error { return errBoom }) })
		wantIs(t, "Wait", g.Wait(), errBoom)
	})
	virtual(t, "a panic that the body recovers", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Do("a", func(ctx context.Context) error {
			if v := recovered(func() { asap.Blocking(ctx, func() error { panic("ouch") }) }); v != "ouch" {
				t.Errorf("recovered %v", v)
			}
			time.Sleep(sec)
			return nil
		})
		g.Go("b", after(sec, 1))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
	})
}

// TestR22_Blocking: after a cancel nobody who comes back queues.
func TestR22_Blocking(t *testing.T) {
	for name, end := range ways {
		if name == "success" {
			continue
		}
		virtual(t, name, func(t *testing.T) {
			before := goroutines()
			c := startClock()
			parent := newManual(t.Context())
			g := asap.New(parent, asap.Limit(2))
			for range 5 {
				g.Do("back later", func(ctx context.Context) error { // at 2 s
					blocks(ctx, 2*sec)
					c.at(t, "back later", 2*sec)
					return nil
				})
				g.Do("queues", func(ctx context.Context) error { // is back in the middle, and queues
					blocks(ctx, sec/2)
					if at := time.Since(time.Time(c)); at != sec {
						t.Errorf("queues: back at %v, want 1s", at)
					}
					return nil
				})
			}
			g.Go("keeps a slot", after(5*sec, 1))
			if name == "parent" || name == "Stop" { // else what ends the group keeps the other one
				g.Go("keeps a slot", after(5*sec, 1))
			}
			end(g, parent.end)
			ended(g.Wait)
			wantGoroutines(t, "Wait", before)
			if n := parent.registered(); n != 0 {
				t.Errorf("%d registrations with the parent are left", n)
			}
		})
	}
}

// TestR21_BlockingOfNobody: with a context of no body, or without a limit, Blocking calls
// its function and nothing else.
func TestR21_BlockingOfNobody(t *testing.T) {
	calls := func(t *testing.T, ctx context.Context) {
		t.Helper()
		n := 0
		if err := asap.Blocking(ctx, func() error { n++; return errBoom }); err != errBoom || n != 1 {
			t.Errorf("called %d times, %v", n, err)
		}
	}
	calls(t, t.Context())
	var kept context.Context
	for _, options := range [][]asap.Option{nil, {asap.Limit(1)}} {
		g := asap.New(t.Context(), options...)
		g.Do("a", func(ctx context.Context) error { kept = ctx; calls(t, ctx); return nil })
		wantNil(t, "Wait", g.Wait())
		calls(t, kept)
	}
	virtual(t, "a goroutine that the body has left behind", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		done := make(chan struct{})
		g.Do("a", func(ctx context.Context) error {
			go func() {
				defer close(done)
				blocks(ctx, 3*sec)
				blocks(ctx, sec)
			}()
			time.Sleep(sec)
			return nil
		})
		g.Go("b", after(sec, 1))
		g.Go("c", after(sec, 1))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec) // b starts at once, c after it, as a holds no slot
		<-done
	})
}

// blockedSteps notes what is told of one task.
type blockedSteps struct {
	mu    sync.Mutex
	lines []string
	names map[asap.ID]string
	of    string
}

func (b *blockedSteps) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (b *blockedSteps) Observe(e asap.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.names == nil {
		b.names = map[asap.ID]string{0: "0"}
	}
	if e.Kind == asap.Declared {
		b.names[e.Task] = e.Name
	}
	if e.Name == b.of && (e.Kind == asap.Blocked || e.Kind == asap.Resumed) {
		b.lines = append(b.lines, fmt.Sprint(e.At, " ", e.Kind, " ", b.names[e.On]))
	}
}

// TestR24_Blocking: observers see a body that is in Blocking as blocked, once, and in it the
// task that it awaits.
func TestR24_Blocking(t *testing.T) {
	for name, options := range map[string][]asap.Option{"without a limit": nil, "Limit(1)": {asap.Limit(1)}} {
		virtual(t, name, func(t *testing.T) {
			o := &blockedSteps{of: "a"}
			g := asap.New(t.Context(), append(options, asap.Observe(o))...)
			slow := g.Do("slow", func(ctx context.Context) error { return blocks(ctx, 4*sec) })
			g.Do("a", func(ctx context.Context) error {
				asap.Blocking(ctx, func() error {
					blocks(ctx, sec)
					asap.Blocking(ctx, func() error { return blocks(ctx, sec) })
					_, err := slow.Await(ctx)
					time.Sleep(sec)
					return err
				})
				time.Sleep(sec)
				return blocks(ctx, sec)
			})
			wantNil(t, "Wait", g.Wait())
			want := []string{"0s Blocked 0", "2s Resumed 0", "2s Blocked slow", "4s Resumed 0", "4s Blocked 0", "5s Resumed 0", "6s Blocked 0", "7s Resumed 0"}
			if got, want := strings.Join(o.lines, "\n"), strings.Join(want, "\n"); got != want {
				t.Errorf("told:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestR21_BlockingRaced: Blocking against ends, goroutines that are left behind, and each other.
func TestR21_BlockingRaced(t *testing.T) {
	for i := range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		g := asap.New(ctx, asap.Limit(1+i%3))
		var left sync.WaitGroup
		for range 8 {
			g.Do("x", func(ctx context.Context) error {
				left.Go(func() { asap.Blocking(ctx, func() error { runtime.Gosched(); return nil }) })
				return asap.Blocking(ctx, func() error {
					return asap.Blocking(ctx, func() error { runtime.Gosched(); return nil })
				})
			})
		}
		if i%2 == 0 {
			go cancel()
		}
		g.Wait()
		left.Wait()
		cancel()
	}
}

// TestR31_Blocking: misuse panics.
func TestR31_Blocking(t *testing.T) {
	var nobody context.Context
	for want, call := range map[string]func(){
		"asap: Blocking with a nil context; pass the body's":       func() { asap.Blocking(nobody, func() error { return nil }) },
		"asap: Blocking with a nil function; pass one that blocks": func() { asap.Blocking(t.Context(), nil) },
	} {
		if v := recovered(call); v != want {
			t.Errorf("%v, want %s", v, want)
		}
	}
}
