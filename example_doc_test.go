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
