// Package orders is what the tests of the audit look at.
package orders

import (
	"context"

	"example.org/lost"
	"example.org/orders/http"
	"example.org/orders/store"
)

type Page struct {
	User   *store.User
	Offers []string
	Badge  string
	Posts  []string
}

type Server struct{ Store *store.Store }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, err := s.page(r.Context(), r.PathValue("id"))
	if err != nil {
		w.Write([]byte(err.Error()))
		return
	}
	lost.Write(w, p)
}

// page makes four calls, one after the other.
func (s *Server) page(ctx context.Context, id string) (*Page, error) {
	user, err := s.Store.GetUser(ctx, id)
	if err != nil {
		return nil, err
	}
	offers, err := s.Store.ListOffers(ctx)
	if err != nil {
		return nil, err
	}
	badge, err := s.Store.GetBadge(ctx, id)
	if err != nil {
		return nil, err
	}
	posts, err := s.Store.ListPosts(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	return &Page{user, offers, badge, posts}, nil
}

// Chain has nothing that could start earlier.
func (s *Server) Chain(ctx context.Context, id string) ([]string, error) {
	user, err := s.Store.GetUser(ctx, id)
	if err != nil {
		return nil, err
	}
	posts, err := s.Store.ListPosts(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	return posts, nil
}

// Two is reached from no handler.
func Two(ctx context.Context, s *store.Store, id string) (string, []string, error) {
	badge, err := s.GetBadge(ctx, id)
	if err != nil {
		return "", nil, err
	}
	offers, err := s.ListOffers(ctx)
	if err != nil {
		return "", nil, err
	}
	return badge, offers, nil
}
