package rules_test

import (
	"context"
	"testing"

	"github.com/asap-go/asap"
)

// TestE11_LevelsThatWait is TestE11_Levels where each level waits for a task outside.
func TestE11_LevelsThatWait(t *testing.T) {
	edgeCount(t, map[string]func(ctx context.Context, n int){
		"Run in Run, each waits across": func(ctx context.Context, n int) {
			other := asap.New(ctx)
			open := make(chan struct{})
			x := other.Go("x", edgeOpens(open))
			levelsThatWait(ctx, n, x, func() { edgeYield(); close(open) })
			other.Wait()
		},
	}, 125, 1000)
}

func levelsThatWait(ctx context.Context, n int, x *asap.Task[int], end func()) {
	if n == 0 {
		end()
		return
	}
	asap.Run(ctx, func(g *asap.Group) func() int {
		g.Go("across", x.Await)
		return g.Go("in", func(ctx context.Context) (int, error) { levelsThatWait(ctx, n-1, x, end); return 1, nil }).Value
	})
}
