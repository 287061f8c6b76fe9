package growth

import (
	"context"
	"errors"
	"fmt"

	"github.com/asap-go/asap"
)

// Failures, exits and panics.
var failing = []Case{
	{Name: "n fail, Settled", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Settled())
		many(g, n, fails)
		return listed(g, n)
	}},
	{Name: "n Optional that fail", Run: func(n int) error {
		g := asap.New(context.Background())
		for range n {
			g.Optional("optional", fails)
		}
		return g.Wait()
	}},
	{Name: "n declared dependents of one that fails", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Settled())
		start := newGate(1)
		first := g.Go("start", func(ctx context.Context) (int, error) {
			start.pass()
			return 0, errBody
		})
		for range n {
			first.Then("next", next)
		}
		start.arrive()
		return listed(g, 1)
	}},
	{Name: "a declared chain of n whose first fails, Settled", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Settled())
		start := newGate(1)
		last := g.Go("start", func(ctx context.Context) (int, error) {
			start.pass()
			return 0, errBody
		})
		for range n {
			last = last.Then("next", next)
		}
		start.arrive()
		return errors.Join(listed(g, 1), skipped(last))
	}},
	{Name: "each awaits the one before and passes its error on, Settled", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Settled())
		arrived := newGate(n)
		last := g.Go("start", func(context.Context) (int, error) {
			arrived.pass()
			return 0, errBody
		})
		for range n {
			last = awaiting(g, 1, arrived, last)[0]
		}
		return listed(g, 1)
	}},
	{Name: "n await one that fails and pass its error on, Settled", Run: func(n int) error {
		g := asap.New(context.Background(), asap.Settled())
		arrived := newGate(n)
		awaiting(g, n, arrived, g.Go("start", func(context.Context) (int, error) {
			arrived.pass()
			return 0, errBody
		}))
		return listed(g, 1)
	}},
	{Name: "n running bodies are canceled by a failure", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		many(g, n, func(ctx context.Context) (int, error) {
			arrived.arrive()
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})
		arrived.pass()
		g.Go("fails", fails)
		return listed(g, 1)
	}},
	{Name: "n waiting bodies are canceled by a failure", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived, over := newGate(n+1), newGate(1)
		awaiting(g, n, arrived, g.Go("slow", over.body))
		failed := g.Go("fails", func(context.Context) (int, error) {
			arrived.arrive()
			arrived.pass()
			return 0, errBody
		})
		_, err := failed.Await(context.Background())
		over.arrive()
		if !errors.Is(err, errBody) {
			return fmt.Errorf("the wait ended with %v, want %v", err, errBody)
		}
		return listed(g, 1)
	}},
	{Name: "n declared after a failure", Run: func(n int) error {
		g := asap.New(context.Background())
		start := newGate(1)
		g.Go("held", start.body)
		_, err := g.Go("fails", fails).Await(context.Background())
		tasks := many(g, n, one)
		start.arrive()
		if !errors.Is(err, errBody) {
			return fmt.Errorf("the wait ended with %v, want %v", err, errBody)
		}
		return errors.Join(listed(g, 1), skipped(tasks[n-1]))
	}},
	{Name: "n exits, each by its own handle", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		exits := make([]*asap.Exit[int], n)
		for i := range exits {
			exits[i] = g.NewExit[int]()
		}
		for _, exit := range exits {
			g.Do("exit", func(context.Context) error {
				arrived.arrive()
				arrived.pass()
				return exit.With(1)
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, exit := range exits {
			if v, ok := exit.Value(); ok && v == 1 {
				return nil
			}
		}
		return errors.New("no exit has a value")
	}},
	{Name: "n panics", Run: func(n int) (err error) {
		g := asap.New(context.Background())
		arrived := newGate(n)
		many(g, n, func(context.Context) (int, error) {
			arrived.arrive()
			arrived.pass()
			panic(errBody)
		})
		return raised(func() { _ = g.Wait() })
	}},
}

// listed ends g, whose error is to list that many failures.
func listed(g *asap.Group, n int) error {
	var failed *asap.GroupError
	if err := g.Wait(); !errors.As(err, &failed) {
		return fmt.Errorf("the group ended with %v, want a *GroupError", err)
	}
	if got := len(failed.Failures); got != n {
		return fmt.Errorf("%d failures are listed, want %d", got, n)
	}
	return nil
}

func skipped(t task) error {
	if err := t.Result().Err; !errors.Is(err, asap.ErrSkipped) {
		return fmt.Errorf("error %v, want %v", err, asap.ErrSkipped)
	}
	return nil
}

// raised is nil if f panics with what a body has panicked with.
func raised(f func()) (err error) {
	defer func() {
		var p *asap.PanicError
		if v, ok := recover().(error); !ok || !errors.As(v, &p) || !errors.Is(p, errBody) {
			err = errors.New("the panic of the body was not raised")
		}
	}()
	f()
	return nil
}
