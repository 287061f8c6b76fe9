package shop

import (
	"context"

	"github.com/asap-go/asap"
)

// Hold has f called before every call of every page, so that tests can stop
// calls.
func (s *Shop) Hold(f func(ctx context.Context, call string)) { s.hold = f }

// CheckoutGraph is the graph of the checkout.
func (s *Shop) CheckoutGraph() (*asap.Graph, error) { return s.checkout.Graph() }

// Picture is the drawing of a product, and whether it is the one for products
// that have none.
var (
	Picture = picture
	Plain   = plain
)
