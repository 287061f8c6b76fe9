package asap_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

func Example() {
	page, err := asap.Run(context.Background(), func(g *asap.Group) func() string {
		user := g.Go("user", fetchUser)
		config := g.Go("config", fetchConfig)
		profile := user.Then("profile", fetchProfile) // starts when user is there, whatever config does
		return func() string {                        // is called when all have succeeded
			return render(user.Value(), config.Value(), profile.Value())
		}
	}, asap.Name("dashboard"), waterfall.Print(os.Stderr))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page)
	// Output: Ada has 3 followers and likes it dark
}

type (
	User    struct{ ID, Name string }
	Config  struct{ Theme string }
	Profile struct{ Followers int }
)

func fetchUser(ctx context.Context) (User, error) {
	time.Sleep(10 * time.Millisecond) // a call to a service
	return User{ID: "u1", Name: "Ada"}, nil
}

func fetchConfig(ctx context.Context) (Config, error) {
	time.Sleep(100 * time.Millisecond)
	return Config{Theme: "dark"}, nil
}

func fetchProfile(ctx context.Context, u User) (Profile, error) {
	time.Sleep(100 * time.Millisecond)
	return Profile{Followers: 3}, nil
}

func render(u User, c Config, p Profile) string {
	return fmt.Sprintf("%s has %d followers and likes it %s", u.Name, p.Followers, c.Theme)
}
