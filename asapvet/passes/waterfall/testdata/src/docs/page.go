package docs

import (
	"context"
	"fmt"
)

func page(ctx context.Context, s Store, id int) (*Page, error) {
	// The user is what the page is about.
	user, err := s.GetUser(ctx, id) // want `GetQuota does not need GetUser: 2 of 3 calls can start at once \(levels 3 → 2\)`
	if err != nil {
		return nil, fmt.Errorf("user %d: %w", id, err)
	}
	quota, err := s.GetQuota(ctx)
	if err != nil {
		return nil, err
	}
	posts, err := s.ListPosts(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	return &Page{user, quota, posts}, nil
}
