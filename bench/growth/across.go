package growth

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
)

// Waits across groups.
var across = []Case{
	{Name: "n nested groups await one outer task", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		slow := g.Go("slow", arrived.body)
		return succeeded(g, many(g, n, func(ctx context.Context) (int, error) {
			g := asap.New(ctx)
			return 1, succeeded(g, awaiting(g, 1, arrived, slow)...)
		})...)
	}},
	{Name: "n nested groups await the end of an outer chain of n", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		end := chain(g, arrived, n)
		return succeeded(g, many(g, n, func(ctx context.Context) (int, error) {
			g := asap.New(ctx)
			return 1, succeeded(g, awaiting(g, 1, arrived, end)...)
		})...)
	}},
	{Name: "n tasks of one nested group await one outer task", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		slow := g.Go("slow", arrived.body)
		return succeeded(g, g.Go("outer", func(ctx context.Context) (int, error) {
			g := asap.New(ctx)
			return 1, succeeded(g, awaiting(g, n, arrived, slow)...)
		}))
	}},
	{Name: "n bodies await one whose nested group has n tasks", Run: func(n int) error {
		g := asap.New(context.Background())
		inside, outside := newGate(n), newGate(n)
		busy := g.Go("busy", func(ctx context.Context) (int, error) {
			g := asap.New(ctx)
			return 1, succeeded(g, many(g, n, func(context.Context) (int, error) {
				inside.arrive()
				outside.pass()
				return 1, nil
			})...)
		})
		return succeeded(g, many(g, n, func(ctx context.Context) (int, error) {
			inside.pass()
			outside.arrive()
			return busy.Await(ctx)
		})...)
	}},
	{Name: "n bodies await a task of another group", Run: func(n int) error {
		a, b := asap.New(context.Background()), asap.New(context.Background())
		arrived := newGate(n)
		slow := a.Go("slow", arrived.body)
		err := succeeded(b, awaiting(b, n, arrived, slow)...)
		return errors.Join(err, a.Wait())
	}},
	{Name: "n bodies await a task of another group, cut at once", Run: func(n int) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		a, b := asap.New(context.Background()), asap.New(ctx)
		arrived, over := newGate(n), newGate(1)
		awaiting(b, n, arrived, a.Go("slow", over.body))
		arrived.pass()
		cancel()
		err := ended(b, context.Canceled)
		over.arrive()
		return errors.Join(err, a.Wait())
	}},
	{Name: "a chain of n groups, each awaits the one before", Run: func(n int) error {
		groups := make([]*asap.Group, n+1)
		arrived := newGate(n)
		groups[0] = asap.New(context.Background())
		last := groups[0].Go("start", arrived.body)
		for i := range n {
			groups[i+1] = asap.New(context.Background())
			last = awaiting(groups[i+1], 1, arrived, last)[0]
		}
		var errs []error
		for _, g := range groups {
			errs = append(errs, g.Wait())
		}
		return errors.Join(errs...)
	}},
	{Name: "n bodies that leave a goroutine which awaits a longer-lived group", Run: func(n int) error {
		a, b := asap.New(context.Background()), asap.New(context.Background())
		over, left := newGate(1), newGate(n)
		slow := a.Go("slow", over.body)
		var wrong atomic.Int64
		tasks := many(b, n, func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			go func() {
				defer left.arrive()
				defer cancel()
				if _, err := slow.Await(ctx); mustBeCut(err) != nil {
					wrong.Add(1)
				}
			}()
			return 1, nil
		})
		err := succeeded(b, tasks...) // and with b the contexts end
		left.pass()
		over.arrive()
		if err == nil && wrong.Load() > 0 {
			err = errors.New("a wait was not cut by the end of its group")
		}
		return errors.Join(err, a.Wait())
	}},
	{Name: "a Race of n fails while a nested group awaits it", Run: func(n int) error {
		g := asap.New(context.Background())
		await := failsLate(g, n)
		g.Do("outer", func(ctx context.Context) error {
			g := asap.New(ctx)
			g.Go("await", await)
			return g.Wait()
		})
		return ended(g, errBody)
	}},
	{Name: "a Race of n fails while another group awaits it", Run: func(n int) error {
		a, b := asap.New(context.Background()), asap.New(context.Background())
		await := failsLate(a, n)
		b.Go("await", await)
		return errors.Join(ended(a, errBody), ended(b, errBody))
	}},
}

// failsLate declares a Race whose functions fail when the body that it returns
// has waited for it for a while.
func failsLate(g *asap.Group, n int) (await func(context.Context) (int, error)) {
	waited := newGate(1)
	race := g.Race("race", alike(n, func(context.Context) (int, error) {
		waited.pass()
		return 0, errBody
	})...)
	return func(ctx context.Context) (int, error) {
		time.AfterFunc(time.Millisecond, waited.arrive)
		return race.Await(ctx)
	}
}
