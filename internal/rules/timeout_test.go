package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// cause is what a body returns that is asked why its context has ended.
func cause(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, context.Cause(ctx)
}

// ownErr is an error of a user's type.
type ownErr struct{ code int }

func (e *ownErr) Error() string { return fmt.Sprint("code ", e.code) }

// TestR39_Timeout: a Timeout ends the body's context at its instant, and what it makes of
// the error.
func TestR39_Timeout(t *testing.T) {
	limit := []asap.TaskOption{asap.Timeout(50 * ms)}
	rows := map[string]struct {
		body func(ctx context.Context) (int, error)
		at   time.Duration
		text string // "" for a success
	}{
		"obeys":                  {obeys, 50 * ms, "price: timeout 50ms: context deadline exceeded"},
		"returns the cause":      {cause, 50 * ms, "price: timeout 50ms"},
		"fails of itself, later": {fails(60*ms, &ownErr{7}), 60 * ms, "price: timeout 50ms: code 7"},
		"fails before":           {fails(40*ms, &ownErr{7}), 40 * ms, "price: code 7"},
		"succeeds late":          {after(60*ms, 1), 60 * ms, ""},
		"in a WithValue": {func(ctx context.Context) (int, error) { return obeys(context.WithValue(ctx, key{}, 1)) }, 50 * ms,
			"price: timeout 50ms: context deadline exceeded"},
		"in a derived one": {func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			return obeys(ctx)
		}, 50 * ms, "price: timeout 50ms: context deadline exceeded"},
		"looks at Err only": {func(ctx context.Context) (int, error) {
			for ctx.Err() == nil {
				time.Sleep(20 * ms)
			}
			return 0, ctx.Err()
		}, 60 * ms, "price: timeout 50ms: context deadline exceeded"},
		"a nested group": {func(ctx context.Context) (int, error) {
			in := asap.New(ctx)
			in.Go("in", obeys)
			if err := in.Wait(); !errors.Is(err, context.DeadlineExceeded) {
				return 0, fmt.Errorf("nested: %v", err)
			}
			return 0, context.DeadlineExceeded
		}, 50 * ms, "price: timeout 50ms: context deadline exceeded"},
	}
	for name, row := range rows {
		for how, options := range map[string][]asap.Option{"": nil, ", settled": {asap.Settled()}, ", observed": {asap.Observe(cutter{t, "nothing"})}, ", Limit(2)": {asap.Limit(2)}} {
			virtual(t, name+how, func(t *testing.T) {
				c := startClock()
				g := asap.New(t.Context(), options...)
				g.Go("price", row.body, limit...)
				err := g.Wait()
				c.at(t, "Wait", row.at)
				if row.text == "" {
					wantNil(t, "Wait", err)
					return
				}
				if err == nil || !strings.HasSuffix(err.Error(), row.text) {
					t.Errorf("Wait: %v, want %s", err, row.text)
				}
				if late := row.at >= 50*ms; errors.Is(err, context.DeadlineExceeded) != late {
					t.Errorf("DeadlineExceeded: %t, want %t", !late, late)
				}
				if own, ok := errors.AsType[*ownErr](err); strings.Contains(row.text, "code") && (!ok || own.code != 7) {
					t.Error("the error's type is lost")
				}
			})
		}
	}
	virtual(t, "the context says so in every way", func(t *testing.T) {
		start := time.Now()
		g := asap.New(t.Context())
		g.Do("price", func(ctx context.Context) error {
			derived, cancel := context.WithCancel(context.WithValue(ctx, key{}, 1))
			defer cancel()
			ran := make(chan struct{})
			context.AfterFunc(derived, func() { close(ran) })
			<-ran
			for name, ctx := range map[string]context.Context{"its own": ctx, "derived": derived} {
				if d, ok := ctx.Deadline(); !ok || d.Sub(start) != 50*ms {
					t.Errorf("%s: Deadline %v, %t", name, d, ok)
				}
				if err, why := ctx.Err(), context.Cause(ctx); err != context.DeadlineExceeded || why == nil || why.Error() != "timeout 50ms" || !errors.Is(why, context.DeadlineExceeded) {
					t.Errorf("%s: Err %v, Cause %v", name, err, why)
				}
			}
			return nil
		}, limit...)
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "it begins with the body, in its slot", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Go("before", after(sec, 1))
		g.Go("price", obeys, limit...)
		wantIs(t, "Wait", g.Wait(), context.DeadlineExceeded)
		c.at(t, "Wait", sec+50*ms)
	})
	virtual(t, "over all calls of an Around, whose contexts have it", func(t *testing.T) {
		c := startClock()
		tries := 0
		g := asap.New(t.Context())
		price := g.Optional("price", func(ctx context.Context) (int, error) {
			tries++
			ctx, cancel := context.WithTimeout(ctx, 20*ms)
			defer cancel()
			return obeys(ctx)
		}, asap.Timeout(50*ms), asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
			for ctx.Err() == nil {
				body(ctx)
			}
			return ctx.Err()
		}))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 50*ms)
		if err := price.Value().Err; tries != 3 || !errors.Is(err, context.DeadlineExceeded) || !strings.HasSuffix(err.Error(), "price: timeout 50ms: context deadline exceeded") {
			t.Errorf("%d tries, %v", tries, err)
		}
	})
	virtual(t, "of each element of a Map", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(1))
		m := g.MapOptional("likes", g.Input("in", []int{10, 70, 20}), func(ctx context.Context, d int) (int, error) {
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(time.Duration(d) * ms):
				return d, nil
			}
		}, asap.Timeout(50*ms))
		wantNil(t, "Wait", g.Wait())
		v := m.Value()
		if v[0].Value != 10 || v[2].Value != 20 || v[1].Err == nil || !strings.HasSuffix(v[1].Err.Error(), "likes[1]: timeout 50ms: context deadline exceeded") {
			t.Errorf("%v", v)
		}
	})
	virtual(t, "the earlier of it and Within", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		g.Go("slow", after(20*ms, 1)).Then("a", func(ctx context.Context, _ int) (int, error) { return cause(ctx) }, asap.Timeout(50*ms), asap.Within(60*ms))
		g.Go("b", cause, asap.Timeout(50*ms), asap.Within(60*ms))
		err := g.Wait()
		for _, want := range []string{"a: within 60ms", "b: timeout 50ms"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
	})
}

// TestR39_HardWaits: an await with the context of a body with a limit of time is cut at its
// instant, and is an edge for cycles all the same.
func TestR39_HardWaits(t *testing.T) {
	for name, derive := range map[string]func(context.Context) context.Context{
		"its own":   func(ctx context.Context) context.Context { return ctx },
		"WithValue": func(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, 1) },
	} {
		virtual(t, name+": cut", func(t *testing.T) {
			c := startClock()
			g := asap.New(t.Context(), asap.Limit(2))
			slow := g.Go("slow", after(sec, 1))
			ads := g.Optional("ads", func(ctx context.Context) (int, error) { return slow.Await(derive(ctx)) }, asap.Timeout(50*ms))
			ads.Do("then", func(context.Context, asap.Result[int]) error { c.at(t, "then", 50*ms); return nil })
			wantNil(t, "Wait", g.Wait())
			if err := ads.Value().Err; !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "slow: timeout 50ms") {
				t.Errorf("%v", err)
			}
		})
		virtual(t, name+": a cycle is found at once", func(t *testing.T) {
			c := startClock()
			g := asap.New(t.Context(), asap.Settled())
			open := make(chan struct{})
			var a, b *asap.Task[int]
			a = g.Go("a", func(ctx context.Context) (int, error) { <-open; return b.Await(derive(ctx)) }, asap.Timeout(sec))
			b = g.Go("b", func(ctx context.Context) (int, error) { <-open; return a.Await(derive(ctx)) }, asap.Timeout(sec))
			close(open)
			if _, ok := errors.AsType[*asap.CycleError](g.Wait()); !ok {
				t.Error("no cycle")
			}
			c.at(t, "Wait", 0)
		})
	}
}

// TestR19_Timeout: the context of a body that has succeeded in its time lives until the
// group ends.
func TestR19_Timeout(t *testing.T) {
	virtual(t, "a body that is read later", func(t *testing.T) {
		g := asap.New(t.Context())
		var kept context.Context
		g.Go("page", func(ctx context.Context) (*dyingReader, error) {
			kept = ctx
			ctx, cancel := context.WithCancel(ctx)
			t.Cleanup(cancel)
			return &dyingReader{ctx, 9}, nil
		}, asap.Timeout(50*ms), asap.Within(80*ms)).Do("read", func(_ context.Context, r *dyingReader) error {
			time.Sleep(sec)
			synctest.Wait()
			return r.ctx.Err()
		})
		wantNil(t, "Wait", g.Wait())
		if kept.Err() != context.Canceled {
			t.Errorf("after Wait: %v", kept.Err())
		}
	})
	virtual(t, "what is derived later has its own deadline", func(t *testing.T) {
		parent, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		want, _ := parent.Deadline()
		g := asap.New(parent)
		var kept context.Context
		g.Go("page", func(ctx context.Context) (int, error) { kept = ctx; return 1, nil }, asap.Timeout(sec)).
			Do("read", func(context.Context, int) error {
				c := startClock()
				time.Sleep(2 * sec)
				if d, _ := kept.Deadline(); !d.Equal(want) {
					t.Errorf("Deadline: %v, want that of the group", d)
				}
				ctx, cancel := context.WithTimeout(kept, sec)
				defer cancel()
				<-ctx.Done()
				c.at(t, "its end", 3*sec)
				return nil
			})
		wantNil(t, "Wait", g.Wait())
	})
}

// TestR11_Timeout: what ended the body first, the group or its limit, says whether its
// error is an echo.
func TestR11_Timeout(t *testing.T) {
	virtual(t, "the group", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		a := g.Go("a", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			c.at(t, "the end", 20*ms)
			wantIs(t, "Cause", context.Cause(ctx), errBoom)
			time.Sleep(sec)
			return 0, ctx.Err()
		}, asap.Timeout(50*ms))
		g.Go("bad", fails(20*ms, errBoom))
		wantFailed(t, g.Wait(), "bad")
		if err := a.Err(); !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a: %v", err)
		}
	})
	virtual(t, "the limit", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("a", func(ctx context.Context) (int, error) { <-ctx.Done(); time.Sleep(sec); return 0, ctx.Err() }, asap.Timeout(50*ms))
		g.Go("bad", fails(60*ms, errBoom))
		wantFailed(t, g.Wait(), "bad", "a")
	})
}

// TestR18_Timeout: no goroutine, timer or registration is left, however the group ends.
func TestR18_Timeout(t *testing.T) {
	for name, end := range ways {
		for i, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(2)}} {
			virtual(t, fmt.Sprint(name, i), func(t *testing.T) {
				before := goroutines()
				parent := newManual(t.Context())
				g := asap.New(parent, options...)
				for _, d := range []time.Duration{sec / 2, sec, time.Hour} {
					g.Optional("obeys", obeys, asap.Timeout(d), asap.Within(2*time.Hour))
					g.Optional("awaits", g.Go("slow", after(2*sec, 1)).Await, asap.Timeout(d))
					g.Go("asks and succeeds", func(ctx context.Context) (int, error) {
						context.AfterFunc(context.WithValue(ctx, key{}, 1), func() {})
						return 1, nil
					}, asap.Timeout(d))
					g.Go("leaves behind", func(ctx context.Context) (int, error) { go obeys(ctx); return 1, nil }, asap.Timeout(d))
					g.Go("does not ask", after(3*sec, 1), asap.Timeout(d))
				}
				if name == "success" {
					time.AfterFunc(4*sec, func() { g.Stop() }) // for the hour
				}
				end(g, parent.end)
				ended(g.Wait)
				if n := parent.registered(); n != 0 {
					t.Errorf("%d registrations with the parent are left", n)
				}
				synctest.Wait()
				wantGoroutines(t, "Wait", before)
			})
		}
	}
	for name, die := range dying {
		virtual(t, name, func(t *testing.T) {
			before := goroutines()
			c := startClock()
			g := asap.New(t.Context(), asap.Settled())
			var kept context.Context
			g.Do("dies", func(ctx context.Context) error { kept = ctx; ctx.Done(); time.Sleep(sec); die(); return nil }, asap.Timeout(time.Hour))
			ended(g.Wait)
			c.at(t, "Wait", sec)
			if kept.Err() != context.Canceled {
				t.Errorf("Err %v", kept.Err())
			}
			wantGoroutines(t, "Wait", before)
		})
	}
}

// TestR4_TimeoutsForEver: tasks with limits of time that fail, or do not ask for Done, leave
// nothing in a group that goes on.
func TestR4_TimeoutsForEver(t *testing.T) {
	g := asap.New(t.Context())
	defer g.Stop()
	run := func(n int) {
		g.Do("loop", func(ctx context.Context) error {
			for i := range n {
				x := g.Optional("x", func(ctx context.Context) (int, error) {
					if i%2 == 0 {
						ctx.Done()
						return 0, errBoom
					}
					return 1, ctx.Err()
				}, asap.Timeout(time.Hour), asap.Within(time.Hour))
				if _, err := x.Await(ctx); err != nil {
					return err
				}
			}
			return nil
		}).Await(t.Context())
	}
	run(1000)
	before := heap()
	run(20000)
	if grown := heap() - before; grown > 200_000 {
		t.Errorf("%d bytes more after 20,000 tasks", grown)
	}
}

// TestR39_Raced: limits against ends and awaits, in real time.
func TestR39_Raced(t *testing.T) {
	for i := range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		var wrong atomic.Int32
		g := asap.New(ctx, asap.Settled())
		slow := g.Go("slow", after(200*time.Microsecond, 1))
		for j := range 8 {
			d := time.Duration(1+i*j) * time.Microsecond
			g.Optional("x", func(ctx context.Context) (int, error) {
				go obeys(ctx)
				if j%2 == 0 {
					return slow.Await(ctx)
				}
				for ctx.Err() == nil {
					runtime.Gosched()
				}
				<-ctx.Done()
				if context.Cause(ctx) == nil {
					wrong.Add(1)
				}
				return 0, ctx.Err()
			}, asap.Timeout(d), asap.Within(time.Hour))
		}
		if i%3 == 0 {
			go cancel()
		}
		g.Wait()
		cancel()
		if wrong.Load() != 0 {
			t.Fatal("an end without a cause")
		}
	}
}
