package a

import (
	"context"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

func earlyReturn(ctx context.Context, id string) error {
	g := asap.New(ctx) // want `group g is not ended on the path that returns at line 17; add "defer g.Stop\(\)" after New`
	g.Do("do", do)
	if id == "" {
		return context.Canceled
	}
	return g.Wait()
}

func fallsOff(ctx context.Context) {
	g := asap.New(ctx) // want `group g is not ended on the path that returns at line 25`
	g.Do("do", do)
}

func nobody(ctx context.Context) {
	asap.New(ctx)              // want `the group is not ended, and nobody has a handle`
	_ = asap.New(ctx)          // want `the group is not ended, and nobody has a handle`
	asap.New(ctx).Do("do", do) // want `the group is not ended, and nobody has a handle`
}

func inALoop(ctx context.Context) error {
	for range 3 {
		g := asap.New(ctx) // want `group g is not ended on the path that returns at line 38`
		g.Do("do", do)
		if ctx.Err() != nil {
			return nil
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func stopped(ctx context.Context, id string) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("do", do)
	if id == "" {
		return nil
	}
	return g.Wait()
}

func stoppedInAFunction(ctx context.Context, id string) error {
	g := asap.New(ctx)
	defer func() {
		g.Stop()
	}()
	if id == "" {
		return nil
	}
	return g.Wait()
}

func panics(ctx context.Context, id string) error {
	g := asap.New(ctx)
	g.Do("do", do)
	if id == "" {
		panic("no id")
	}
	return g.Wait()
}

func handedOn(ctx context.Context, all map[string]*asap.Group) *asap.Group {
	g := asap.New(ctx)
	all["g"] = g
	h := asap.New(ctx)
	return h
}

func empty(ctx context.Context) error { return asap.New(ctx).Wait() }

func again(ctx context.Context) {
	g := asap.New(ctx) // several are not told apart
	g.Stop()
	g = asap.New(ctx)
	g.Stop()
}

func silenced(ctx context.Context) {
	//asapvet:ignore nowait it ends with the process
	g := asap.New(ctx)
	g.Do("do", do)
	h := asap.New(ctx) /* want `group h is not ended` */ //asapvet:ignore nowait
	h.Do("do", do)     // there is no reason, so: line 89
}
