package orders

import (
	"context"

	"example.org/orders/store"
)

// Ordered makes two calls whose order somebody wants.
func Ordered(ctx context.Context, s *store.Store) ([]string, []string, error) {
	offers, err := s.ListOffers(ctx)
	if err != nil {
		return nil, nil, err
	}
	// The posts must be read after the offers, which they speak of.
	posts, err := s.ListPosts(ctx, "shop")
	if err != nil {
		return nil, nil, err
	}
	return offers, posts, nil
}
