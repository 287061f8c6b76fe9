package skill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

func (s *Server) sequential(ctx context.Context, id string) (*Page, error) {
	user, err := s.GetUser(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("user: %w", err)
	}
	config, err := s.GetConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	flags, err := s.GetFlags(ctx)
	if err != nil {
		return nil, fmt.Errorf("flags: %w", err)
	}
	posts, err := s.ListPosts(ctx, user.ID)
	if err != nil {
		return nil, fmt.Errorf("posts: %w", err)
	}
	return &Page{user, config, flags, posts}, nil
}

func (s *Server) graph(ctx context.Context, id string) (*Page, error) {
	return asap.Run(ctx, func(g *asap.Group) func() *Page {
		user := g.Go("user", func(ctx context.Context) (*User, error) { return s.GetUser(ctx, id) })
		config := g.Go("config", s.GetConfig)
		flags := g.Go("flags", s.GetFlags)
		posts := user.Then("posts", func(ctx context.Context, user *User) ([]Post, error) {
			return s.ListPosts(ctx, user.ID)
		})
		return func() *Page { return &Page{user.Value(), config.Value(), flags.Value(), posts.Value()} }
	})
}

// early is what asapvet's fix makes of sequential.
func (s *Server) early(ctx context.Context, id string) (*Page, error) {
	g := asap.New(ctx, asap.Settled())
	defer g.Stop()
	userTask := g.Go("user", func(ctx context.Context) (*User, error) {
		return s.GetUser(ctx, id)
	})
	configTask := g.Go("config", func(ctx context.Context) (*Config, error) {
		return s.GetConfig(ctx)
	})
	flagsTask := g.Go("flags", func(ctx context.Context) (*Flags, error) {
		return s.GetFlags(ctx)
	})
	postsTask := userTask.Then("posts", func(ctx context.Context, user *User) ([]Post, error) {
		return s.ListPosts(ctx, user.ID)
	})
	user, err := asap.Plain(userTask.Await(ctx))
	if err != nil {
		return nil, fmt.Errorf("user: %w", err)
	}
	config, err := asap.Plain(configTask.Await(ctx))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	flags, err := asap.Plain(flagsTask.Await(ctx))
	if err != nil {
		return nil, fmt.Errorf("flags: %w", err)
	}
	posts, err := asap.Plain(postsTask.Await(ctx))
	if err != nil {
		return nil, fmt.Errorf("posts: %w", err)
	}
	return &Page{user, config, flags, posts}, nil
}

// The instants are those of the page in the audit's tests, which says of the sequential
// form what the others take.
func TestPage(t *testing.T) {
	s := &Server{}
	golden, err := os.ReadFile("../../asapvet/audit/testdata/page.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(golden), "   201 ms → 101 ms   saves 100 ms of each") {
		t.Errorf("the audit has other numbers:\n%s", golden)
	}
	var first *Page
	for _, row := range []struct {
		name string
		page func(context.Context, string) (*Page, error)
		want time.Duration
	}{
		{"sequential", s.sequential, 201100 * time.Microsecond},
		{"graph", s.graph, 100700 * time.Microsecond},
		{"early", s.early, 100700 * time.Microsecond},
	} {
		took := timed(t, func(ctx context.Context) {
			p, err := row.page(ctx, "u1")
			if err != nil {
				t.Errorf("%s: %v", row.name, err)
			}
			if first == nil {
				first = p
			}
			if !reflect.DeepEqual(p, first) {
				t.Errorf("%s made %+v, want %+v", row.name, p, first)
			}
		})
		if took != row.want {
			t.Errorf("%s took %v, want %v", row.name, took, row.want)
		}
	}
}

// Whatever fails, starting early changes neither which error is returned nor its text.
func TestErrors(t *testing.T) {
	names := []string{"user", "config", "flags", "posts"}
	for set := range 1 << len(names) {
		s := &Server{down: make(map[string]bool)}
		for i, name := range names {
			s.down[name] = set&(1<<i) != 0
		}
		timed(t, func(ctx context.Context) {
			p, want := s.sequential(ctx, "u1")
			q, got := s.early(ctx, "u1")
			if fmt.Sprint(got) != fmt.Sprint(want) || errors.Is(got, errDown) != errors.Is(want, errDown) || !reflect.DeepEqual(p, q) {
				t.Errorf("with %v down: got %v, want %v", s.down, got, want)
			}
		})
	}
}
