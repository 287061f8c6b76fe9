package growth

import (
	"context"
	"errors"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// What a group or a context keeps of those that have been before.
var living = []Case{
	{Name: "n tasks, each declared by the one before", Run: func(n int) error { return declareNext(n) }},
	{Name: "n tasks, each declared by the one before, Limit(1)", Run: func(n int) error { return declareNext(n, asap.Limit(1)) }},
	{Name: "n nested groups of one body, one after the other", Run: func(n int) error {
		g := asap.New(context.Background())
		return succeeded(g, g.Go("body", func(ctx context.Context) (int, error) {
			for range n {
				g := asap.New(ctx)
				if err := succeeded(g, g.Go("one", one)); err != nil {
					return 0, err
				}
			}
			return 1, nil
		}))
	}},
	{Name: "n nested groups of one body at once", Run: func(n int) error {
		g := asap.New(context.Background())
		return succeeded(g, g.Go("body", func(ctx context.Context) (int, error) {
			arrived, groups := newGate(n), make([]*asap.Group, n)
			for i := range groups {
				groups[i] = asap.New(ctx)
				groups[i].Go("one", func(context.Context) (int, error) {
					arrived.arrive()
					arrived.pass()
					return 1, nil
				})
			}
			return 1, together(n, func(i int) error { return groups[i].Wait() })
		}))
	}},
	{Name: "n groups of one parent that is canceled", Run: func(n int) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		arrived, groups := newGate(n), make([]*asap.Group, n)
		for i := range groups {
			groups[i] = asap.New(ctx)
			groups[i].Go("waits", func(ctx context.Context) (int, error) {
				arrived.arrive()
				<-ctx.Done()
				return 0, context.Cause(ctx)
			})
		}
		arrived.pass()
		cancel()
		var errs []error
		for _, g := range groups {
			errs = append(errs, ended(g, context.Canceled))
		}
		return errors.Join(errs...)
	}},
	{Name: "n tasks with an observer", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Observe(blind{}))
		return succeeded(g, many(g, n, one)...)
	}},
	{Name: "n awaiting tasks with a Recorder", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Observe(new(waterfall.Recorder)))
		arrived := newGate(n)
		return succeeded(g, awaiting(g, n, arrived, g.Go("slow", arrived.body))...)
	}},
}

// declareNext has never more than two tasks alive.
func declareNext(n int, options ...asap.Option) error {
	g := asap.New(context.Background(), options...)
	done := newGate(n)
	var declare func(context.Context) (int, error)
	left := n
	declare = func(context.Context) (int, error) {
		done.arrive()
		if left--; left > 0 {
			g.Go("next", declare)
		}
		return 1, nil
	}
	g.Go("next", declare)
	done.pass()
	return g.Wait()
}

type blind struct{}

func (blind) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (blind) Observe(asap.Event)                                      {}
