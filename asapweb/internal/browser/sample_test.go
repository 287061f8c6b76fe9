package browser_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// sample runs the pages of a shop in the virtual time of a bubble, with
// latencies drawn from a seed.
type sample struct {
	rnd   *rand.Rand
	stats *waterfall.Stats

	slower time.Duration // by which each shipping quote takes longer
	broken error         // of a shard
}

// incident runs the shop from half past eleven to half past two: from two
// minutes past two on quotes take longer, a minute later a shard of the search
// is gone, and then the bank does not answer any more. What it returns lets it
// answer, and waits for who waits for it.
func (s *sample) incident(ctx context.Context) (end func() error) {
	day := time.Now().Truncate(24 * time.Hour)
	until := func(hour, minute, second int, every time.Duration) {
		for to := day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second); time.Now().Before(to); {
			for _, page := range []func(context.Context) error{s.home, func(ctx context.Context) error { return s.checkout(ctx) }, s.search} {
				_ = page(ctx) // some fail
			}
			time.Sleep(every)
		}
	}
	time.Sleep(time.Until(day.Add(11*time.Hour + 30*time.Minute)))
	until(13, 50, 0, 10*time.Second)
	until(14, 2, 0, time.Second)
	s.slower = 38 * time.Millisecond
	until(14, 3, 0, time.Second)
	s.broken = errors.New("dial tcp 10.0.3.17:9200: connect: connection refused")
	until(14, 3, 20, time.Second)
	release, done := make(chan struct{}), make(chan error, 3)
	hang := func() { done <- s.stuck(context.WithoutCancel(ctx), release) } // received by end
	go hang()
	until(14, 3, 22, time.Second)
	go hang()
	go hang()
	until(14, 3, 24, time.Second)
	return func() error {
		close(release)
		return errors.Join(<-done, <-done, <-done)
	}
}

// latency is a log-normal one with that median.
func (s *sample) latency(ms float64) time.Duration {
	return time.Duration(ms * 1e6 * math.Exp(0.35*s.rnd.NormFloat64()))
}

// call is a body that takes so long.
func call[T any](d time.Duration, v T, err error) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		select {
		case <-time.After(d):
			return v, err
		case <-ctx.Done():
			return v, context.Cause(ctx)
		}
	}
}

func (s *sample) new(ctx context.Context, name string, options ...asap.Option) *asap.Group {
	return asap.New(ctx, append(options, asap.Name(name), asap.Observe(s.stats))...)
}

func (s *sample) home(ctx context.Context) error {
	g := s.new(ctx, "home")
	user := g.Go("user", call(s.latency(18), 7, nil))
	currencies := g.Go("currencies", call(s.latency(9), "EUR", nil))
	products := g.Go("products", call(s.latency(22), []int{1, 2, 3, 4, 5}, nil))
	ads := s.latency(35)
	if s.rnd.IntN(12) == 0 {
		ads *= 4
	}
	g.Optional("ads", call(ads, "ad", nil))
	price := s.latency(14)
	prices := g.Map("price", products, func(ctx context.Context, _ int) (int, error) { return call(price, 1, nil)(ctx) })
	cart := user.Then("cart", func(ctx context.Context, _ int) (int, error) { return call(price, 2, nil)(ctx) })
	render := s.latency(4)
	currencies.And(prices).And(cart).Do("render", func(ctx context.Context, _ string, _ []int, _ int) error {
		_, err := call(render, 0, nil)(ctx)
		return err
	})
	return g.Wait()
}

func (s *sample) checkout(ctx context.Context, options ...asap.Option) error {
	g := s.new(ctx, "checkout", options...)
	cart := g.Go("cart", call(s.latency(12), 7, nil))
	address := g.Go("address", call(s.latency(30), "Paris", nil))
	var declined error
	if s.rnd.IntN(15) == 0 {
		declined = errors.New("card declined")
	}
	stock, quote, pay, mail := s.latency(25), s.latency(40), s.latency(70), s.latency(20)
	if s.rnd.IntN(9) == 0 {
		quote *= 2
	}
	quote += s.slower
	reserved := cart.Then("stock", func(ctx context.Context, _ int) (int, error) { return call(stock, 1, nil)(ctx) })
	shipping := address.And(cart).Then("shippingQuote", func(ctx context.Context, _ string, _ int) (int, error) { return call(quote, 5, nil)(ctx) })
	charge := g.Go("charge", func(ctx context.Context) (string, error) {
		if _, err := reserved.Await(ctx); err != nil {
			return "", err
		}
		if _, err := shipping.Await(ctx); err != nil {
			return "", err
		}
		return call(pay, "p-1", declined)(ctx)
	})
	charge.Then("confirmationMail", func(ctx context.Context, _ string) (int, error) { return call(mail, 1, nil)(ctx) })
	charge.Then("emptyCart", func(ctx context.Context, _ string) (int, error) { return call(mail/3, 1, nil)(ctx) })
	return g.Wait()
}

func (s *sample) search(ctx context.Context) error {
	g := s.new(ctx, "search", asap.Limit(3))
	shards := g.Input("shards", []int{0, 1, 2, 3, 4, 5, 6, 7})
	var took [8]time.Duration
	for i := range took {
		took[i] = s.latency(20)
	}
	hits := g.Map("shard", shards, func(ctx context.Context, i int) (int, error) {
		if i == 5 && s.broken != nil {
			return call(took[i], i, s.broken)(ctx)
		}
		return call(took[i], i, nil)(ctx)
	})
	hits.Then("rank", func(ctx context.Context, _ []int) (int, error) { return call(s.latency(8), 0, nil)(ctx) })
	return g.Wait()
}

// stuck is a checkout whose bank does not answer, until release is closed.
func (s *sample) stuck(ctx context.Context, release <-chan struct{}) error {
	g := s.new(ctx, "checkout")
	cart := g.Go("cart", call(s.latency(12), 7, nil))
	bank := g.Go("bank", func(context.Context) (int, error) { <-release; return 1, nil })
	g.Go("charge", func(ctx context.Context) (string, error) {
		if _, err := cart.Await(ctx); err != nil {
			return "", err
		}
		_, err := bank.Await(ctx)
		return "p-1", err
	})
	cart.And(bank).Then("receipt", func(ctx context.Context, _, _ int) (int, error) { return 1, nil })
	return g.Wait()
}
