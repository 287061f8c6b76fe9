package flows

import (
	"context"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// A lexical scope.
func home(ctx context.Context) (Page, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Page {
		user := g.Go("user", fetchUser)
		config := g.Go("config", func(ctx context.Context) (Config, error) { return fetchConfig(ctx) })
		profile := user.Then("profile", func(ctx context.Context, u User) (Profile, error) { return fetchProfile(ctx, u) })
		return func() Page {
			return Page{User: user.Value(), Config: config.Value(), Profile: profile.Value()}
		}
	})
}

// The value of one task.
func only(ctx context.Context) (Page, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Page {
		user := g.Go("user", func(ctx context.Context) (User, error) { return fetchUser(ctx) })
		page := user.Then("page", func(ctx context.Context, u User) (Page, error) { return render(ctx, u, Config{}) })
		return page.Value
	}, asap.Name("only"))
}

// A settled scope, which looks at each.
func sum(ctx context.Context) (int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() int {
		items := g.Go("items", fetchItems)
		all := g.Map("quote", items, func(ctx context.Context, it Item) (Quote, error) { return quote(ctx, it) })
		ads := g.Go("ads", func(ctx context.Context) ([]string, error) { return fetchAds(ctx) })
		return func() int {
			n := len(ads.Result().Or(nil))
			for _, q := range all.Result().Or(nil) {
				n += q.Cents
			}
			return n
		}
	}, asap.Settled())
}

// A scope in a body.
func inner(ctx context.Context) (int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() int {
		user := g.Go("user", func(ctx context.Context) (User, error) { return fetchUser(ctx) })
		n := user.Then("n", func(ctx context.Context, u User) (int, error) {
			return asap.Run(ctx, func(g *asap.Group) func() int {
				posts := g.Go("posts", func(ctx context.Context) ([]Post, error) { return fetchPosts(ctx, u.ID) })
				return func() int { return len(posts.Value()) }
			})
		})
		return n.Value
	})
}

// A flow, whose definition looks at nothing.
var checkout = flow.Define("checkout", func(g *asap.Group, user *asap.Task[User]) *asap.Task[Page] {
	profile := user.Then("profile", fetchProfile)
	config := g.Go("config", func(ctx context.Context) (Config, error) { return fetchConfig(ctx) })
	page := g.Go("page", func(ctx context.Context) (Page, error) {
		p, err := render(ctx, user.Get(ctx), config.Get(ctx))
		p.Profile = profile.Get(ctx)
		return p, err
	}, asap.Needs(user, config, profile))
	page.Do("store", func(ctx context.Context, p Page) error { return store(ctx, p) })
	return page
})

// One that is a body of another.
var greeting = flow.Define("greeting", func(g *asap.Group, user *asap.Task[User]) *asap.Task[string] {
	page := user.Then("checkout", checkout.Run)
	ads := g.Optional("ads", func(ctx context.Context) ([]string, error) { return fetchAds(ctx) })
	return page.And(ads).Then("text", func(ctx context.Context, p Page, ads asap.Result[[]string]) (string, error) {
		return p.User.Name, nil
	})
})
