package seeds_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// The twins of the examples in the first of the two documents that this
// project was made from, the rule for server handlers. The second is in
// hono_test.go.

// site stands for the services behind the twins. Its latencies are those that
// the texts give, in units of ms: a millisecond in the tests, which run in
// virtual time, and less in the examples, which do not.
type site struct{ ms time.Duration }

type (
	siteUser    struct{ ID, Name string }
	siteConfig  struct{ Theme string }
	siteProfile struct{ Bio string }
	dashboard   struct {
		User    siteUser
		Config  siteConfig
		Profile siteProfile
	}
)

func (s site) fetchUser(ctx context.Context) (siteUser, error) {
	return answer(ctx, 1000*s.ms, siteUser{"u1", "Ada"})
}

func (s site) fetchConfig(ctx context.Context) (siteConfig, error) {
	return answer(ctx, 10_000*s.ms, siteConfig{"dark"})
}

func (s site) fetchProfile(ctx context.Context, u siteUser) (siteProfile, error) {
	return answer(ctx, 10_000*s.ms, siteProfile{u.Name + " writes"})
}

// dashboardByLevel is the rule's "incorrect": the profile waits for the
// configuration, which it does not need.
func dashboardByLevel(ctx context.Context, s site) (d dashboard, err error) {
	var wg sync.WaitGroup
	var userErr, configErr error
	wg.Go(func() { d.User, userErr = s.fetchUser(ctx) })
	wg.Go(func() { d.Config, configErr = s.fetchConfig(ctx) })
	wg.Wait()
	if err := errors.Join(userErr, configErr); err != nil {
		return d, err
	}
	d.Profile, err = s.fetchProfile(ctx, d.User)
	return d, err
}

// loadDashboard is the rule's "correct".
func loadDashboard(ctx context.Context, s site, options ...asap.Option) (dashboard, error) {
	g := asap.New(ctx, options...)
	user := g.Go("user", s.fetchUser)
	config := g.Go("config", s.fetchConfig)
	profile := user.Then("profile", s.fetchProfile)
	if err := g.Wait(); err != nil {
		return dashboard{}, err
	}
	return dashboard{user.Value(), config.Value(), profile.Value()}, nil
}

func Example_dashboard() {
	d, err := loadDashboard(context.Background(), site{time.Microsecond})
	fmt.Println(d, err)
	// Output: {{u1 Ada} {dark} {Ada writes}} <nil>
}

func TestSeedDashboard(t *testing.T) {
	// The document says 11 s here as well. It is 20 s: 10 s for user and
	// config, and only then 10 s for profile.
	wantAfter(t, 20*time.Second, func(ctx context.Context) {
		if _, err := dashboardByLevel(ctx, site{time.Millisecond}); err != nil {
			t.Error(err)
		}
	})
	wantTimeline(t, `
		user 0-1000
		config 0-10000
		profile 1000-11000
	`, func(ctx context.Context, o asap.Option) {
		loadDashboard(ctx, site{time.Millisecond}, o)
	})
}

type (
	session      struct{ UserID string }
	siteSettings struct{ Language string }
	userData     struct{ ID, Name string }
	permission   string
	sitePost     struct {
		ID    int
		Title string
	}
	siteAnalytics struct{ Posts, Views int }
	complexData   struct {
		Auth        session
		Settings    siteSettings
		UserData    userData
		Permissions []permission
		Posts       []sitePost
		Analytics   siteAnalytics
	}
)

func (s site) auth(ctx context.Context) (session, error) {
	return answer(ctx, 100*s.ms, session{"u1"})
}

func (s site) settings(ctx context.Context) (siteSettings, error) {
	return answer(ctx, 150*s.ms, siteSettings{"en"})
}

func (s site) userData(ctx context.Context, a session) (userData, error) {
	return answer(ctx, 100*s.ms, userData{a.UserID, "Ada"})
}

func (s site) permissions(ctx context.Context, a session) ([]permission, error) {
	return answer(ctx, 250*s.ms, []permission{"read", "write"})
}

func (s site) posts(ctx context.Context, u userData) ([]sitePost, error) {
	return answer(ctx, 300*s.ms, []sitePost{{1, "Notes"}, {2, "More notes"}})
}

func (s site) analytics(ctx context.Context, u userData, posts []sitePost) (siteAnalytics, error) {
	return answer(ctx, 300*s.ms, siteAnalytics{Posts: len(posts), Views: 7})
}

// loadComplexData declares all six dependencies: the twin of useComplexData.
func loadComplexData(ctx context.Context, s site, options ...asap.Option) (complexData, error) {
	g := asap.New(ctx, options...)
	auth := g.Go("auth", s.auth)
	settings := g.Go("settings", s.settings)
	userData := auth.Then("userData", s.userData)
	permissions := auth.Then("permissions", s.permissions)
	posts := userData.Then("posts", s.posts)
	analytics := userData.And(posts).Then("analytics", s.analytics)
	if err := g.Wait(); err != nil {
		return complexData{}, err
	}
	return complexData{
		auth.Value(), settings.Value(), userData.Value(), permissions.Value(), posts.Value(), analytics.Value(),
	}, nil
}

// awaitComplexData is the same with dependencies that the bodies await, as the
// original has them. It starts nothing later.
func awaitComplexData(ctx context.Context, s site, options ...asap.Option) (siteAnalytics, error) {
	g := asap.New(ctx, options...)
	auth := g.Go("auth", s.auth)
	g.Go("settings", s.settings)
	userData := g.Go("userData", func(ctx context.Context) (userData, error) {
		a, err := auth.Await(ctx)
		if err != nil {
			return userData{}, err
		}
		return s.userData(ctx, a)
	})
	g.Go("permissions", func(ctx context.Context) ([]permission, error) {
		a, err := auth.Await(ctx)
		if err != nil {
			return nil, err
		}
		return s.permissions(ctx, a)
	})
	posts := g.Go("posts", func(ctx context.Context) ([]sitePost, error) {
		u, err := userData.Await(ctx)
		if err != nil {
			return nil, err
		}
		return s.posts(ctx, u)
	})
	analytics := g.Go("analytics", func(ctx context.Context) (siteAnalytics, error) {
		u, err := userData.Await(ctx)
		if err != nil {
			return siteAnalytics{}, err
		}
		p, err := posts.Await(ctx)
		if err != nil {
			return siteAnalytics{}, err
		}
		return s.analytics(ctx, u, p)
	})
	if err := g.Wait(); err != nil {
		return siteAnalytics{}, err
	}
	return analytics.Value(), nil
}

func Example_complexData() {
	d, err := loadComplexData(context.Background(), site{time.Microsecond})
	fmt.Printf("%+v %v\n", d, err)
	// Output: {Auth:{UserID:u1} Settings:{Language:en} UserData:{ID:u1 Name:Ada} Permissions:[read write] Posts:[{ID:1 Title:Notes} {ID:2 Title:More notes}] Analytics:{Posts:2 Views:7}} <nil>
}

func Example_complexDataAwaited() {
	a, err := awaitComplexData(context.Background(), site{time.Microsecond})
	fmt.Printf("%+v %v\n", a, err)
	// Output: {Posts:2 Views:7} <nil>
}

// complexTimeline is the document's: 0, 100, 200, 500 and 800 ms. It leaves
// settings and permissions open; they take 150 and 250 ms here.
const complexTimeline = `
	auth 0-100
	settings 0-150
	userData 100-200
	permissions 100-350
	posts 200-500
	analytics 500-800
`

func TestSeedComplexData(t *testing.T) {
	wantTimeline(t, complexTimeline, func(ctx context.Context, o asap.Option) {
		loadComplexData(ctx, site{time.Millisecond}, o)
	})
	wantTimeline(t, complexTimeline, func(ctx context.Context, o asap.Option) {
		awaitComplexData(ctx, site{time.Millisecond}, o)
	})
}

// complexDataInSequence is the document's "without": auth, userData, posts and
// analytics one after the other.
func complexDataInSequence(ctx context.Context, s site) {
	a, _ := s.auth(ctx)
	u, _ := s.userData(ctx, a)
	p, _ := s.posts(ctx, u)
	s.analytics(ctx, u, p)
}

// complexDataByLevel is the document's "manual Promise.all".
func complexDataByLevel(ctx context.Context, s site) {
	var a session
	var u userData
	var wg sync.WaitGroup
	wg.Go(func() { a, _ = s.auth(ctx) })
	wg.Go(func() { s.settings(ctx) })
	wg.Wait()
	wg.Go(func() { u, _ = s.userData(ctx, a) })
	wg.Go(func() { s.permissions(ctx, a) })
	wg.Wait()
	p, _ := s.posts(ctx, u)
	s.analytics(ctx, u, p)
}

func TestSeedComplexDataOtherwise(t *testing.T) {
	// The document says 500 ms; by its own timeline these four take 800 ms,
	// and settings and permissions would come on top.
	wantAfter(t, 800*time.Millisecond, func(ctx context.Context) {
		complexDataInSequence(ctx, site{time.Millisecond})
	})
	// posts waits for permissions, and permissions for settings: 200 ms late.
	wantAfter(t, 1000*time.Millisecond, func(ctx context.Context) {
		complexDataByLevel(ctx, site{time.Millisecond})
	})
}

func Example_typeSafety() {
	g := asap.New(context.Background())
	user := g.Go("user", func(ctx context.Context) (siteUser, error) {
		return siteUser{ID: "123", Name: "John"}, nil
	})
	posts := user.Then("posts", func(ctx context.Context, u siteUser) ([]sitePost, error) {
		return []sitePost{{1, "by " + u.ID}}, nil // u is a siteUser, and the compiler knows
	})
	if err := g.Wait(); err != nil {
		fmt.Println(err)
		return
	}
	var u siteUser = user.Value()
	var p []sitePost = posts.Value()
	fmt.Println(u, p)
	// Output: {123 John} [{1 by 123}]
}

// failFast is the document's all() with a task that fails.
func failFast(ctx context.Context, options ...asap.Option) error {
	g := asap.New(ctx, options...)
	g.Do("a", func(context.Context) error { return errors.New("failed") })
	g.Go("b", func(context.Context) (string, error) { return "success", nil })
	return g.Wait()
}

func Example_failFast() {
	fmt.Println(failFast(context.Background()))
	// Output: a: failed
}

// settled is the document's allSettled().
func settled(ctx context.Context, options ...asap.Option) (a asap.Result[int], b asap.Result[string]) {
	g := asap.New(ctx, append(options, asap.Settled())...)
	ta := g.Go("a", func(context.Context) (int, error) { return 0, errors.New("failed") })
	tb := g.Go("b", func(context.Context) (string, error) { return "success", nil })
	g.Wait() // the failures, which Result has as well
	return ta.Result(), tb.Result()
}

func Example_settled() {
	a, b := settled(context.Background())
	fmt.Println(a.Err)
	fmt.Println(b.Value, b.Err)
	// Output:
	// a: failed
	// success <nil>
}

func TestSeedErrors(t *testing.T) {
	wantTimeline(t, "a 0-0 Failed\nb 0-0", func(ctx context.Context, o asap.Option) { settled(ctx, o) })
	// In a fail-fast group b has run or was skipped: both are right.
	var failed *asap.TaskError
	if err := failFast(t.Context()); !errors.As(err, &failed) || failed.Task != "a" {
		t.Errorf("failFast() = %v, want the failure of task a", err)
	}
}
