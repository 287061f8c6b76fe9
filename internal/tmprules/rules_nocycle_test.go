package tmprules_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

func TestR9_NoFalsePositive(t *testing.T) {
	// a awaits b, and b does what takes a while but does not wait for a.
	running := map[string]func(ctx context.Context, g *asap.Group) error{
		"asleep": func(context.Context, *asap.Group) error { time.Sleep(sec); return nil },
		"on a channel": func(context.Context, *asap.Group) error {
			c := make(chan int)
			time.AfterFunc(sec, func() { close(c) })
			<-c
			return nil
		},
		"waiting for an unrelated group": func(context.Context, *asap.Group) error {
			other := asap.New(context.Background())
			other.Go("other", after(sec, 1))
			return other.Wait()
		},
		"waiting for a nested group": func(ctx context.Context, _ *asap.Group) error {
			nested := asap.New(ctx)
			nested.Go("a", after(sec, 1))
			return nested.Wait()
		},
		"waiting for a task of an unrelated group": func(ctx context.Context, _ *asap.Group) error {
			other := asap.New(context.Background())
			defer other.Stop()
			_, err := other.Go("a", after(sec, 1)).Await(ctx)
			return err
		},
		"waiting for a third": func(ctx context.Context, g *asap.Group) error {
			_, err := g.Go("c", after(sec, 1)).Await(ctx)
			return err
		},
		"has tried a for a while": func(ctx context.Context, g *asap.Group) error {
			short, cancel := context.WithTimeout(ctx, sec)
			defer cancel()
			var self *asap.Task[int]
			ready := make(chan struct{})
			self = g.Go("self", func(context.Context) (int, error) { <-ready; time.Sleep(2 * sec); return 1, nil })
			close(ready)
			self.Await(short)
			return nil
		},
	}
	for name, wait := range running {
		virtual(t, name, func(t *testing.T) {
			g := asap.New(t.Context())
			b := g.Do("b", func(ctx context.Context) error { return wait(ctx, g) })
			for range 3 {
				g.Do("a", func(ctx context.Context) error { _, err := b.Await(ctx); return err })
			}
			b.Then("declared", func(context.Context, struct{}) (int, error) { return 1, nil })
			wantNil(t, "Wait", g.Wait())
		})
	}
	virtual(t, "an edge that is gone", func(t *testing.T) {
		// b waits for a1 first, then a2 waits for b: mentioned, not blocked.
		g := asap.New(t.Context())
		open := make(gate)
		var a, b *asap.Task[int]
		quick := g.Go("quick", after(sec, 1))
		b = g.Go("b", func(ctx context.Context) (int, error) { <-open; quick.Await(ctx); time.Sleep(sec); return 1, nil })
		a = g.Go("a", func(ctx context.Context) (int, error) {
			<-open
			nested := asap.New(ctx)
			nested.Go("in", quick.Await)
			if err := nested.Wait(); err != nil {
				return 0, err
			}
			return b.Await(ctx)
		})
		a.Then("c", inc)
		close(open)
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "a goroutine with a context of its own", func(t *testing.T) {
		g := asap.New(t.Context())
		open := make(gate)
		var a *asap.Task[int]
		var late atomic.Int32
		a = g.Go("a", func(ctx context.Context) (int, error) {
			<-open
			own, cancel := context.WithCancel(ctx)
			context.AfterFunc(t.Context(), cancel)
			go func() { v, _ := a.Await(own); late.Store(int32(v)) }()
			time.Sleep(sec)
			return 7, nil
		})
		close(open)
		wantNil(t, "Wait", g.Wait())
		synctest.Wait()
		if late.Load() != 7 {
			t.Errorf("the goroutine got %d, want 7", late.Load())
		}
	})
	virtual(t, "a race that another function can win", func(t *testing.T) {
		g := asap.New(t.Context())
		open := make(gate)
		var a *asap.Task[int]
		race := g.Race("race", open.await(&a), after(sec, 7))
		a = g.Go("a", race.Await)
		close(open)
		wantNil(t, "Wait", g.Wait())
		if a.Value() != 7 {
			t.Errorf("a: %d, want 7", a.Value())
		}
	})
	virtual(t, "long chains of waits that end", func(t *testing.T) {
		g := asap.New(t.Context())
		open := make(gate)
		const n = 3000
		tasks := make([]*asap.Task[int], n)
		tasks[0] = g.Go("t0", func(context.Context) (int, error) { <-open; time.Sleep(time.Minute); return 1, nil })
		for i := 1; i < n; i++ {
			tasks[i] = g.Go(fmt.Sprint("t", i), func(ctx context.Context) (int, error) {
				<-open
				time.Sleep(time.Duration(i*7919%n) * ms)
				v, err := tasks[i-1].Await(ctx)
				return v + 1, err
			})
		}
		close(open)
		wantNil(t, "Wait", g.Wait())
		if got := tasks[n-1].Value(); got != n {
			t.Errorf("the last of the chain: %d, want %d", got, n)
		}
	})
}

func TestR9_AtTheSameTime(t *testing.T) {
	// Several bodies close a cycle at the same time on real processors. At
	// least one finds it, nobody hangs, and the path is a cycle each time.
	for round := range 300 {
		n := 2 + round%4
		g := asap.New(t.Context())
		open := make(gate)
		tasks := make([]*asap.Task[int], n)
		for i := range tasks {
			tasks[i] = g.Go(fmt.Sprint("t", i), open.await(&tasks[(i+1)%n]))
		}
		close(open)
		err := g.Wait()
		ce, ok := errors.AsType[*asap.CycleError](err)
		if !ok || len(ce.Path) != n+1 || ce.Path[0] != ce.Path[n] {
			t.Fatalf("round %d: got %v, want a cycle of %d", round, err, n)
		}
		if found := strings.Count(err.Error(), "cycle"); found != 1 {
			t.Fatalf("round %d: %d cycles found, want 1: %v", round, found, err)
		}
	}
}
