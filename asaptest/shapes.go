package asaptest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/asap-go/asap"
)

// shape is a group of one kind, for observers to look at. run may panic, end
// its goroutine, and return an error.
type shape struct {
	name string
	run  func(ctx context.Context, options ...asap.Option) error
}

var errDown = errors.New("down")

func nap(d time.Duration) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		select {
		case <-time.After(d):
			return int(d / time.Millisecond), nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

func fail(d time.Duration) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		_, _ = nap(d)(ctx)
		return 0, errDown
	}
}

func sum(_ context.Context, a, b int) (int, error)  { return a + b, nil }
func double(_ context.Context, a int) (int, error)  { return 2 * a, nil }
func text(_ context.Context, a int) (string, error) { return fmt.Sprint(a), nil }
func ignore(_ context.Context, _ int) error         { return nil }
func failOn(_ context.Context, a int) (int, error)  { return 0, fmt.Errorf("no %d: %w", a, errDown) }
func hit(x *asap.Exit[int]) func(context.Context) error {
	return func(context.Context) error { return x.With(7) }
}

const ms = time.Millisecond

var shapes = []shape{
	{"nothing", func(ctx context.Context, o ...asap.Option) error {
		return asap.New(ctx, o...).Wait()
	}},
	{"one task", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		g.Go("user", nap(ms))
		return g.Wait()
	}},
	{"declared", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		user, config := g.Go("user", nap(2*ms)), g.Go("config", nap(9*ms))
		user.Then("profile", double).And(config).Then("page", sum).Do("send", ignore)
		g.Gather("both", user, config)
		g.Input("limit", 3).Then("tripled", double)
		return g.Wait()
	}},
	{"awaited", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		user, config := g.Go("user", nap(2*ms)), g.Go("config", nap(9*ms))
		g.Go("page", func(ctx context.Context) (int, error) {
			u, _ := user.Await(ctx)
			c, err := config.Await(ctx)
			_, _ = user.Await(ctx) // done by now
			return u + c, err
		})
		return g.Wait()
	}},
	{"many waits at once", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		user, config := g.Go("user", nap(2*ms)), g.Go("config", nap(9*ms))
		g.Do("both", func(ctx context.Context) error {
			other := make(chan error)
			go func() { // ends before the body
				_, err := user.Await(ctx)
				other <- err
			}()
			_, err := config.Await(ctx)
			return errors.Join(err, <-other)
		})
		return g.Wait()
	}},
	{"fan", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		list := g.Go("list", func(context.Context) ([]int, error) { return []int{3, 1, 2}, nil })
		g.Map("likes", list, func(ctx context.Context, n int) (int, error) { return nap(time.Duration(n) * ms)(ctx) }, asap.Limit(2))
		g.Race("mirror", nap(5*ms), nap(3*ms), fail(ms))
		return g.Wait()
	}},
	{"empty fan", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		list := g.Go("list", func(context.Context) ([]int, error) { return nil, nil })
		g.Map("likes", list, double)
		return g.Wait()
	}},
	{"failed fan", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, append(o, asap.Settled())...)
		g.Map("likes", g.Input("list", []int{1, 2}), failOn)
		g.Race("mirror", fail(ms), fail(2*ms))
		return g.Wait()
	}},
	{"limit", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, append(o, asap.Limit(1))...)
		first := g.Go("first", nap(ms))
		g.Go("second", first.Await)
		g.Do("third", func(ctx context.Context) error {
			inner := asap.New(ctx)
			inner.Go("inner", nap(ms))
			return inner.Wait()
		})
		first.Then("fourth", double)
		return g.Wait()
	}},
	{"nested", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, append(o, asap.Name("outer"))...)
		g.Go("checkout", func(ctx context.Context) (int, error) {
			return asap.Run(ctx, func(g *asap.Group) func() int {
				return g.Go("stock", nap(2*ms)).Then("charge", double).Value
			}, asap.Name("checkout"))
		})
		g.Go("mail", nap(ms))
		return g.Wait()
	}},
	{"failure", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		g.Go("user", fail(2*ms)).Then("profile", double).Then("page", text)
		g.Go("config", nap(9*ms))
		return g.Wait()
	}},
	{"settled", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, append(o, asap.Settled())...)
		g.Go("user", fail(2*ms)).Then("profile", double)
		g.Go("config", fail(ms))
		g.Optional("ads", fail(ms))
		return g.Wait()
	}},
	{"exit", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		g.Go("user", nap(9*ms)).Then("profile", double)
		g.Do("cache", hit(g.NewExit[int]()))
		return g.Wait()
	}},
	{"canceled", func(ctx context.Context, o ...asap.Option) error {
		ctx, cancel := context.WithTimeoutCause(ctx, 3*ms, errDown)
		defer cancel()
		g := asap.New(ctx, o...)
		g.Go("user", nap(9*ms)).Then("profile", double)
		g.Go("config", nap(ms))
		return g.Wait()
	}},
	{"stopped", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		defer g.Stop()
		g.Go("user", nap(9*ms)).Then("profile", double)
		return errDown
	}},
	{"panic", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		g.Do("user", func(context.Context) error { panic("no user") }).Then("profile", func(context.Context, struct{}) (int, error) { return 0, nil })
		g.Go("config", nap(9*ms))
		return g.Wait()
	}},
	{"Goexit", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, o...)
		g.Do("user", func(context.Context) error { runtime.Goexit(); return nil })
		g.Go("config", nap(9*ms))
		return g.Wait()
	}},
	{"two groups at once", func(ctx context.Context, o ...asap.Option) error {
		g, h := asap.New(ctx, o...), asap.New(ctx, o...)
		g.Go("user", nap(2*ms)).Then("profile", double)
		h.Go("user", nap(ms)).Then("profile", double)
		return errors.Join(h.Wait(), g.Wait())
	}},
	{"wide", func(ctx context.Context, o ...asap.Option) error {
		g := asap.New(ctx, append(o, asap.Limit(8))...)
		var all []*asap.Task[int]
		for i := range 100 {
			all = append(all, g.Go("shard", nap(time.Duration(i%7)*ms)))
		}
		g.Gather("shards", all...)
		return g.Wait()
	}},
}
