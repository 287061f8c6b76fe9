package rules_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

type key struct{}

func TestR8_ContextSaysWhoWaits(t *testing.T) {
	// A body that waits in vain for itself tells hard from soft: hard fails at
	// once, soft ends with its context.
	own := map[string]func(ctx context.Context) context.Context{
		"own":       func(ctx context.Context) context.Context { return ctx },
		"WithValue": func(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, 1) },
		"WithValue WithValue": func(ctx context.Context) context.Context {
			return context.WithValue(context.WithValue(ctx, key{}, 1), key{}, 2)
		},
	}
	for name, derive := range own {
		virtual(t, "hard/"+name, func(t *testing.T) {
			c := startClock()
			g := asap.New(t.Context())
			var self *asap.Task[int]
			declared := make(chan struct{})
			self = g.Go("self", func(ctx context.Context) (int, error) {
				<-declared
				return self.Await(derive(ctx))
			})
			close(declared)
			err := g.Wait()
			c.at(t, "Wait", 0)
			if ce, ok := errors.AsType[*asap.CycleError](err); !ok {
				t.Errorf("Wait: got %v, want a CycleError", err)
			} else if got := ce.Error(); got != "cycle: self → self" {
				t.Errorf("CycleError: %s", got)
			}
		})
	}
	derived := map[string]func(ctx context.Context) (context.Context, context.CancelFunc){
		"WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, sec) },
		"WithCancel": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(sec, cancel)
			return ctx, cancel
		},
		"WithTimeout WithValue": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, sec)
			return context.WithValue(ctx, key{}, 1), cancel
		},
		"foreign": func(context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), sec)
		},
	}
	for name, derive := range derived {
		virtual(t, "no edge/"+name, func(t *testing.T) {
			c := startClock()
			g := asap.New(t.Context())
			var self *asap.Task[int]
			declared := make(chan struct{})
			self = g.Go("self", func(ctx context.Context) (int, error) {
				<-declared
				short, cancel := derive(ctx)
				defer cancel()
				_, err := self.Await(short)
				c.at(t, "Await", sec)
				wantIs(t, "Await", err, short.Err())
				return 1, nil
			})
			close(declared)
			wantNil(t, "Wait", g.Wait())
		})
	}

	// At Limit(1) the slot tells who waits: other runs while the waiter sleeps,
	// if the waiter's slot was given back.
	slot := func(t *testing.T, given bool, derive func(context.Context) (context.Context, context.CancelFunc)) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		var other *asap.Task[int]
		declared := make(chan struct{})
		g.Do("waiter", func(ctx context.Context) error {
			<-declared
			ctx, cancel := derive(ctx)
			defer cancel()
			v, err := other.Await(ctx)
			switch {
			case given && (v != 7 || err != nil):
				t.Errorf("Await: got %d, %v, want 7, nil", v, err)
			case !given && !errors.Is(err, context.DeadlineExceeded):
				t.Errorf("Await: got %d, %v, want a deadline exceeded: the slot must be kept", v, err)
			}
			c.at(t, "Await", sec)
			return nil
		})
		other = g.Go("other", after(sec, 7))
		close(declared)
		wantNil(t, "Wait", g.Wait())
	}
	virtual(t, "slot/own", func(t *testing.T) {
		slot(t, true, func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} })
	})
	virtual(t, "slot/soft", func(t *testing.T) {
		slot(t, true, func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Minute)
		})
	})
	virtual(t, "slot/foreign", func(t *testing.T) {
		slot(t, false, func(context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), sec)
		})
	})
	virtual(t, "slot/of a task that has ended", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		var old context.Context
		done := g.Do("done", func(ctx context.Context) error { old = ctx; return nil })
		var other *asap.Task[int]
		declared := make(chan struct{})
		done.Do("waiter", func(context.Context, struct{}) error {
			<-declared
			short, cancel := context.WithTimeout(old, sec)
			defer cancel()
			_, err := other.Await(short)
			wantIs(t, "Await", err, context.DeadlineExceeded)
			return nil
		})
		synctest.Wait() // waiter has the slot
		other = g.Go("other", after(sec, 7))
		close(declared)
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
	})
	virtual(t, "each hard wait counts", func(t *testing.T) {
		c := startClock()
		parent, cancel := context.WithTimeout(t.Context(), 5*sec)
		defer cancel()
		g := asap.New(parent, asap.Limit(1))
		slow := g.Go("slow", after(2*sec, 7))
		declared := make(chan struct{})
		var self *asap.Task[int]
		self = g.Go("self", func(ctx context.Context) (int, error) {
			<-declared
			got := make(chan int)
			go func() {
				v, _ := slow.Await(ctx)
				got <- v
			}()
			synctest.Wait()
			second, err := slow.Await(ctx)
			if first := <-got; first != 7 || second != 7 || err != nil {
				t.Errorf("two waits of one task: got %d and %d, %v, want 7 and 7", first, second, err)
			}
			c.at(t, "both waits", 2*sec)

			stay := g.Go("stay", obeys)
			go stay.Await(ctx)
			time.Sleep(sec) // the goroutine's wait is the first
			_, err = self.Await(ctx)
			c.at(t, "the wait for itself", 3*sec)
			return 0, err
		})
		close(declared)
		err := g.Wait()
		if _, cycle := errors.AsType[*asap.CycleError](err); !cycle {
			t.Errorf("Wait: got %v, want a CycleError", err)
		}
	})
	virtual(t, "zero: nothing to wait for", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(1))
		done := g.Go("done", after(0, 1))
		g.Go("queued", after(sec, 2))
		w := done.Then("w", func(ctx context.Context, _ int) (int, error) { return done.Await(ctx) })
		wantNil(t, "Wait", g.Wait())
		if w.Value() != 1 {
			t.Errorf("w: %d, want 1", w.Value())
		}
	})
	virtual(t, "many", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(3))
		slow := g.Go("slow", after(sec, 7))
		for range 100 {
			g.Go("hard", slow.Await)
			g.Go("soft", func(ctx context.Context) (int, error) {
				ctx, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				return slow.Await(ctx)
			})
		}
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", sec)
	})
	virtual(t, "cancel ends each kind at once", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		slow := g.Go("slow", after(10*sec, 7))
		for name, derive := range own {
			g.Go(name, func(ctx context.Context) (int, error) {
				_, err := slow.Await(derive(ctx))
				c.at(t, name, sec)
				wantIs(t, name, err, errBoom)
				return 0, err
			})
		}
		g.Go("soft", func(ctx context.Context) (int, error) {
			short, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			_, err := slow.Await(short)
			c.at(t, "soft", sec)
			wantText(t, "soft", err, "await slow: bad: boom")
			return 0, err
		})
		g.Go("bad", fails(sec, errBoom))
		wantFailed(t, g.Wait(), "bad")
	})
	virtual(t, "panic and Goexit of the waiter in its wait's place", func(t *testing.T) {
		// A body that dies after a wait leaves neither edge nor slot behind.
		for name, die := range dying {
			g := asap.New(t.Context(), asap.Limit(1))
			slow := g.Go("slow", after(sec, 7))
			w := g.Go("w", func(ctx context.Context) (int, error) {
				if v, err := slow.Await(ctx); v != 7 || err != nil {
					t.Errorf("Await: got %d, %v, want 7, nil", v, err)
				}
				die()
				return 0, nil
			})
			skipped := w.Then("skipped", never1[int](t))
			ended(g.Wait)
			wantIs(t, name, skipped.Result().Err, asap.ErrSkipped)
		}
	})
	virtual(t, "misuse", func(t *testing.T) {
		g := asap.New(t.Context())
		slow := g.Go("slow", after(sec, 7))
		var nobody context.Context
		want := "asap: Await of task slow with a nil context; pass the body's"
		if got := recovered(func() { slow.Await(nobody) }); got != want {
			t.Errorf("Await(nil): panic %v, want %s", got, want)
		}
		wantNil(t, "Wait", g.Wait())
		if got := recovered(func() { slow.Await(nobody) }); got != want {
			t.Errorf("Await(nil) of a task that is done: panic %v, want %s", got, want)
		}
	})
}
