package shop

import "context"

// Hold has f called before every call of every page, so that tests can stop
// calls.
func (s *Shop) Hold(f func(ctx context.Context, call string)) { s.hold = f }

// Picture is the drawing of a product, and whether it is the one for products
// that have none.
var (
	Picture = picture
	Plain   = plain
)
