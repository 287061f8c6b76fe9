package skill

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

type (
	User   struct{ ID, Name string }
	Config struct{ Theme string }
	Flags  struct{ Beta bool }
	Post   struct{ Title string }
	Page   struct {
		User   *User
		Config *Config
		Flags  *Flags
		Posts  []Post
	}
)

var errDown = errors.New("down")

// Server asks for what a page needs. Each call takes its time, in virtual time, and
// fails if it is in down.
type Server struct{ down map[string]bool }

func (s *Server) GetUser(ctx context.Context, id string) (*User, error) {
	return take(ctx, s, "user", 40400*time.Microsecond, &User{id, "Ada"})
}

func (s *Server) GetConfig(ctx context.Context) (*Config, error) {
	return take(ctx, s, "config", 100200*time.Microsecond, &Config{"dark"})
}

func (s *Server) GetFlags(ctx context.Context) (*Flags, error) {
	return take(ctx, s, "flags", 200*time.Microsecond, &Flags{true})
}

func (s *Server) ListPosts(ctx context.Context, user string) ([]Post, error) {
	return take(ctx, s, "posts", 60300*time.Microsecond, []Post{{"of " + user}})
}

func (s *Server) Recommend(ctx context.Context, user *User) ([]Post, error) {
	return take(ctx, s, "recommend", time.Second, []Post{{"for " + user.Name}})
}

func take[T any](ctx context.Context, s *Server, name string, d time.Duration, v T) (T, error) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return *new(T), context.Cause(ctx)
	}
	if s.down[name] {
		return *new(T), errDown
	}
	return v, nil
}

// timed runs f in virtual time and says how long it took.
func timed(t *testing.T, f func(ctx context.Context)) (took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		f(t.Context())
		took = time.Since(begin)
	})
	return took
}
