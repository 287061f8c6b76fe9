package growth

import (
	"context"
	"errors"
	"fmt"

	"github.com/asap-go/asap"
)

// Groups in groups, n deep.
var nested = []Case{
	{Name: "Run in Run", Run: func(n int) error {
		var level func(ctx context.Context, n int) (int, error)
		level = func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return 1, nil
			}
			return asap.Run(ctx, func(g *asap.Group) func() int {
				return g.Go("level", func(ctx context.Context) (int, error) { return level(ctx, n-1) }).Value
			})
		}
		v, err := level(context.Background(), n)
		if err == nil && v != 1 {
			err = fmt.Errorf("the value is %d, want 1", v)
		}
		return err
	}},
	{Name: "New and Wait, two tasks a level", Run: func(n int) error {
		return levels(context.Background(), n, func(g *asap.Group, down func(context.Context) error) {
			g.Go("one", one)
			g.Do("level", down)
		}, nil)
	}},
	{Name: "within Limit(1)", Run: func(n int) error {
		return levels(context.Background(), n, declareDown, nil, asap.Limit(1))
	}},
	{Name: "Err, Done and Deadline at each level", Run: func(n int) error {
		return levels(context.Background(), n, func(g *asap.Group, down func(context.Context) error) {
			g.Do("level", func(ctx context.Context) error {
				if _, ok := ctx.Deadline(); ok || ctx.Err() != nil {
					return errors.New("the context has an end")
				}
				select {
				case <-ctx.Done():
					return context.Cause(ctx)
				default:
					return down(ctx)
				}
			})
		}, nil)
	}},
	{Name: "with an observer", Run: func(n int) error {
		return levels(context.Background(), n, declareDown, nil, asap.Observe(blind{}))
	}},
	{Name: "the innermost fails", Run: func(n int) error {
		err := levels(context.Background(), n, declareDown, fails)
		if !errors.Is(err, errBody) {
			return fmt.Errorf("the group ended with %v, want %v", err, errBody)
		}
		return nil
	}},
	{Name: "the innermost panics", Run: func(n int) error {
		return raised(func() {
			_ = levels(context.Background(), n, declareDown, func(context.Context) (int, error) { panic(errBody) })
		})
	}},
	{Name: "canceled from outside", Run: func(n int) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		err := levels(ctx, n, declareDown, func(ctx context.Context) (int, error) {
			cancel()
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})
		if !errors.Is(err, context.Canceled) {
			return fmt.Errorf("the group ended with %v, want %v", err, context.Canceled)
		}
		return nil
	}},
	{Name: "the innermost awaits an outermost task", Run: func(n int) error {
		return outermost(n, func(ctx context.Context, slow task, arrived *gate) error {
			return levels(ctx, n, declareDown, func(ctx context.Context) (int, error) {
				for range n {
					arrived.arrive()
				}
				return slow.Await(ctx)
			})
		})
	}},
	{Name: "a task of each level awaits an outermost task", Run: func(n int) error {
		return outermost(n, func(ctx context.Context, slow task, arrived *gate) error {
			return levels(ctx, n, func(g *asap.Group, down func(context.Context) error) {
				awaiting(g, 1, arrived, slow)
				g.Do("level", down)
			}, nil)
		})
	}},
	{Name: "a task of each level awaits one of the level around", Run: func(n int) error {
		start := newGate(1)
		var level func(ctx context.Context, n int, around task) error
		level = func(ctx context.Context, n int, around task) error {
			if n == 0 {
				start.arrive()
				return nil
			}
			g := asap.New(ctx)
			a := g.Go("await", around.Await)
			g.Do("level", func(ctx context.Context) error { return level(ctx, n-1, a) })
			return succeeded(g, a)
		}
		g := asap.New(context.Background())
		slow := g.Go("slow", start.body)
		g.Do("level", func(ctx context.Context) error { return level(ctx, n, slow) })
		return succeeded(g, slow)
	}},
}

// levels nests n groups. declare is to declare down as a body, which makes
// the group below; last is a task of the innermost. The options are of the
// outermost group.
func levels(ctx context.Context, n int, declare func(g *asap.Group, down func(context.Context) error),
	last func(context.Context) (int, error), options ...asap.Option,
) error {
	g := asap.New(ctx, options...)
	if n > 1 {
		declare(g, func(ctx context.Context) error { return levels(ctx, n-1, declare, last) })
	} else if last != nil {
		g.Go("last", last)
	} else {
		declare(g, func(context.Context) error { return nil })
	}
	return g.Wait()
}

func declareDown(g *asap.Group, down func(context.Context) error) { g.Do("level", down) }

// outermost runs f in a body of a group that has the task slow, which ends
// when n have arrived.
func outermost(n int, f func(ctx context.Context, slow task, arrived *gate) error) error {
	g := asap.New(context.Background())
	arrived := newGate(n)
	slow := g.Go("slow", arrived.body)
	g.Do("outermost", func(ctx context.Context) error { return f(ctx, slow, arrived) })
	return succeeded(g, slow)
}
