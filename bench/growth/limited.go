package growth

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
)

// What waits for a slot.
var limited = []Case{
	{Name: "n ready at once, Limit(4)", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Limit(4))
		release := hold(g, 4)
		tasks := many(g, n, one)
		release()
		return succeeded(g, tasks...)
	}},
	{Name: "n ready by one end, Limit(4)", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Limit(4))
		start := newGate(1)
		first, tasks := g.Go("start", start.body), make([]task, n)
		for i := range tasks {
			tasks[i] = first.Then("next", next)
		}
		start.arrive()
		return succeeded(g, tasks...)
	}},
	{Name: "n chains of three, Limit(2)", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Limit(2))
		release, tasks := hold(g, 2), make([]task, n)
		for i := range tasks {
			tasks[i] = g.Go("open", one).Then("use", next).Then("close", next)
		}
		release()
		return succeeded(g, tasks...)
	}},
	{Name: "n hedged calls, Limit(4)", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Limit(4))
		release, tasks := hold(g, 4), make([]task, n)
		for i := range tasks {
			tasks[i] = g.Race("call", one, one)
		}
		release()
		return succeeded(g, tasks...)
	}},
	{Name: "a Race of n that the first wins, Limit(4)", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Limit(4))
		release := hold(g, 4)
		race := g.Race("race", alike(n, one)...)
		release()
		return succeeded(g, race)
	}},
	{Name: "a Race of n that fails, Limit(4)", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Limit(4))
		release := hold(g, 4)
		g.Race("race", alike(n, fails)...)
		release()
		return ended(g, errBody)
	}},
	{Name: "a Map of n, Limit(4)", Run: func(n int) error { return maps(1, n, 4) }},
	{Name: "n Maps of 4, Limit(2) each", Run: func(n int) error { return maps(n, 4, 2) }},
	{Name: "n Maps of 4, Limit(2) each, in Limit(4)", Run: func(n int) error { return maps(n, 4, 2, asap.Limit(4)) }},
	{Name: "n nested groups of two, Limit(8)", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Limit(8))
		release := hold(g, 8)
		tasks := many(g, n, func(ctx context.Context) (int, error) {
			g := asap.New(ctx)
			a := g.Go("a", one)
			return 1, succeeded(g, a, a.Then("b", next))
		})
		release()
		return succeeded(g, tasks...)
	}},
	{Name: "n nested groups that fail, Limit(4)", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Limit(4))
		release := hold(g, 4)
		tasks := many(g, n, func(ctx context.Context) (int, error) {
			g := asap.New(ctx)
			g.Go("a", fails)
			g.Go("b", one)
			return 1, ended(g, errBody)
		})
		release()
		return succeeded(g, tasks...)
	}},
	{Name: "n bodies await one task, Limit(1)", Run: func(n int) error {
		return lateRoot(n, func(ctx context.Context, root task) (int, error) { return root.Await(ctx) })
	}},
	{Name: "n bodies await one task softly, Limit(1)", Run: func(n int) error {
		return lateRoot(n, func(ctx context.Context, root task) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			return root.Await(ctx)
		})
	}},
	{Name: "n bodies await one chain each, Limit(1)", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Limit(1))
		release, tasks := hold(g, 1), make([]task, n)
		for i := range tasks {
			end := g.Go("a", one).Then("b", next)
			tasks[i] = g.Go("await", end.Await)
		}
		release()
		return succeeded(g, tasks...)
	}},
	{Name: "cancel of n in the queue, Limit(1)", Run: func(n int) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		g := asap.New(ctx, asap.Limit(1))
		var ran atomic.Int64
		g.Do("first", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		many(g, n, func(context.Context) (int, error) { return int(ran.Add(1)), nil })
		cancel()
		if err := ended(g, context.Canceled); err != nil {
			return err
		}
		if ran.Load() > 0 {
			return errors.New("a body has begun after the cancel")
		}
		return nil
	}},
}

// alike is n times the same function.
func alike(n int, f func(context.Context) (int, error)) []func(context.Context) (int, error) {
	fs := make([]func(context.Context) (int, error), n)
	for i := range fs {
		fs[i] = f
	}
	return fs
}

// maps runs n Maps over one slice, each with a limit of its own.
func maps(n, elements, limit int, options ...asap.Option) error {
	g := asap.New(context.Background(), options...)
	start := newGate(1)
	in := g.Go("in", func(context.Context) ([]int, error) {
		start.pass()
		return make([]int, elements), nil
	})
	out := make([]*asap.Task[[]int], n)
	for i := range out {
		out[i] = g.Map("map", in, double, asap.Limit(limit))
	}
	start.arrive()
	if err := g.Wait(); err != nil {
		return err
	}
	for _, t := range out {
		if got := len(t.Value()); got != elements {
			return fmt.Errorf("a Map has %d elements, want %d", got, elements)
		}
	}
	return nil
}

// lateRoot runs n bodies under Limit(1) that wait, one after the other, for a
// task that is behind all of them in the queue.
func lateRoot(n int, wait func(context.Context, task) (int, error)) error {
	g := asap.New(context.Background(), asap.Limit(1))
	declared := newGate(1)
	var root task
	tasks := many(g, n, func(ctx context.Context) (int, error) {
		declared.pass()
		return wait(ctx, root)
	})
	root = g.Go("root", one)
	declared.arrive()
	return succeeded(g, tasks...)
}
