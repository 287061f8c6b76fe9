package growth

import (
	"context"

	"github.com/asap-go/asap"
)

// What the machine itself makes of more tasks: caches, stacks, garbage.
var byHand = []Case{
	{Name: "by hand: n goroutines wait for one channel", Run: func(n int) error {
		arrived, values := newGate(n), make(chan int, n)
		for range n {
			go func() {
				arrived.arrive()
				arrived.pass()
				values <- 1
			}()
		}
		for range n {
			<-values
		}
		return nil
	}},
}

var plain = []Case{
	{Name: "n independent tasks", Run: func(n int) error {
		g := asap.New(context.Background())
		return succeeded(g, many(g, n, one)...)
	}},
	{Name: "a declared chain of n", Run: func(n int) error {
		g := asap.New(context.Background())
		start := newGate(1)
		last := chain(g, start, n)
		start.arrive()
		return succeeded(g, last)
	}},
	{Name: "a Gather of n", Run: func(n int) error {
		g := asap.New(context.Background())
		all := g.Gather("all", many(g, n, one)...)
		return succeeded(g, all.Then("first", func(_ context.Context, vs []int) (int, error) { return vs[n-1], nil }))
	}},
	{Name: "n Gathers of the same 8", Run: func(n int) error {
		g := asap.New(context.Background())
		start := newGate(1)
		few, tasks := many(g, 8, start.body), make([]task, n)
		for i := range tasks {
			tasks[i] = g.Gather("all", few...).Then("one", func(_ context.Context, vs []int) (int, error) { return vs[7], nil })
		}
		start.arrive()
		return succeeded(g, tasks...)
	}},
}

// many declares n tasks of one body.
func many(g *asap.Group, n int, body func(context.Context) (int, error)) []task {
	tasks := make([]task, n)
	for i := range tasks {
		tasks[i] = g.Go("one", body)
	}
	return tasks
}

// chain declares n tasks one after the other behind one that ends when start
// opens, and returns the last.
func chain(g *asap.Group, start *gate, n int) task {
	last := g.Go("start", start.body)
	for range n {
		last = last.Then("next", next)
	}
	return last
}
