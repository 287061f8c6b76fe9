package waterfall_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// What Each tells of a run is what a Recorder has of it, also of runs at the same
// time, of groups nested in it, and by events.
func TestEach(t *testing.T) {
	type key struct{}
	down := errors.New("down")
	var mu sync.Mutex
	var got []string
	each := waterfall.Each(func(ctx context.Context, e *waterfall.Ended) {
		mu.Lock()
		defer mu.Unlock()
		line := fmt.Sprint(ctx.Value(key{}), " ", e.Run().Name, " ", len(e.Run().Groups), " ", errors.Is(e.GroupErr(0), down))
		for i, task := range e.Run().Tasks {
			line += fmt.Sprint(" ", task.Name, errors.Is(e.TaskErr(i), down))
		}
		if e.GroupID(0) != e.Group || e.GroupID(1)>>32 != e.Group>>32 || e.GroupID(1) == e.Group {
			line += fmt.Sprint(" with the IDs ", e.Group, e.GroupID(0), e.GroupID(1))
		}
		if sum := e.Path()[len(e.Path())-1].End; e.Path()[0].Start != 0 || sum != e.Run().Makespan {
			line += " whose path is not the makespan"
		}
		got = append(got, line)
	})
	run := func(n int, o asap.Observer) {
		g := asap.New(context.WithValue(t.Context(), key{}, n), asap.Name("home"), asap.Observe(o))
		g.Do("task", func(ctx context.Context) error {
			inner := asap.New(ctx, asap.Name("inner"), asap.Observe(o))
			inner.Do("part", func(context.Context) error { return down })
			return inner.Wait()
		})
		_ = g.Wait()
	}
	for name, o := range map[string]asap.Observer{"the table": each, "events": wrapped{each}} {
		var all sync.WaitGroup
		var want []string
		got = nil
		for n := range 20 {
			all.Go(func() { run(n, o) })
			want = append(want, fmt.Sprint(n, " home 2 true tasktrue parttrue"))
		}
		all.Wait()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("by %s:\n%q, want\n%q", name, got, want)
		}
	}
}

// A group takes until its Wait could return: with its undos, and until it was called.
func TestGroupTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var outer, inner, path time.Duration
		each := waterfall.Each(func(_ context.Context, e *waterfall.Ended) {
			outer, path = e.GroupTook(0), e.Run().Makespan
			if len(e.Run().Groups) > 1 {
				inner = e.GroupTook(1)
			}
		})
		sleep := func(context.Context) (int, error) { time.Sleep(time.Second); return 1, nil }
		g := asap.New(t.Context(), asap.Observe(each))
		g.Go("plain", sleep)
		time.Sleep(3 * time.Second)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if outer != 3*time.Second || path != time.Second {
			t.Errorf("a plain group took %v with a path of %v, want 3s and 1s", outer, path)
		}
		g = asap.New(t.Context(), asap.Observe(each))
		g.Do("task", func(ctx context.Context) error {
			g := asap.New(ctx, asap.Name("inner"))
			paid := g.Go("pay", sleep).Undo(func(context.Context, int) error { time.Sleep(4 * time.Second); return nil })
			paid.Then("ship", func(context.Context, int) (int, error) { return 0, errors.New("no stock") })
			return g.Wait()
		})
		_ = g.Wait()
		if outer != 5*time.Second || inner != 5*time.Second {
			t.Errorf("groups took %v and %v inside, want 5s with the undo", outer, inner)
		}
	})
}
