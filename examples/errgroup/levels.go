package errgroup

import (
	"context"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// Levels: what can run together is one group, what needs its results follows.

func pageBefore(ctx context.Context) (Page, error) {
	var page Page
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		page.User, err = fetchUser(gctx)
		return err
	})
	g.Go(func() (err error) {
		page.Config, err = fetchConfig(gctx)
		return err
	})
	if err := g.Wait(); err != nil {
		return Page{}, err
	}
	profile, err := fetchProfile(ctx, page.User) // has waited for config, too
	if err != nil {
		return Page{}, err
	}
	page.Profile = profile
	return page, nil
}

func page(ctx context.Context) (Page, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Page {
		user := g.Go("user", fetchUser)
		config := g.Go("config", fetchConfig)
		profile := user.Then("profile", fetchProfile)
		return func() Page { return Page{user.Value(), config.Value(), profile.Value()} }
	})
}
