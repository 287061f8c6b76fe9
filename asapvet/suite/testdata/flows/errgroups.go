package flows

import (
	"context"
	"fmt"
	"log"
	"sync"

	"golang.org/x/sync/errgroup"
)

// The derived context has a name of its own.
func egPage(ctx context.Context) (Page, error) {
	var p Page
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		p.User, err = fetchUser(gctx)
		return err
	})
	g.Go(func() error {
		c, err := fetchConfig(gctx)
		p.Config = c
		return err
	})
	if err := g.Wait(); err != nil {
		return Page{}, err
	}
	profile, err := fetchProfile(ctx, p.User)
	if err != nil {
		return Page{}, err
	}
	p.Profile = profile
	return p, nil
}

// A loop, with a limit.
func egQuotes(ctx context.Context, items []Item) ([]Quote, error) {
	list := make([]Quote, len(items))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, it := range items {
		g.Go(func() error {
			q, err := quote(gctx, it)
			if err != nil {
				return fmt.Errorf("item %d: %w", i, err)
			}
			list[i] = q
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return list, store(ctx, Page{Quotes: list})
}

// Under a lock, deferred Wait, the context only logged after it.
func egSum(ctx context.Context, items []Item) (sum int, err error) {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for _, it := range items {
		g.Go(func() error {
			q, err := quote(ctx, it)
			mu.Lock()
			defer mu.Unlock()
			sum += q.Cents
			return err
		})
	}
	err = g.Wait()
	log.Print("sum ", ctx.Err())
	return sum, err
}

// A group without a context.
func egAll(ctx context.Context, pages []Page) error {
	var g errgroup.Group
	for _, p := range pages {
		g.Go(func() error { return store(ctx, p) })
	}
	g.Go(func() error { return notify(ctx, User{}) })
	return g.Wait()
}

// Two groups, one after the other, in one variable.
func egTwice(ctx context.Context) error {
	g := new(errgroup.Group)
	name := ""
	g.Go(func() error {
		u, err := fetchUser(ctx)
		name = u.Name
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	g = new(errgroup.Group)
	g.Go(func() error {
		name += "!"
		return notify(ctx, User{Name: name})
	})
	return g.Wait()
}
