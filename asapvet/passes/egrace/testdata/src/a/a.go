package a

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

func fetch(ctx context.Context, id string) (int, error) { return 0, ctx.Err() }

func shared(ctx context.Context) (a, b int, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		a, err = fetch(ctx, "a") // want `err is assigned in the body at line 14 and the body at line 18 at the same time; declare it in the bodies, or guard it`
		return err
	})
	g.Go(func() error {
		b, err = fetch(ctx, "b")
		return err
	})
	err = g.Wait()
	return a, b, err
}

func inALoop(ctx context.Context, ids []string) (int, error) {
	g, ctx := errgroup.WithContext(ctx)
	code := 0
	for _, id := range ids {
		g.Go(func() error {
			n, err := fetch(ctx, id)
			code = n // want `code is assigned in the body at line 30, which runs several times at once`
			return err
		})
	}
	err := g.Wait()
	return code, err
}

func readBefore(ctx context.Context) (int, error) {
	var g errgroup.Group
	n := 0
	g.Go(func() (err error) {
		n, err = fetch(ctx, "a") // want `n is assigned in the body at line 43 and read at line 47 at the same time`
		return err
	})
	println(n)
	return n, g.Wait()
}

func right(ctx context.Context, ids []string) (int, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	var mu sync.Mutex
	sum, list := 0, make([]int, len(ids))
	user := 0
	got := make(chan struct{})
	for i, id := range ids {
		g.Go(func() (err error) {
			list[i], err = fetch(ctx, id)
			mu.Lock()
			sum += list[i]
			mu.Unlock()
			return err
		})
	}
	g.Go(func() (err error) {
		user, err = fetch(ctx, "user")
		close(got)
		return err
	})
	g.Go(func() error {
		<-got
		_, err := fetch(ctx, string(rune(user)))
		return err
	})
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return sum + user, nil
}

func oneByOne(ctx context.Context, ids []string) error {
	var g errgroup.Group
	g.SetLimit(1)
	n := 0
	for _, id := range ids {
		g.Go(func() error { n += len(id); return nil })
	}
	return g.Wait()
}
