package ports

import (
	"context"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// A page made of six calls: three need the user, two the page can do without.

type Dashboard struct {
	User, Settings, Feed, Friends string
	Tips, Ads                     string // empty if they are not there
}

func dashboard(ctx context.Context, w *World) (Dashboard, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Dashboard {
		user := g.Go("user", w.user)
		settings := g.Go("settings", w.settings)
		feed := user.Then("feed", w.feed)
		friends := user.Then("friends", w.friends)
		tips := user.And(settings).Optional("tips", w.tips)
		ads := g.Optional("ads", w.ads)
		return func() Dashboard {
			return Dashboard{
				User: user.Value(), Settings: settings.Value(),
				Feed: feed.Value(), Friends: friends.Value(),
				Tips: tips.Value().Or(""), Ads: ads.Value().Or(""),
			}
		}
	})
}

func dashboardErrgroup(ctx context.Context, w *World) (Dashboard, error) {
	var page Dashboard
	gotUser, gotSettings := make(chan struct{}), make(chan struct{})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		if page.User, err = w.user(ctx); err != nil {
			return err
		}
		close(gotUser)
		g.Go(func() (err error) {
			page.Feed, err = w.feed(ctx, page.User)
			return err
		})
		page.Friends, err = w.friends(ctx, page.User)
		return err
	})
	g.Go(func() (err error) {
		if page.Settings, err = w.settings(ctx); err == nil {
			close(gotSettings)
		}
		return err
	})
	g.Go(func() error {
		for _, got := range []chan struct{}{gotUser, gotSettings} {
			select {
			case <-got:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		page.Tips, _ = w.tips(ctx, page.User, page.Settings)
		return ctx.Err() // without them, but not after the end of the request
	})
	g.Go(func() error {
		page.Ads, _ = w.ads(ctx)
		return ctx.Err()
	})
	if err := g.Wait(); err != nil {
		return Dashboard{}, err
	}
	return page, nil
}

func (w *World) user(ctx context.Context) (string, error) {
	return serve(ctx, w, "user", 50*ms, "Ada")
}

func (w *World) settings(ctx context.Context) (string, error) {
	return serve(ctx, w, "settings", 71*ms, "dark")
}

func (w *World) feed(ctx context.Context, user string) (string, error) {
	return serve(ctx, w, "feed", 80*ms, "feed of "+user)
}

func (w *World) friends(ctx context.Context, user string) (string, error) {
	return serve(ctx, w, "friends", 60*ms, "friends of "+user)
}

func (w *World) tips(ctx context.Context, user, settings string) (string, error) {
	return serve(ctx, w, "tips", 70*ms, "tips for "+user+" in "+settings)
}

func (w *World) ads(ctx context.Context) (string, error) {
	return serve(ctx, w, "ads", 90*ms, "tea")
}
