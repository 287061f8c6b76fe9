package rules_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// atMost counts bodies that run at once.
type atMost struct{ now, most atomic.Int32 }

func (a *atMost) run(d time.Duration) {
	n := a.now.Add(1)
	for m := a.most.Load(); n > m && !a.most.CompareAndSwap(m, n); m = a.most.Load() {
	}
	time.Sleep(d)
	a.now.Add(-1)
}

// TestR21_LeftBehindBeginsAsTheBodyEnds: a goroutine that a body leaves behind begins a
// wait with an end of its own at the moment when the body returns: the slot is given
// back once (R21, R8).
func TestR21_LeftBehindBeginsAsTheBodyEnds(t *testing.T) {
	attackRounds(t, 200, func(t *testing.T, i int) {
		g := asap.New(t.Context(), asap.Limit(1))
		end := make(chan struct{})
		var heap *asap.Task[[]int]
		declared := make(chan struct{})
		g.Do("leaves", func(ctx context.Context) error {
			<-declared
			meet := attackMeet(i % 100 * 20)
			go func() {
				ctx, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				meet(false)
				heap.Await(ctx)
			}()
			meet(true)
			return nil
		})
		heap = attackHeap(g, 3000, end, g.Input("last", 1))
		close(declared)
		synctest.Wait()
		close(end)
		var a atMost
		for j := range 5 {
			g.Do(fmt.Sprint(j), func(context.Context) error { a.run(1); return nil })
		}
		wantNil(t, "Wait", g.Wait())
		if a.most.Load() > 1 {
			t.Errorf("%d bodies at once under Limit(1)", a.most.Load())
		}
	})
}

// TestR18_ToldByTheTaskAndByTheEnd: a task ends at the moment when the group ends for
// another reason. Who has awaited it makes a nested group then (R9, R18).
func TestR18_ToldByTheTaskAndByTheEnd(t *testing.T) {
	rounds, waiters := attackCount(300), 2000
	if raceEnabled {
		waiters = 500 // telling so many takes much longer already than what is between the two
	}
	for i := range rounds {
		g := asap.New(t.Context(), asap.Limit(1<<20))
		meet := attackMeet(i*60/rounds*20 - 600)
		release := make(chan struct{})
		task := g.Go("task", func(context.Context) (int, error) { <-release; meet(true); return 1, nil })
		g.Do("fail", func(context.Context) error { <-release; meet(false); return errBoom })
		var ready sync.WaitGroup
		for range waiters {
			ready.Add(1)
			g.Do("waits", func(ctx context.Context) error {
				ready.Done()
				if _, err := task.Await(ctx); err != nil {
					return nil
				}
				for range 3 {
					inner := asap.New(context.WithoutCancel(ctx))
					inner.Do("x", func(context.Context) error { return nil })
					if err := inner.Wait(); err != nil {
						return err
					}
				}
				return nil
			})
		}
		ready.Wait()
		time.Sleep(5 * time.Millisecond) // they wait by now, or not: nothing depends on it
		close(release)
		if err := g.Wait(); !errors.Is(err, errBoom) {
			t.Fatalf("Wait: %v", err)
		}
	}
}
