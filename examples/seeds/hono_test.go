package seeds_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// The twins of the examples in the second document, the rule for an HTTP
// framework: handlers of net/http here.

// pages serves the document's three handlers.
type pages struct {
	site
	options []asap.Option
}

func (p pages) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dashboard", p.dashboard)
	mux.HandleFunc("GET /complex-data", p.complexData)
	mux.HandleFunc("GET /aggregated", p.aggregated)
	return mux
}

// reply sends what a handler has gathered, or the error that ended it.
func reply(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func (s site) userOf(ctx context.Context, auth string) (siteUser, error) {
	name, ok := strings.CutPrefix(auth, "Bearer ")
	if !ok {
		return siteUser{}, fmt.Errorf("no user %q", auth)
	}
	return answer(ctx, 100*s.ms, siteUser{"u1", name})
}

func (p pages) dashboard(w http.ResponseWriter, r *http.Request) {
	auth := r.Header.Get("Authorization")
	g := asap.New(r.Context(), p.options...)
	user := g.Go("user", func(ctx context.Context) (siteUser, error) { return p.userOf(ctx, auth) })
	config := g.Go("config", func(ctx context.Context) (siteConfig, error) {
		return answer(ctx, 250*p.ms, siteConfig{"dark"})
	})
	profile := user.Then("profile", func(ctx context.Context, u siteUser) (siteProfile, error) {
		return answer(ctx, 200*p.ms, siteProfile{u.Name + " writes"})
	})
	if err := g.Wait(); err != nil {
		reply(w, nil, err)
		return
	}
	reply(w, dashboard{user.Value(), config.Value(), profile.Value()}, nil)
}

type (
	versioned  struct{ SettingsVersion int }
	panels     struct{ Panels []string }
	complexity struct {
		Config         versioned
		Permissions    []permission
		Settings       siteSettings
		AllowedActions []string
		Dashboard      panels
	}
)

func (p pages) complexData(w http.ResponseWriter, r *http.Request) {
	userID := r.URL.Query().Get("userId")
	g := asap.New(r.Context(), p.options...)
	// Independent: these start immediately.
	config := g.Go("config", func(ctx context.Context) (versioned, error) {
		return answer(ctx, 100*p.ms, versioned{3})
	})
	permissions := g.Go("permissions", func(ctx context.Context) ([]permission, error) {
		return answer(ctx, 250*p.ms, []permission{"read", "write"})
	})
	// Each starts when the one above it is there, whatever the other does.
	settings := config.Then("settings", func(ctx context.Context, c versioned) (siteSettings, error) {
		return answer(ctx, 200*p.ms, siteSettings{fmt.Sprint(userID, ", version ", c.SettingsVersion)})
	})
	allowedActions := permissions.Then("allowedActions", func(ctx context.Context, ps []permission) ([]string, error) {
		var actions []string
		for _, p := range ps {
			actions = append(actions, "may "+string(p))
		}
		return actions, nil
	})
	dashboard := settings.And(permissions).Then("dashboard", func(ctx context.Context, s siteSettings, ps []permission) (panels, error) {
		return answer(ctx, 50*p.ms, panels{[]string{s.Language, fmt.Sprint(len(ps), " permissions")}})
	})
	if err := g.Wait(); err != nil {
		reply(w, nil, err)
		return
	}
	reply(w, complexity{config.Value(), permissions.Value(), settings.Value(), allowedActions.Value(), dashboard.Value()}, nil)
}

type aggregate struct {
	User     siteUser
	Posts    []sitePost
	Comments []string
	Likes    []int
}

func (p pages) aggregated(w http.ResponseWriter, r *http.Request) {
	g := asap.New(r.Context(), p.options...)
	user := g.Go("user", func(ctx context.Context) (siteUser, error) {
		return answer(ctx, 100*p.ms, siteUser{"u1", "Ada"})
	})
	posts := user.Then("posts", func(ctx context.Context, u siteUser) ([]sitePost, error) {
		return answer(ctx, 200*p.ms, []sitePost{{1, "Notes"}, {2, "More notes"}})
	})
	comments := posts.Then("comments", func(ctx context.Context, posts []sitePost) ([]string, error) {
		return answer(ctx, 150*p.ms, []string{"on " + posts[0].Title, "on " + posts[1].Title})
	})
	likes := posts.Then("likes", func(ctx context.Context, posts []sitePost) ([]int, error) {
		return answer(ctx, 100*p.ms, make([]int, len(posts)))
	})
	if err := g.Wait(); err != nil {
		reply(w, nil, err)
		return
	}
	reply(w, aggregate{user.Value(), posts.Value(), comments.Value(), likes.Value()}, nil)
}

// get asks for one page, as a client with Ada's token.
func (p pages) get(ctx context.Context, path string) string {
	r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
	r.Header.Set("Authorization", "Bearer Ada")
	w := httptest.NewRecorder()
	p.handler().ServeHTTP(w, r)
	return strings.TrimSpace(w.Body.String())
}

func Example_handlers() {
	p := pages{site: site{time.Microsecond}}
	fmt.Println(p.get(context.Background(), "/dashboard"))
	fmt.Println(p.get(context.Background(), "/complex-data?userId=u1"))
	fmt.Println(p.get(context.Background(), "/aggregated"))
	// Output:
	// {"User":{"ID":"u1","Name":"Ada"},"Config":{"Theme":"dark"},"Profile":{"Bio":"Ada writes"}}
	// {"Config":{"SettingsVersion":3},"Permissions":["read","write"],"Settings":{"Language":"u1, version 3"},"AllowedActions":["may read","may write"],"Dashboard":{"Panels":["u1, version 3","2 permissions"]}}
	// {"User":{"ID":"u1","Name":"Ada"},"Posts":[{"ID":1,"Title":"Notes"},{"ID":2,"Title":"More notes"}],"Comments":["on Notes","on More notes"],"Likes":[0,0]}
}

func TestSeedHandlers(t *testing.T) {
	get := func(path string) func(context.Context, asap.Option) {
		return func(ctx context.Context, o asap.Option) {
			pages{site{time.Millisecond}, []asap.Option{o}}.get(ctx, path)
		}
	}
	// The document: max(config, user + profile).
	wantTimeline(t, `
		user 0-100
		config 0-250
		profile 100-300
	`, get("/dashboard"))
	wantTimeline(t, `
		config 0-100
		permissions 0-250
		settings 100-300
		allowedActions 250-250
		dashboard 300-350
	`, get("/complex-data?userId=u1"))
	wantTimeline(t, `
		user 0-100
		posts 100-300
		likes 300-400
		comments 300-450
	`, get("/aggregated"))
}

func TestSeedHandlerWithoutUser(t *testing.T) {
	w := httptest.NewRecorder()
	pages{site: site{time.Microsecond}}.handler().ServeHTTP(w, httptest.NewRequest("GET", "/dashboard", nil))
	if got, want := w.Body.String(), "user: no user \"\"\n"; w.Code != http.StatusBadGateway || got != want {
		t.Errorf("GET /dashboard without a token = %d %q, want 502 %q", w.Code, got, want)
	}
}
