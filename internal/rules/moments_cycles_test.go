package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// attackCount is how many of so many rounds are run: fewer where each is slow, and few
// on one processor, where two steps do not meet.
func attackCount(rounds int) int {
	if raceEnabled || testing.Short() {
		rounds /= 10
	}
	if runtime.GOMAXPROCS(0) == 1 {
		rounds /= 10
	}
	return rounds
}

// attackRounds runs a round in a bubble of its own, many times: whether two steps
// meet is a matter of processors, that everything ends is not.
func attackRounds(t *testing.T, rounds int, round func(t *testing.T, i int)) {
	for i := range attackCount(rounds) {
		synctest.Test(t, func(t *testing.T) { round(t, i) })
		if t.Failed() {
			t.Fatalf("in round %d", i)
		}
	}
}

// attackMeet returns a function that returns when it was called twice, as nearly at
// the same instant as can be, and then steps apart by d.
func attackMeet(d int) func(first bool) {
	var n, spun atomic.Int32
	return func(first bool) {
		n.Add(1)
		for i := 0; n.Load() < 2 && i < 100_000; i++ {
		}
		if first == (d > 0) {
			for range max(d, -d) {
				spun.Add(1)
			}
		}
	}
}

// TestR9_WaitMeetsWait: a body waits for its nested group at the moment when a task in
// that begins to wait for somebody who waits for the body. One of the two sees the
// other, whoever comes first (R9).
func TestR9_WaitMeetsWait(t *testing.T) {
	attackRounds(t, 20_000, func(t *testing.T, i int) {
		meet := attackMeet(i%81 - 40)
		g := asap.New(t.Context())
		var o, y *asap.Task[int]
		declared := make(chan struct{})
		o = g.Go("o", func(ctx context.Context) (int, error) {
			<-declared
			time.Sleep(time.Nanosecond) // y waits
			inner := asap.New(ctx)
			inner.Go("t", func(ctx context.Context) (int, error) {
				meet(true)
				_, err := y.Await(ctx)
				if _, ok := errors.AsType[*asap.CycleError](err); !ok {
					t.Errorf("y: got %v, want a cycle", err)
				}
				return 0, nil
			})
			meet(false)
			return 1, inner.Wait()
		})
		y = g.Go("y", func(ctx context.Context) (int, error) { <-declared; return o.Await(ctx) })
		close(declared)
		wantNil(t, "Wait", g.Wait())
	})
}

// attackHeap declares n tasks that run until end is closed, and one that needs them all
// and last: who looks through its dependencies takes a while.
func attackHeap(g *asap.Group, n int, end chan struct{}, last *asap.Task[int]) *asap.Task[[]int] {
	deps := make([]*asap.Task[int], 0, n+1)
	first := g.Go("first", func(context.Context) (int, error) { <-end; return 0, nil })
	for i := range n {
		deps = append(deps, first.Then(fmt.Sprint(i), func(context.Context, int) (int, error) { return 0, nil }))
	}
	return g.Gather("heap", append(deps, last)...)
}

// TestR9_CutWhileItBegins: a wait in a Race closes a cycle because another function fails
// at the moment when it begins (R9).
func TestR9_CutWhileItBegins(t *testing.T) {
	attackRounds(t, 600, func(t *testing.T, i int) {
		g := asap.New(t.Context())
		var heap *asap.Task[[]int]
		declared, end := make(chan struct{}), make(chan struct{})
		meet := attackMeet(-(i % 300 * 200))
		race := g.Race("race", func(ctx context.Context) (int, error) {
			<-declared
			meet(false)
			return 0, errBoom
		}, func(ctx context.Context) (int, error) {
			<-declared
			meet(true)
			_, err := heap.Await(ctx)
			if _, ok := errors.AsType[*asap.CycleError](err); !ok {
				t.Errorf("heap: got %v, want a cycle", err)
			}
			close(end)
			return 1, nil
		})
		heap = attackHeap(g, 5000, end, race)
		close(declared)
		wantNil(t, "Wait", g.Wait())
	})
}

// TestR9_WaitsAgainAfterItsGroupsEnd: a body whose wait the end of its group has cut short
// waits again, for a nested group with an end of its own: what was found out about its
// first wait no longer holds (R9).
func TestR9_WaitsAgainAfterItsGroupsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		h := asap.New(t.Context())
		far := g.Go("far", after(time.Hour, 1))
		var first *asap.Task[int]
		last := g.Go("last", func(ctx context.Context) (int, error) {
			far.Await(ctx)
			in := asap.New(context.WithoutCancel(ctx))
			in.Go("t", func(ctx context.Context) (int, error) {
				time.Sleep(time.Second) // last waits for its nested group
				_, err := first.Await(ctx)
				if _, ok := errors.AsType[*asap.CycleError](err); !ok {
					t.Errorf("first: got %v, want a cycle", err)
				}
				c.at(t, "the cycle", 3*time.Second)
				return 1, nil
			})
			return 1, in.Wait()
		})
		first = last
		for i := range 20 {
			next := first
			first = h.Go(fmt.Sprint(i), func(ctx context.Context) (int, error) { next.Await(ctx); return 1, nil })
			synctest.Wait()
		}
		h.Go("looks", func(ctx context.Context) (int, error) { first.Await(ctx); return 1, nil })
		g.Do("fails", func(context.Context) error { time.Sleep(2 * time.Second); return errBoom })
		wantIs(t, "Wait", g.Wait(), errBoom)
		wantNil(t, "Wait", h.Wait())
	})
}

// TestR9_TwoGroups: two tasks of two groups begin to wait for each other at the same
// moment: one of them is refused, or both (R9).
func TestR9_TwoGroups(t *testing.T) {
	attackRounds(t, 20_000, func(t *testing.T, i int) {
		g, h := asap.New(t.Context(), asap.Settled()), asap.New(t.Context(), asap.Settled())
		var a, b *asap.Task[int]
		declared := make(chan struct{})
		meet := attackMeet(i%41 - 20)
		var cycles atomic.Int32
		body := func(first bool, x **asap.Task[int]) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				<-declared
				meet(first)
				_, err := (*x).Await(ctx)
				if _, ok := errors.AsType[*asap.CycleError](err); ok {
					cycles.Add(1)
					return 1, nil
				}
				return 2, err
			}
		}
		a, b = g.Go("a", body(true, &b)), h.Go("b", body(false, &a))
		close(declared)
		wantNil(t, "Wait", g.Wait())
		wantNil(t, "Wait", h.Wait())
		if cycles.Load() == 0 {
			t.Error("no wait was refused")
		}
	})
}
