package growth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/asap-go/asap"
)

// Waits in one group: what each costs, with the look for a cycle.
var waiting = []Case{
	{Name: "n bodies await one task", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		return succeeded(g, awaiting(g, n, arrived, g.Go("slow", arrived.body))...)
	}},
	{Name: "n bodies await the end of a declared chain of n", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		return succeeded(g, awaiting(g, n, arrived, chain(g, arrived, n))...)
	}},
	{Name: "n bodies await a Gather of n", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		all := g.Gather("all", many(g, n, arrived.body)...)
		end := all.Then("end", func(context.Context, []int) (int, error) { return 1, nil })
		return succeeded(g, awaiting(g, n, arrived, end)...)
	}},
	{Name: "n bodies await a Race of n", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		return succeeded(g, awaiting(g, n, arrived, g.Race("race", alike(n, arrived.body)...))...)
	}},
	{Name: "an awaited chain of n, at once", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		last := g.Go("start", arrived.body)
		for range n {
			last = awaiting(g, 1, arrived, last)[0]
		}
		return succeeded(g, last)
	}},
	{Name: "an awaited chain of n, from its root on", Run: func(n int) error {
		return inTurn(n, func(i int) int { return i - 1 })
	}},
	{Name: "an awaited chain of n, from its end on", Run: func(n int) error {
		return inTurn(n, func(i int) int { return i + 1 })
	}},
	{Name: "n soft waits for one task", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		slow := g.Go("slow", arrived.body)
		return succeeded(g, many(g, n, func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			arrived.arrive()
			return slow.Await(ctx)
		})...)
	}},
	{Name: "n soft waits for one task, cut at once", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived, cut := newGate(n), newGate(n)
		stop, cancelAll := context.WithCancel(context.Background())
		defer cancelAll()
		slow := g.Go("slow", cut.body)
		tasks := many(g, n, func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer context.AfterFunc(stop, cancel)()
			arrived.arrive()
			_, err := slow.Await(ctx)
			cut.arrive()
			return 1, mustBeCut(err)
		})
		arrived.pass()
		cancelAll()
		return succeeded(g, tasks...)
	}},
	{Name: "n soft waits of one body, cut in turn", Run: func(n int) error {
		g := asap.New(context.Background())
		over := newGate(1)
		slow := g.Go("slow", over.body)
		g.Do("loop", func(ctx context.Context) error {
			defer over.arrive()
			cancels := make(chan context.CancelFunc)
			defer close(cancels)
			go func() {
				for cancel := range cancels {
					cancel()
				}
			}()
			for range n {
				ctx, cancel := context.WithCancel(ctx)
				cancels <- cancel
				if _, err := slow.Await(ctx); mustBeCut(err) != nil {
					return mustBeCut(err)
				}
			}
			return nil
		})
		return succeeded(g, slow)
	}},
	{Name: "n goroutines of one body await one task", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		slow := g.Go("slow", arrived.body)
		return succeeded(g, fromMany(g, arrived, alikeTasks(n, slow)))
	}},
	{Name: "n goroutines of one body await a task each", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		return succeeded(g, fromMany(g, arrived, many(g, n, arrived.body)))
	}},
	{Name: "n bodies await one whose n goroutines await a task each", Run: func(n int) error {
		g := asap.New(context.Background())
		inside, outside := newGate(n), newGate(n)
		busy := fromMany(g, inside, many(g, n, outside.body))
		return succeeded(g, many(g, n, func(ctx context.Context) (int, error) {
			inside.pass()
			outside.arrive()
			return busy.Await(ctx)
		})...)
	}},
	{Name: "n goroutines outside await one task", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		slow := g.Go("slow", arrived.body)
		err := together(n, func(int) error {
			arrived.arrive()
			_, err := slow.Await(context.Background())
			return err
		})
		return errors.Join(err, g.Wait())
	}},
	{Name: "n goroutines outside Wait", Run: func(n int) error {
		g := asap.New(context.Background())
		arrived := newGate(n)
		g.Go("slow", arrived.body)
		return together(n, func(int) error {
			arrived.arrive()
			return g.Wait()
		})
	}},
}

// awaiting declares n bodies that arrive and then await t.
func awaiting(g *asap.Group, n int, arrived *gate, t task) []task {
	return many(g, n, func(ctx context.Context) (int, error) {
		arrived.arrive()
		return t.Await(ctx)
	})
}

// inTurn has each body await another one. Limit(1) makes the waits begin in
// order of declaration; what is not among them is a task that runs last.
func inTurn(n int, of func(i int) int) error {
	g := asap.New(context.Background(), asap.Limit(1))
	declared, tasks := newGate(1), make([]task, n)
	var root task
	for i := range tasks {
		tasks[i] = g.Go("link", func(ctx context.Context) (int, error) {
			declared.pass()
			if k := of(i); k >= 0 && k < n {
				return tasks[k].Await(ctx)
			}
			return root.Await(ctx)
		})
	}
	root = g.Go("root", one)
	declared.arrive()
	return succeeded(g, tasks...)
}

func alikeTasks(n int, t task) []task {
	tasks := make([]task, n)
	for i := range tasks {
		tasks[i] = t
	}
	return tasks
}

// fromMany declares a body that awaits the tasks, each in a goroutine of its
// own, and goes on when all have ended.
func fromMany(g *asap.Group, arrived *gate, tasks []task) task {
	return g.Go("body", func(ctx context.Context) (int, error) {
		return 1, together(len(tasks), func(i int) error {
			arrived.arrive()
			_, err := tasks[i].Await(ctx)
			return err
		})
	})
}

// together runs f in n goroutines and returns the first error.
func together(n int, f func(i int) error) error {
	var all sync.WaitGroup
	var once sync.Once
	var first error
	for i := range n {
		all.Go(func() {
			if err := f(i); err != nil {
				once.Do(func() { first = err })
			}
		})
	}
	all.Wait()
	return first
}

func mustBeCut(err error) error {
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("a wait that was cut returned %v, want %v", err, context.Canceled)
	}
	return nil
}
