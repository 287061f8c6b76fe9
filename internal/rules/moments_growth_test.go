package rules_test

import (
	"context"
	"testing"

	"github.com/asap-go/asap"
)

// attackGrowth is more of edgeGrowth: the same waits where some of them lead uphill.
var attackGrowth = map[string]func(ctx context.Context, n int){
	"awaits of the end of a chain, declared before it": func(ctx context.Context, n int) {
		g := asap.New(ctx)
		open, declared := make(chan struct{}), make(chan struct{})
		var last *asap.Task[int]
		for range n {
			g.Go("w", func(ctx context.Context) (int, error) { <-declared; return last.Await(ctx) })
		}
		last = attackChain(g, n, open)
		close(declared)
		edgeYield()
		close(open)
		g.Wait()
	},
	"awaits of the end of a chain while a body waits across": func(ctx context.Context, n int) {
		other := asap.New(ctx)
		open := make(chan struct{})
		x := other.Go("x", edgeOpens(open))
		g := asap.New(ctx)
		last := attackChain(g, n, open)
		g.Go("across", x.Await)
		edgeYield()
		for range n {
			g.Go("w", last.Await)
		}
		edgeYield()
		close(open)
		g.Wait()
		other.Wait()
	},
	"awaits of a task that waits for its nested group": func(ctx context.Context, n int) {
		open := make(chan struct{})
		g := asap.New(ctx)
		slow := g.Go("slow", edgeOpens(open))
		o := g.Go("o", func(ctx context.Context) (int, error) {
			in := asap.New(ctx)
			for range n {
				in.Go("in", slow.Await)
			}
			return 1, in.Wait()
		})
		edgeYield()
		other := asap.New(ctx)
		for range n {
			other.Go("w", o.Await)
		}
		edgeYield()
		close(open)
		other.Wait()
		g.Wait()
	},
	"awaits of a gather of n while a body waits across": func(ctx context.Context, n int) {
		other := asap.New(ctx)
		open := make(chan struct{})
		x := other.Go("x", edgeOpens(open))
		g := asap.New(ctx)
		first := g.Go("first", edgeOpens(open))
		var deps []*asap.Task[int]
		for range n {
			deps = append(deps, first.Then("dep", func(_ context.Context, v int) (int, error) { return v, nil }))
		}
		all := g.Gather("all", deps...)
		g.Go("across", x.Await)
		edgeYield()
		for range n {
			g.Go("w", func(ctx context.Context) (int, error) { _, err := all.Await(ctx); return 1, err })
		}
		edgeYield()
		close(open)
		g.Wait()
		other.Wait()
	},
}

func attackChain(g *asap.Group, n int, open chan struct{}) *asap.Task[int] {
	last := g.Go("first", edgeOpens(open))
	for range n {
		last = last.Then("next", func(_ context.Context, v int) (int, error) { return v, nil })
	}
	return last
}

// TestE10_StepsUphill is [TestE10_Steps] of those.
func TestE10_StepsUphill(t *testing.T) { edgeCount(t, attackGrowth, 500, 4000) }
