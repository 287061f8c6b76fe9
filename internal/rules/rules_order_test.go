package rules_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

func TestR21_Order(t *testing.T) {
	// order lets one body run at a time and returns the order of their starts.
	order := func(t *testing.T, declare func(g *asap.Group, body func(string, time.Duration) func(context.Context) (string, error))) []string {
		var mu sync.Mutex
		var started []string
		g := asap.New(t.Context(), asap.Limit(1))
		declare(g, func(name string, d time.Duration) func(context.Context) (string, error) {
			return func(context.Context) (string, error) {
				mu.Lock()
				started = append(started, name)
				mu.Unlock()
				time.Sleep(d)
				return name, nil
			}
		})
		wantNil(t, "Wait", g.Wait())
		return started
	}
	type bodies = func(string, time.Duration) func(context.Context) (string, error)
	then := func(body bodies, name string) func(context.Context, string) (string, error) {
		return func(ctx context.Context, _ string) (string, error) { return body(name, sec)(ctx) }
	}
	rows := []struct {
		name    string
		declare func(g *asap.Group, body bodies)
		want    string
	}{
		{"in order of declaration", func(g *asap.Group, body bodies) {
			for i := range 6 {
				g.Go(fmt.Sprint(i), body(fmt.Sprint(i), sec))
			}
		}, "[0 1 2 3 4 5]"},
		{"the dependents of one task, in order of declaration", func(g *asap.Group, body bodies) {
			a := g.Go("a", body("a", sec))
			for i := range 5 {
				a.Then(fmt.Sprint(i), then(body, fmt.Sprint(i)))
			}
		}, "[a 0 1 2 3 4]"},
		{"first ready, first started: who waits for the slot comes before the finisher's own", func(g *asap.Group, body bodies) {
			a := g.Go("a", body("a", sec))
			a.Then("next", then(body, "next"))
			synctest.Wait()
			g.Go("b", body("b", sec))
			g.Go("c", body("c", sec))
		}, "[a next b c]"},
		{"a chain beside a queue", func(g *asap.Group, body bodies) {
			a := g.Go("a", body("a", sec))
			a.Then("a2", then(body, "a2")).Then("a3", then(body, "a3"))
			b := g.Go("b", body("b", sec))
			b.Then("b2", then(body, "b2"))
		}, "[a a2 a3 b b2]"},
		{"elements and functions", func(g *asap.Group, body bodies) {
			in := g.Input("in", []string{"e0", "e1"})
			g.Map("map", in, func(ctx context.Context, e string) (string, error) { return body(e, sec)(ctx) })
			g.Go("a", body("a", sec))
			fn := func(name string) func(context.Context) (string, error) {
				return func(ctx context.Context) (string, error) { body(name, sec)(ctx); return "", errBoom }
			}
			g.Race("race", fn("r0"), fn("r1"), body("r2", sec))
		}, "[e0 e1 a r0 r1 r2]"},
		{"through a Gather, in order of declaration", func(g *asap.Group, body bodies) {
			a := g.Go("a", body("a", sec))
			all := g.Gather("all", a, a)
			all.Then("first", func(ctx context.Context, _ []string) (string, error) { return body("first", sec)(ctx) })
			a.Then("second", then(body, "second"))
		}, "[a first second]"},
		{"of a Map and of the task that it maps", func(g *asap.Group, body bodies) {
			a := g.Go("a", func(ctx context.Context) ([]string, error) { body("a", sec)(ctx); return []string{"e0", "e1"}, nil })
			g.Map("map", a, func(ctx context.Context, e string) (string, error) { return body(e, sec)(ctx) })
			a.Then("second", func(ctx context.Context, _ []string) (string, error) { return body("second", sec)(ctx) })
		}, "[a e0 e1 second]"},
	}
	for _, row := range rows {
		virtual(t, row.name, func(t *testing.T) {
			if got := fmt.Sprint(order(t, row.declare)); got != row.want {
				t.Errorf("started %s, want %s", got, row.want)
			}
		})
	}
	virtual(t, "woken bodies before new starts", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		open := make(gate)
		var a *asap.Task[string]
		g.Go("w", func(ctx context.Context) (string, error) {
			<-open
			a.Await(ctx)
			return j.span("w", sec)(ctx)
		})
		synctest.Wait()
		a = g.Go("a", j.span("a", sec))
		g.Go("b", j.span("b", sec))
		a.Then("c", j.span1("c", sec))
		close(open)
		wantNil(t, "Wait", g.Wait())
		j.check(t, "0s a starts", "1s a ends", "1s w starts", "2s w ends", "2s c starts", "3s c ends", "3s b starts", "4s b ends")
	})
	virtual(t, "woken at the same time as many, in the order of their waits", func(t *testing.T) {
		j := newJournal()
		other := asap.New(t.Context())
		x := other.Go("x", after(5*sec, 1))
		g := asap.New(t.Context(), asap.Limit(1))
		for i := range 4 {
			g.Go("w", func(ctx context.Context) (string, error) {
				time.Sleep(sec)
				x.Await(ctx)
				return j.span(fmt.Sprint("w", i), sec)(ctx)
			})
		}
		wantNil(t, "Wait", g.Wait())
		wantNil(t, "Wait", other.Wait())
		j.check(t, "5s w0 starts", "6s w0 ends", "6s w1 starts", "7s w1 ends", "7s w2 starts", "8s w2 ends", "8s w3 starts", "9s w3 ends")
	})
}

func TestR22_AfterACancel(t *testing.T) {
	virtual(t, "queued tasks are skipped at once", func(t *testing.T) {
		c := startClock()
		parent, cancel := context.WithCancel(t.Context())
		time.AfterFunc(sec, cancel)
		g := asap.New(parent, asap.Limit(1))
		g.Go("ignores", after(10*sec, 1))
		queued := g.Go("queued", never(t))
		race := g.Race("race", never(t), never(t))
		fan := g.Map("map", g.Input("in", []int{1, 2}), never1[int](t), asap.Limit(1))
		for _, await := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := queued.Await(ctx); return err },
			func(ctx context.Context) error { _, err := race.Await(ctx); return err },
			func(ctx context.Context) error { _, err := fan.Await(ctx); return err },
		} {
			err := await(t.Context())
			c.at(t, "skipped", sec)
			wantIs(t, "Await", err, asap.ErrSkipped, context.Canceled)
		}
		wantIs(t, "Wait", g.Wait(), context.Canceled)
		c.at(t, "Wait", 10*sec)
	})
	ends := map[string]func(g *asap.Group, cancel func()){
		"parent": func(_ *asap.Group, cancel func()) { cancel() },
		"Stop":   func(g *asap.Group, _ func()) { g.Stop() },
	}
	for name, end := range ends {
		virtual(t, "woken bodies go on without queueing, "+name, func(t *testing.T) {
			c := startClock()
			other := asap.New(t.Context())
			x := other.Go("x", after(sec, 1))
			never := other.Go("never", after(20*sec, 1))
			parent, cancel := context.WithCancel(t.Context())
			g := asap.New(parent, asap.Limit(1))
			g.Do("woken before", func(ctx context.Context) error {
				x.Await(ctx)                   // at 1s, but there is no slot
				c.at(t, "woken before", 2*sec) // by the cancel
				return nil
			})
			g.Do("woken by it", func(ctx context.Context) error {
				_, err := never.Await(ctx)
				c.at(t, "woken by it", 2*sec)
				wantIs(t, "Await", err, context.Canceled)
				return err
			})
			g.Do("woken after", func(ctx context.Context) error {
				soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*sec)
				defer cancel()
				_, err := never.Await(soft)
				c.at(t, "woken after", 3*sec)
				wantIs(t, "Await", err, context.DeadlineExceeded)
				return err
			})
			synctest.Wait()
			g.Go("ignores", after(10*sec, 1)) // has the slot
			go func() { time.Sleep(2 * sec); end(g, cancel) }()
			g.Wait()
			c.at(t, "Wait", 10*sec)
			cancel()
			other.Wait()
		})
	}
	virtual(t, "a nested group's cancel leaves the others in the queue", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		var inner *asap.Task[int]
		g.Do("outer", func(ctx context.Context) error {
			nested := asap.New(ctx)
			inner = nested.Go("inner", never(t))
			time.Sleep(sec)
			nested.Stop()
			return nil
		})
		synctest.Wait()
		b := g.Go("b", after(sec, 1))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
		wantIs(t, "inner", inner.Result().Err, asap.ErrSkipped)
		if b.Value() != 1 {
			t.Errorf("b: %d, want 1", b.Value())
		}
	})
	virtual(t, "slots of a failed nested group are free again", func(t *testing.T) {
		for _, n := range []int{1, 2, 3} {
			g := asap.New(t.Context(), asap.Limit(n))
			for range 10 {
				g.Do("outer", func(ctx context.Context) error {
					nested := asap.New(ctx, asap.Limit(2))
					for range 5 {
						nested.Go("ok", after(ms, 1))
						nested.Go("bad", fails(ms, errBoom))
					}
					if err := nested.Wait(); !errors.Is(err, errBoom) {
						t.Errorf("nested Wait: got %v, want %v", err, errBoom)
					}
					return nil
				})
			}
			wantNil(t, "Wait", g.Wait())
			var m meter
			g = asap.New(t.Context(), asap.Limit(n))
			for range 3 * n {
				g.Go("a", m.body(sec))
			}
			wantNil(t, "Wait", g.Wait())
			m.check(t, n)
		}
	})
}

// TestR21_BehindASkip: what a failure makes ready at one instant starts in the order of
// declaration, also what does so behind a task that is skipped.
func TestR21_BehindASkip(t *testing.T) {
	virtual(t, "AfterEnd", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1), asap.Settled())
		a := g.Go("bad", fails(sec, errBoom)).Then("a", never1[int](t))
		all := g.Gather("all", a)
		g.Go("first", j.span("first", sec), asap.AfterEnd(all))
		g.Go("second", j.span("second", sec), asap.AfterEnd(a))
		wantFailed(t, g.Wait(), "bad")
		j.check(t, "1s first starts", "2s first ends", "2s second starts", "3s second ends")
	})
}
