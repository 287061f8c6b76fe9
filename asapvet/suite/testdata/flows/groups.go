package flows

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/asap-go/asap"
)

// Wait, then read.
func pageOf(ctx context.Context) (Page, error) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetchUser)
	config := g.Go("config", func(ctx context.Context) (Config, error) {
		return mirror(ctx, "a")
	})
	profile := user.Then("profile", func(ctx context.Context, u User) (Profile, error) {
		return fetchProfile(ctx, u)
	})
	if err := g.Wait(); err != nil {
		return Page{}, fmt.Errorf("page: %w", err)
	}
	return Page{User: user.Value(), Config: config.Value(), Profile: profile.Value()}, nil
}

// The error in a variable, a result that is nil-checked the other way round.
func pageFor(ctx context.Context, id string) (p Page, err error) {
	g := asap.New(ctx, asap.Name("page"), asap.Limit(4))
	defer g.Stop()
	posts := g.Go("posts", func(ctx context.Context) ([]Post, error) { return fetchPosts(ctx, id) })
	ads := g.Optional("ads", fetchAds, asap.Within(short))
	user := g.Go("user", func(ctx context.Context) (User, error) { return fetchUser(ctx) })
	both := user.And(posts)
	done := both.Do("check", func(ctx context.Context, u User, posts []Post) error {
		if len(posts) == 0 {
			return errEmpty
		}
		return notify(ctx, u)
	})
	_ = done
	err = g.Wait()
	if err == nil {
		p = Page{Posts: posts.Value(), Ads: ads.Value().Or(nil), User: user.Value()}
	}
	return p, err
}

// Only bodies without values.
func warm(ctx context.Context, pages []Page) error {
	g := asap.New(ctx)
	defer g.Stop()
	for _, p := range pages {
		g.Do("store", func(ctx context.Context) error {
			return store(ctx, p)
		})
	}
	g.Do("notify", func(ctx context.Context) error { return notify(ctx, User{}) })
	return g.Wait()
}

// Every task to its end, and each looked at.
func report(ctx context.Context) []string {
	g := asap.New(ctx, asap.Settled())
	defer g.Stop()
	user := g.Go("user", fetchUser)
	config := g.Go("config", func(ctx context.Context) (Config, error) { return fetchConfig(ctx) })
	_ = g.Wait()
	var lines []string
	if r := user.Result(); r.Err != nil {
		lines = append(lines, "user: "+r.Err.Error())
	} else {
		lines = append(lines, user.Value().Name)
	}
	if err := config.Err(); err != nil {
		lines = append(lines, "config: "+err.Error())
	}
	return lines
}

// A dependency that is found in the body.
func discovered(ctx context.Context, full bool) (Page, error) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", func(ctx context.Context) (User, error) { return fetchUser(ctx) })
	page := g.Go("page", func(ctx context.Context) (Page, error) {
		if !full {
			return Page{}, nil
		}
		u, err := user.Await(ctx)
		if err != nil {
			return Page{}, err
		}
		return render(ctx, u, Config{})
	})
	if err := g.Wait(); err != nil {
		return Page{}, err
	}
	return page.Value(), nil
}

// Bodies that declare what they need as options.
func needs(ctx context.Context) (Page, error) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetchUser)
	config := g.Go("config", fetchConfig, asap.Timeout(short))
	ads := g.Go("ads", fetchAds, asap.MayFail())
	page := g.Go("page", func(ctx context.Context) (Page, error) {
		return render(ctx, user.Get(ctx), config.Get(ctx))
	}, asap.Needs(user, config), asap.AfterEnd(ads))
	stored := page.Do("store", func(ctx context.Context, p Page) error {
		return store(ctx, p)
	}, asap.Around(retry))
	g.Do("audit", func(ctx context.Context) error {
		return notify(ctx, user.Get(ctx))
	}, asap.After(stored), asap.Needs(user))
	if err := g.Wait(); err != nil {
		return Page{}, err
	}
	return page.Value(), nil
}

// An exit by a cache.
func viaCache(ctx context.Context, key string) (Page, error) {
	g := asap.New(ctx)
	defer g.Stop()
	hit := g.NewExit[Page]()
	g.Do("cache", func(ctx context.Context) error {
		if p, ok := cached(key); ok {
			return hit.With(p)
		}
		return nil
	})
	user := g.Go("user", func(ctx context.Context) (User, error) { return fetchUser(ctx) })
	page := user.Then("page", func(ctx context.Context, u User) (Page, error) { return render(ctx, u, Config{}) })
	if err := g.Wait(); err != nil {
		return Page{}, err
	}
	if p, ok := hit.Value(); ok {
		return p, nil
	}
	return page.Value(), nil
}

// A fan out, and what comes of it.
func quotes(ctx context.Context) ([]Quote, error) {
	g := asap.New(ctx)
	defer g.Stop()
	items := g.Go("items", fetchItems)
	all := g.Map("quote", items, func(ctx context.Context, it Item) (Quote, error) {
		return quote(ctx, it)
	}, asap.Limit(8))
	some := g.MapOptional("guess", items, quote)
	err := g.Wait()
	if err != nil {
		return nil, err
	}
	list := all.Value()
	for _, r := range some.Value() {
		list = append(list, r.Or(Quote{}))
	}
	return list, nil
}

// The first of several that succeeds.
func fastest(ctx context.Context) (Config, error) {
	g := asap.New(ctx)
	defer g.Stop()
	config := g.Race("mirror",
		func(ctx context.Context) (Config, error) { return mirror(ctx, "a") },
		func(ctx context.Context) (Config, error) { return mirror(ctx, "b") },
	)
	user := g.Go("user", func(ctx context.Context) (User, error) { return fetchUser(ctx) })
	page := user.And(config).Then("page", render)
	if err := g.Wait(); err != nil {
		return Config{}, err
	}
	return page.Value().Config, nil
}

// A group in a body of another.
func nested(ctx context.Context, ids []string) ([][]Post, error) {
	g := asap.New(ctx, asap.Limit(2))
	defer g.Stop()
	user := g.Go("user", fetchUser)
	all := user.Then("all", func(ctx context.Context, u User) ([][]Post, error) {
		in := asap.New(ctx)
		defer in.Stop()
		var tasks []*asap.Task[[]Post]
		for _, id := range ids {
			tasks = append(tasks, in.Go("posts", func(ctx context.Context) ([]Post, error) { return fetchPosts(ctx, id) }))
		}
		list := in.Gather("list", tasks...)
		own := in.Go("own", func(ctx context.Context) ([]Post, error) { return fetchPosts(ctx, u.ID) })
		if err := in.Wait(); err != nil {
			return nil, err
		}
		return append(list.Value(), own.Value()), nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return all.Value(), nil
}

// Awaited where it is needed, the group settled.
func early(ctx context.Context) (Page, error) {
	g := asap.New(ctx, asap.Settled())
	defer g.Stop()
	userTask := g.Go("user", func(ctx context.Context) (User, error) { return fetchUser(ctx) })
	configTask := g.Go("config", func(ctx context.Context) (Config, error) { return fetchConfig(ctx) })
	user, err := asap.Plain(userTask.Await(ctx))
	if err != nil {
		return Page{}, err
	}
	config, err := asap.Plain(configTask.Await(ctx))
	if err != nil {
		return Page{}, err
	}
	return render(ctx, user, config)
}

// A sum under a lock, a slice by index, an order by Then.
func totals(ctx context.Context, items []Item) (int, error) {
	g := asap.New(ctx)
	defer g.Stop()
	var mu sync.Mutex
	sum := 0
	list := make([]Quote, len(items))
	for i, it := range items {
		g.Do("quote", func(ctx context.Context) error {
			q, err := quote(ctx, it)
			if err != nil {
				return err
			}
			mu.Lock()
			sum += q.Cents
			mu.Unlock()
			list[i] = q
			return nil
		})
	}
	last := ""
	first := g.Go("first", func(ctx context.Context) (User, error) {
		u, err := fetchUser(ctx)
		last = u.Name
		return u, err
	})
	first.Do("second", func(ctx context.Context, u User) error {
		last += u.ID
		return notify(ctx, u)
	})
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return sum + len(list) + len(last), nil
}

// A task of another group, brought in.
func brought(ctx context.Context) (Page, error) {
	outer := asap.New(ctx)
	defer outer.Stop()
	user := outer.Go("user", fetchUser)
	g := asap.New(ctx)
	defer g.Stop()
	mine := g.Go("user", user.Await)
	page := mine.Then("page", func(ctx context.Context, u User) (Page, error) { return render(ctx, u, Config{}) })
	if err := g.Wait(); err != nil {
		return Page{}, err
	}
	if err := outer.Wait(); err != nil {
		return Page{}, err
	}
	return page.Value(), nil
}

// Bodies that know each other, held back until both are declared.
func knownLater(ctx context.Context) (Page, error) {
	g := asap.New(ctx)
	defer g.Stop()
	declared := make(chan struct{})
	var config *asap.Task[Config]
	page := g.Go("page", func(ctx context.Context) (Page, error) {
		<-declared
		c, err := config.Await(ctx)
		if err != nil {
			return Page{}, err
		}
		return render(ctx, User{}, c)
	})
	config = g.Go("config", func(ctx context.Context) (Config, error) { return fetchConfig(ctx) })
	close(declared)
	if err := g.Wait(); err != nil {
		return Page{}, err
	}
	return page.Value(), nil
}

// What outlives the group says so.
func after(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	g.Do("store", func(ctx context.Context) error { return store(ctx, Page{}) })
	g.Do("notify", func(ctx context.Context) error {
		later := context.WithoutCancel(ctx)
		go notify(later, User{})
		time.Sleep(time.Millisecond)
		return nil
	})
	return g.Wait()
}

// A mutant may need an import less.
var _ = fmt.Sprint
