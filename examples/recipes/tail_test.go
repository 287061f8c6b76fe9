package recipes

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
)

// service is what a shop asks for its catalogue.
type service struct {
	quick *tail.Hedger
	asked atomic.Int64 // prices
}

func newService() *service {
	quick := tail.Hedge(tail.At(.95), tail.Share(.02)) // one for the service: it has the record and the budget
	return &service{quick: quick}
}

func (s *service) products(context.Context) ([]string, error) { return []string{"tent", "rope"}, nil }

// price takes a second the first time, and 10 ms otherwise.
func (s *service) price(ctx context.Context, of string) (int, error) {
	if s.asked.Add(1) == 1 {
		return 0, sleep(ctx, time.Second)
	}
	return len(of), sleep(ctx, 10*ms)
}

func (s *service) ad(ctx context.Context) (string, error) {
	return "buy a kettle", sleep(ctx, time.Second)
}

func (s *service) catalogue(ctx context.Context) (prices []int, ad string, err error) {
	g := asap.New(ctx)
	products := g.Go("products", s.products)
	costs := g.Map("price", products, s.price, s.quick)               // is called again when it is slow
	offer := g.Optional("ad", s.ad, asap.Within(80*time.Millisecond)) // is left out when it is late
	if err := g.Wait(); err != nil {
		return nil, "", err
	}
	return costs.Value(), offer.Value().Or("no ad today"), nil
}

func TestSlowThisOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.quick = tail.Hedge(tail.After(20*ms), tail.Share(1)) // without a record
		start := time.Now()
		prices, ad, err := s.catalogue(t.Context())
		if took := time.Since(start); err != nil || len(prices) != 2 || prices[0]+prices[1] != 8 || ad != "no ad today" || took != 80*ms {
			t.Errorf("catalogue = %v, %q, %v after %v; want both prices and no ad, after 80 ms", prices, ad, err, took)
		}
	})
}
