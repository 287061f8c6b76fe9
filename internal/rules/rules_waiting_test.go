package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

func TestR6_AWaitAlwaysEnds(t *testing.T) {
	// Each row is a task that takes a second, and what its waiters get.
	rows := []struct {
		name  string
		body  func(context.Context) (int, error)
		check func(t *testing.T, v int, err error)
	}{
		{"value", after(sec, 7), func(t *testing.T, v int, err error) {
			if v != 7 || err != nil {
				t.Errorf("Await: got %d, %v, want 7, nil", v, err)
			}
		}},
		{"error", fails(sec, errBoom), func(t *testing.T, v int, err error) {
			wantIs(t, "Await", err, errBoom)
			if !strings.HasSuffix(err.Error(), "x: boom") || v != 0 {
				t.Errorf("Await: got %d, %v, want 0 and the error of x", v, err)
			}
		}},
		{"panic", func(context.Context) (int, error) { time.Sleep(sec); panic("ouch") }, func(t *testing.T, v int, err error) {
			if p, ok := errors.AsType[*asap.PanicError](err); !ok || p.Task != "x" || p.Value != "ouch" {
				t.Errorf("Await: got %d, %v, want the PanicError of x", v, err)
			}
		}},
		{"Goexit", func(context.Context) (int, error) { time.Sleep(sec); runtime.Goexit(); return 1, nil }, func(t *testing.T, _ int, err error) {
			wantIs(t, "Await", err, asap.ErrGoexit)
		}},
	}
	for _, row := range rows {
		virtual(t, row.name, func(t *testing.T) {
			c := startClock()
			g := asap.New(t.Context())
			x := g.Go("x", row.body)
			var wg sync.WaitGroup
			for range 10 { // from outside, and as a task of another group
				wg.Go(func() {
					v, err := x.Await(t.Context())
					c.at(t, "Await", sec)
					row.check(t, v, err)
				})
				wg.Go(func() {
					other := asap.New(t.Context())
					y := other.Go("y", func(ctx context.Context) (int, error) {
						v, err := x.Await(ctx)
						c.at(t, "Await", sec)
						row.check(t, v, err)
						return v, err
					})
					other.Wait()
					row.check(t, y.Result().Value, y.Result().Err)
				})
			}
			for range 10 { // from tasks of the group
				g.Go("y", func(ctx context.Context) (int, error) {
					v, err := x.Await(ctx)
					c.at(t, "Await", sec)
					row.check(t, v, err)
					return v, err
				})
			}
			ended(g.Wait)
			wg.Wait()
			v, err := x.Await(t.Context()) // when everything is over
			row.check(t, v, err)
		})
	}
	virtual(t, "never started", func(t *testing.T) {
		g := asap.New(t.Context())
		bad := g.Go("bad", fails(sec, errBoom))
		page := bad.Then("page", never1[int](t))
		g.Go("waiter", func(context.Context) (int, error) {
			_, err := page.Await(t.Context()) // not canceled with the group
			wantIs(t, "Await", err, asap.ErrSkipped, errBoom)
			return 0, nil
		})
		wantFailed(t, g.Wait(), "bad")
	})
	virtual(t, "canceled", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		slow := g.Go("slow", after(10*sec, 1))
		g.Go("waiter", func(ctx context.Context) (int, error) {
			v, err := slow.Await(ctx)
			c.at(t, "Await", sec)
			wantIs(t, "Await", err, errBoom)
			return v, err
		})
		g.Go("bad", fails(sec, errBoom))
		wantFailed(t, g.Wait(), "bad")
		c.at(t, "Wait", 10*sec)
	})
	virtual(t, "the parent ends", func(t *testing.T) {
		c := startClock()
		ctx, cancel := context.WithTimeoutCause(t.Context(), sec, errBoom)
		defer cancel()
		g := asap.New(ctx)
		slow := g.Go("slow", after(10*sec, 1))
		g.Go("waiter", func(ctx context.Context) (int, error) {
			v, err := slow.Await(ctx)
			c.at(t, "Await", sec)
			wantIs(t, "Await", err, errBoom)
			return v, err
		})
		wantIs(t, "Wait", g.Wait(), errBoom, context.DeadlineExceeded)
	})
	virtual(t, "a result wins over a dead context", func(t *testing.T) {
		dead, cancel := context.WithCancel(t.Context())
		cancel()
		g := asap.New(t.Context(), asap.Settled())
		ok, bad := g.Go("ok", after(0, 1)), g.Go("bad", fails(0, errBoom))
		synctest.Wait()
		if v, err := ok.Await(dead); v != 1 || err != nil {
			t.Errorf("Await of a task that is done: got %d, %v, want 1, nil", v, err)
		}
		_, err := bad.Await(dead)
		wantText(t, "Await of a task that failed", err, "bad: boom")
		slow := g.Go("slow", after(sec, 1))
		_, err = slow.Await(dead)
		wantText(t, "Await of a task that runs", err, "await slow: context canceled")
		g.Stop()
	})
	virtual(t, "awaited in turn by each other's groups", func(t *testing.T) {
		a, b := asap.New(t.Context()), asap.New(t.Context())
		a1 := a.Go("a1", after(sec, 1))
		b1 := b.Go("b1", func(ctx context.Context) (int, error) { v, err := a1.Await(ctx); time.Sleep(sec); return v + 1, err })
		a2 := a.Go("a2", func(ctx context.Context) (int, error) { v, err := b1.Await(ctx); return v + 1, err })
		wantNil(t, "Wait", a.Wait())
		wantNil(t, "Wait", b.Wait())
		if a2.Value() != 3 {
			t.Errorf("a2: %d, want 3", a2.Value())
		}
	})
}

func TestR7_ACancelledWaiterEndsAlone(t *testing.T) {
	virtual(t, "the others go on", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		slow := g.Go("slow", after(10*sec, 7))
		other := g.Go("other", slow.Await)
		g.Do("impatient", func(ctx context.Context) error {
			why := errors.New("no patience")
			short, cancel := context.WithTimeoutCause(ctx, sec, why)
			defer cancel()
			_, err := slow.Await(short)
			c.at(t, "Await", sec)
			wantIs(t, "Await", err, why)
			wantText(t, "Await", err, "await slow: no patience")
			return nil
		})
		short, cancel := context.WithTimeout(t.Context(), 2*sec)
		defer cancel()
		_, err := slow.Await(short)
		c.at(t, "Await from outside", 2*sec)
		wantIs(t, "Await from outside", err, context.DeadlineExceeded)
		wantText(t, "Await from outside", err, "await slow: context deadline exceeded")
		wantNil(t, "Wait", g.Wait())
		if slow.Value() != 7 || other.Value() != 7 {
			t.Errorf("slow %d, other %d, want 7 and 7", slow.Value(), other.Value())
		}
	})
	virtual(t, "a nested group that is stopped", func(t *testing.T) {
		g := asap.New(t.Context())
		slow := g.Go("slow", after(10*sec, 7))
		g.Do("outer", func(ctx context.Context) error {
			nested := asap.New(ctx)
			in := nested.Go("in", slow.Await)
			time.Sleep(sec)
			nested.Stop()
			wantText(t, "in", in.Result().Err, "in: await slow: context canceled")
			return nil
		})
		wantNil(t, "Wait", g.Wait())
		if slow.Value() != 7 {
			t.Errorf("slow: %d, want 7", slow.Value())
		}
	})

	// Loops of waits that are cut short, each way that a wait can be.
	loops := map[string]func(ctx context.Context, slow *asap.Task[int]){
		"soft": func(ctx context.Context, slow *asap.Task[int]) {
			short, cancel := context.WithTimeout(ctx, ms)
			defer cancel()
			slow.Await(short)
		},
		"anonymous": func(_ context.Context, slow *asap.Task[int]) {
			short, cancel := context.WithTimeout(context.Background(), ms)
			defer cancel()
			slow.Await(short)
		},
		"nested group stopped": func(ctx context.Context, slow *asap.Task[int]) {
			nested := asap.New(ctx)
			nested.Go("in", slow.Await)
			time.Sleep(ms)
			nested.Stop()
		},
		"nested group failed": func(ctx context.Context, slow *asap.Task[int]) {
			nested := asap.New(ctx)
			nested.Go("in", slow.Await)
			nested.Go("bad", fails(ms, errBoom))
			nested.Wait()
		},
		"nested group with a limit": func(ctx context.Context, slow *asap.Task[int]) {
			nested := asap.New(ctx, asap.Limit(1))
			nested.Go("in", slow.Await)
			nested.Go("in", slow.Await)
			time.Sleep(ms)
			nested.Stop()
		},
		"race lost": func(ctx context.Context, slow *asap.Task[int]) {
			nested := asap.New(ctx)
			nested.Race("race", slow.Await, after(ms, 1))
			nested.Wait()
		},
		"nested in nested": func(ctx context.Context, slow *asap.Task[int]) {
			nested := asap.New(ctx)
			nested.Do("in", func(ctx context.Context) error {
				inner := asap.New(ctx)
				inner.Go("innermost", slow.Await)
				time.Sleep(ms)
				inner.Stop()
				return nil
			})
			nested.Wait()
		},
	}
	for name, loop := range loops {
		for _, options := range [][]asap.Option{nil, {asap.Limit(2)}} {
			virtual(t, fmt.Sprint("no growth/", name, "/", len(options)), func(t *testing.T) {
				g := asap.New(t.Context(), options...)
				release := make(chan struct{})
				slow := g.Do("slow", func(context.Context) error { <-release; return nil })
				number := slow.Then("number", func(context.Context, struct{}) (int, error) { return 1, nil })
				g.Do("loop", func(ctx context.Context) error {
					for range 100 {
						loop(ctx, number)
					}
					before := heap()
					for range 1000 {
						loop(ctx, number)
					}
					if grown := heap() - before; grown > 1000*24 {
						t.Errorf("1000 waits that were cut short left %d bytes, want none", grown)
					}
					close(release)
					return nil
				})
				wantNil(t, "Wait", g.Wait())
			})
		}
	}
}

// heap is the number of bytes in use.
func heap() int64 {
	var m runtime.MemStats
	for range 3 { // finalizers and cleanups have run after the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
