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
	g := asap.New(ctx)
	user := g.Go("user", fetchUser)
	config := g.Go("config", fetchConfig)
	profile := user.Then("profile", fetchProfile) // starts when user is there
	page := user.And(config).And(profile).Then("page", render)
	if err := g.Wait(); err != nil {
		return "", err
	}
	return page.Value(), nil
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
		recs := g.Optional("recommendations", func(ctx context.Context) ([]string, error) {
			ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			return fetchRecs(ctx)
		})
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
	fmt.Println(greet(context.Background()))
	// Output:
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
