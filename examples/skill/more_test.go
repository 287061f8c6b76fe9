package skill

import (
	"context"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

type Home struct {
	User  *User
	Posts []Post
	Recs  []Post
}

func (s *Server) whole(ctx context.Context, id string) (Home, error) {
	user, err := s.GetUser(ctx, id)
	if err != nil {
		return Home{}, err
	}
	posts, err := s.ListPosts(ctx, user.ID)
	if err != nil {
		return Home{}, err
	}
	recs, err := s.Recommend(ctx, user) // nobody needs them, and all wait for them
	if err != nil {
		return Home{}, err
	}
	return Home{user, posts, recs}, nil
}

func (s *Server) without(ctx context.Context, id string) (Home, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Home {
		user := g.Go("user", func(ctx context.Context) (*User, error) { return s.GetUser(ctx, id) })
		posts := user.Then("posts", func(ctx context.Context, user *User) ([]Post, error) {
			return s.ListPosts(ctx, user.ID)
		})
		recs := user.Optional("recommendations", s.Recommend, asap.Timeout(50*time.Millisecond))
		return func() Home { return Home{user.Value(), posts.Value(), recs.Value().Or(nil)} }
	})
}

func TestOptional(t *testing.T) {
	s := &Server{}
	if took := timed(t, func(ctx context.Context) {
		if h, err := s.whole(ctx, "u1"); err != nil || len(h.Recs) != 1 {
			t.Errorf("whole = %+v, %v", h, err)
		}
	}); took != 1100700*time.Microsecond {
		t.Errorf("whole took %v", took)
	}
	if took := timed(t, func(ctx context.Context) {
		if h, err := s.without(ctx, "u1"); err != nil || h.Recs != nil || len(h.Posts) != 1 {
			t.Errorf("without = %+v, %v", h, err)
		}
	}); took != 100700*time.Microsecond {
		t.Errorf("without took %v", took)
	}
}

func (s *Server) rows(ctx context.Context, ids []string) ([][]Post, error) {
	var all [][]Post
	for _, id := range ids {
		posts, err := s.ListPosts(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, posts)
	}
	return all, nil
}

func (s *Server) mapped(ctx context.Context, ids []string) ([][]Post, error) {
	return asap.Run(ctx, func(g *asap.Group) func() [][]Post {
		return g.Map("posts", g.Input("ids", ids), s.ListPosts).Value
	}, asap.Limit(8))
}

func TestMap(t *testing.T) {
	s := &Server{}
	ids := []string{"a", "b", "c"}
	for want, f := range map[time.Duration]func(context.Context, []string) ([][]Post, error){
		180900 * time.Microsecond: s.rows,
		60300 * time.Microsecond:  s.mapped,
	} {
		if took := timed(t, func(ctx context.Context) {
			all, err := f(ctx, ids)
			if err != nil || len(all) != 3 || all[2][0].Title != "of c" {
				t.Errorf("got %v, %v", all, err)
			}
		}); took != want {
			t.Errorf("took %v, want %v", took, want)
		}
	}
}

type Report struct {
	User  *User
	Theme string
	Posts int
}

func (s *Server) report(ctx context.Context, id string) (Report, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Report {
		user := g.Go("user", func(ctx context.Context) (*User, error) { return s.GetUser(ctx, id) })
		config := g.Go("config", s.GetConfig)
		flags := g.Go("flags", s.GetFlags)
		posts := user.Then("posts", func(ctx context.Context, user *User) ([]Post, error) {
			return s.ListPosts(ctx, user.ID)
		})
		report := g.Go("report", func(ctx context.Context) (Report, error) {
			r := Report{user.Get(ctx), config.Get(ctx).Theme, len(posts.Get(ctx))}
			if flags.Get(ctx).Beta {
				r.Theme += " beta"
			}
			return r, nil
		}, asap.Needs(user, config, flags, posts))
		return report.Value
	})
}

func TestReport(t *testing.T) {
	s := &Server{}
	if took := timed(t, func(ctx context.Context) {
		if r, err := s.report(ctx, "u1"); err != nil || r.Theme != "dark beta" || r.Posts != 1 {
			t.Errorf("report = %+v, %v", r, err)
		}
	}); took != 100700*time.Microsecond {
		t.Errorf("report took %v", took)
	}
}
