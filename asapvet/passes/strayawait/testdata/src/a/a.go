package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func stray(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetch)
	g.Do("a", func(ctx context.Context) error {
		go func() {
			_, _ = user.Await(ctx) // want `this goroutine awaits on the account of task "a"; derive a context of its own, or await in the body`
		}()
		go func() {
			own, cancel := context.WithCancel(ctx)
			defer cancel()
			_, _ = user.Await(own)
		}()
		_, err := user.Await(ctx)
		return err
	})
	return g.Wait()
}
