// Command program returns from main, which ends the process, and from a function.
package main

import (
	"context"
	"os"

	"golang.org/x/sync/errgroup"
)

func serve(ctx context.Context) error { return ctx.Err() }

func main() {
	g, ctx := errgroup.WithContext(context.Background())
	g.Go(func() error { return serve(ctx) })
	if len(os.Args) > 1 {
		return
	}
	if err := g.Wait(); err != nil {
		os.Exit(1)
	}
	run(ctx)
}

func run(ctx context.Context) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serve(ctx) })
	if len(os.Args) > 1 {
		return // want `returns while goroutines of g still run`
	}
	_ = g.Wait()
}
