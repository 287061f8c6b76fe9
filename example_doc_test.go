package asap_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// The code of the package comment and of the documents.

func loadPage(ctx context.Context) (string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() string {
		user := g.Go("user", fetchUser)
		config := g.Go("config", fetchConfig)
		profile := user.Then("profile", fetchProfile) // starts when user is there
		return func() string { return render(user.Value(), config.Value(), profile.Value()) }
	})
}

func renderPage(ctx context.Context, u User, c Config, p Profile) (string, error) {
	return render(u, c, p), nil
}

func loadDeclaredPage(ctx context.Context) (string, error) {
	g := asap.New(ctx)
	defer g.Stop()
	user := g.Go("user", fetchUser)
	config := g.Go("config", fetchConfig)
	profile := user.Then("profile", fetchProfile) // starts when user is there
	page := user.And(config).And(profile).Then("page", renderPage)
	if err := g.Wait(); err != nil {
		return "", err
	}
	return page.Value(), nil
}

// loadShop says of each call what it needs.
func loadShop(ctx context.Context, withCoupons bool) (string, error) {
	retry := func(ctx context.Context, task string, body func(context.Context) error) error {
		if body(ctx) == nil {
			return nil
		}
		return body(ctx)
	}
	quote := func(ctx context.Context, cart []string) (int, error) { return 100 * len(cart), nil }
	fetchAds := func(ctx context.Context, user string) (string, error) { return hangs(ctx) }
	fetchCoupons := func(ctx context.Context) (int, error) { return 1, nil }
	return asap.Run(ctx, func(g *asap.Group) func() string {
		user := g.Go("user", findUser)
		cart := user.Then("cart", findCart)
		price := cart.Then("price", quote, asap.Timeout(50*time.Millisecond), asap.Around(retry))
		ads := user.Optional("ads", fetchAds, asap.Within(80*time.Millisecond)) // of the group's start
		coupons := g.Go("coupons", fetchCoupons, asap.When(withCoupons))        // else done at once, with the zero value
		page := g.Go("page", func(ctx context.Context) (string, error) {
			return fmt.Sprint(user.Get(ctx), price.Get(ctx), coupons.Get(ctx), ads.Get(ctx).Or("no ads")), nil
		}, asap.Needs(user, price, coupons, ads))
		return page.Value
	})
}

func TestLoadShop(t *testing.T) {
	wantAfter(t, 80*time.Millisecond, func(ctx context.Context) {
		if got, err := loadShop(ctx, false); err != nil || got != "ada300 0no ads" {
			t.Errorf("loadShop = %q, %v", got, err)
		}
	})
}

func greet(ctx context.Context) (string, error) {
	g := asap.New(ctx)
	user := g.Go("user", fetchUser)
	greeting := g.Go("greeting", func(ctx context.Context) (string, error) {
		u, err := user.Await(ctx)
		if err != nil {
			return "", err
		}
		return "Hello " + u.Name, nil
	})
	if err := g.Wait(); err != nil {
		return "", err
	}
	return greeting.Value(), nil
}

// loadOffer does without recommendations that take more than 50 ms.
func loadOffer(ctx context.Context, latency time.Duration) (string, error) {
	fetchRecs := func(ctx context.Context) ([]string, error) { return answer(ctx, latency, []string{"tea"}) }
	return asap.Run(ctx, func(g *asap.Group) func() string {
		user := g.Go("user", fetchUser)
		recs := g.Optional("recommendations", fetchRecs, asap.Timeout(50*time.Millisecond))
		return user.And(recs).Then("offer", func(ctx context.Context, u User, recs asap.Result[[]string]) (string, error) {
			if recs.Err != nil {
				return u.Name + ", without recommendations", nil
			}
			return fmt.Sprint(u.Name, ", recommended: ", recs.Value), nil
		}).Value
	})
}

func TestLoadOffer(t *testing.T) {
	for _, row := range []struct {
		latency, takes time.Duration
		want           string
	}{
		{20 * time.Millisecond, 20 * time.Millisecond, "Ada, recommended: [tea]"},
		{time.Second, 50 * time.Millisecond, "Ada, without recommendations"},
	} {
		wantAfter(t, row.takes, func(ctx context.Context) {
			if got, err := loadOffer(ctx, row.latency); err != nil || got != row.want {
				t.Errorf("loadOffer(recommendations in %v) = %q, %v, want %q", row.latency, got, err, row.want)
			}
		})
	}
}

func Example_declaredAndAwaited() {
	fmt.Println(loadPage(context.Background()))
	fmt.Println(loadDeclaredPage(context.Background()))
	fmt.Println(greet(context.Background()))
	// Output:
	// Ada has 3 followers and likes it dark <nil>
	// Ada has 3 followers and likes it dark <nil>
	// Hello Ada <nil>
}

func TestLoadPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if _, err := loadPage(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := time.Since(start), 110*time.Millisecond; got != want {
			t.Errorf("loadPage took %v, want %v", got, want)
		}
	})
}

// wantAfter runs f in virtual time and fails unless it takes want.
func wantAfter(t *testing.T, want time.Duration, f func(context.Context)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f(t.Context())
		if got := time.Since(start); got != want {
			t.Errorf("it took %v, want %v", got, want)
		}
	})
}
