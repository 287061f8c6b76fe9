package recipes

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

func home(ctx context.Context) (string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() string {
		user := g.Go("user", fetchUser)
		recs := user.Then("recs", fetchRecs, asap.MayFail())
		carousel := recs.Then("carousel", fetchCarousel, asap.MayFail()) // needs recs: skipped without
		home := user.Then("home", func(ctx context.Context, user User) (string, error) {
			carousel, err := carousel.Await(ctx) // has ended: no wait
			if err != nil {
				carousel = "bestsellers"
			}
			return "home of " + user.Name + " with " + carousel, nil
		}, asap.AfterEnd(carousel)) // does not need it
		return home.Value
	})
}

func TestOptionalEdges(t *testing.T) {
	for _, row := range []struct {
		faults faults
		takes  time.Duration
		want   string
	}{
		{nil, 30 * ms, "home of Ada with carousel of cups"},
		{faults{"recs": errDown}, 20 * ms, "home of Ada with bestsellers"},
		{faults{"carousel": errDown}, 30 * ms, "home of Ada with bestsellers"},
	} {
		takes(t, row.takes, func(ctx context.Context) {
			if v, err := home(with(ctx, row.faults)); v != row.want || err != nil {
				t.Errorf("with %v: home = %q, %v, want %q", row.faults, v, err, row.want)
			}
		})
	}
}

func sidebar(ctx context.Context, u User) (string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() string {
		user := g.Input("user", u)
		recs := user.Then("recs", fetchRecs)
		coupons := user.Then("coupons", fetchCoupons)
		return recs.And(coupons).Then("sidebar", renderSidebar).Value
	})
}

func account(ctx context.Context) (string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() string {
		user := g.Go("user", fetchUser)
		sidebar := user.Optional("sidebar", sidebar) // whatever fails in it, all of it is left out
		return func() string { return user.Value().Name + " " + sidebar.Value().Or("without") }
	})
}

func renderSidebar(ctx context.Context, recs string, coupons int) (string, error) {
	return call(ctx, "render", "with "+recs)
}

func TestFailureDomain(t *testing.T) {
	takes(t, 30*ms, func(ctx context.Context) {
		if v, err := account(ctx); v != "Ada with cups" || err != nil {
			t.Errorf("account = %q, %v", v, err)
		}
	})
	takes(t, 20*ms, func(ctx context.Context) { // recs are canceled when coupons fail
		if v, err := account(with(ctx, faults{"coupons": errDown, "recs": time.Hour})); v != "Ada without" || err != nil {
			t.Errorf("account = %q, %v", v, err)
		}
	})
}

func book(ctx context.Context, s *store) (string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() string {
		stock := g.Go("stock", s.reserve).Undo(s.release)
		charge := stock.Then("charge", s.charge).Undo(s.refund)
		shipment := charge.Then("shipment", s.ship)
		return shipment.Value
	})
}

// store notes what is done.
type store struct {
	mu   sync.Mutex
	done []string
}

func (s *store) note(ctx context.Context, what string) (string, error) {
	v, err := call(ctx, what, what)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.done = append(s.done, what)
	}
	return v, err
}

func (s *store) reserve(ctx context.Context) (string, error)          { return s.note(ctx, "reserve") }
func (s *store) charge(ctx context.Context, _ string) (string, error) { return s.note(ctx, "charge") }
func (s *store) ship(ctx context.Context, _ string) (string, error)   { return s.note(ctx, "ship") }

func (s *store) release(ctx context.Context, stock string) error {
	_, err := s.note(ctx, "release")
	return err
}

func (s *store) refund(ctx context.Context, charge string) error {
	_, err := s.note(ctx, "refund")
	return err
}

func TestRollback(t *testing.T) {
	for _, row := range []struct {
		faults faults
		takes  time.Duration
		want   []string
		fails  int
	}{
		{nil, 30 * ms, []string{"reserve", "charge", "ship"}, 0},
		{faults{"ship": errDown}, 50 * ms, []string{"reserve", "charge", "refund", "release"}, 1},
		{faults{"ship": errDown, "refund": errDown}, 50 * ms, []string{"reserve", "charge", "release"}, 2},
		{faults{"ship": time.Hour}, 120 * ms, []string{"reserve", "charge", "refund", "release"}, 0},
	} {
		takes(t, row.takes, func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(with(ctx, row.faults), 100*ms)
			defer cancel()
			s := &store{}
			_, err := book(ctx, s)
			failures := 0
			if group, ok := errors.AsType[*asap.GroupError](err); ok {
				failures = len(group.Failures)
			}
			if !slices.Equal(s.done, row.want) || failures != row.fails || (err == nil) != (row.faults == nil) {
				t.Errorf("with %v: did %v and returned %v, want %v and %d failures", row.faults, s.done, err, row.want, row.fails)
			}
		})
	}
}

// pool has a few connections.
type pool chan struct{}

func (p pool) get(ctx context.Context) error {
	select {
	case p <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p pool) put() { <-p }

func (p pool) lines(ctx context.Context, id string) (n int, err error) {
	if err := asap.Blocking(ctx, func() error { return p.get(ctx) }); err != nil {
		return 0, err
	}
	defer p.put()
	return asap.Run(ctx, func(g *asap.Group) func() int { // waits, with the connection held
		lines := g.Input("id", id).Then("order", loadOrder).Then("lines", loadLines)
		return func() int { return len(lines.Value()) }
	})
}

func TestHeldOverAWait(t *testing.T) {
	takes(t, 100*ms, func(ctx context.Context) {
		p := make(pool, 2)
		g := asap.New(ctx, asap.Limit(4))
		ids := g.Input("ids", []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"})
		g.Map("lines", ids, p.lines)
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// server has work that goes on when its request has been answered.
type server struct{ jobs *asap.Group }

func newServer(ctx context.Context) *server {
	return &server{asap.New(ctx, asap.Name("jobs"), asap.Limit(8))}
}

func (s *server) placeOrder(ctx context.Context, id string) (Order, error) {
	order, err := loadOrder(ctx, id)
	if err != nil {
		return Order{}, err
	}
	s.jobs.Do("mail", func(ctx context.Context) error { // the context of jobs, not of the request
		return sendMail(ctx, order)
	}, asap.MayFail()) // its failure is its own
	return order, nil
}

func (s *server) shutdown(grace time.Duration) error { // when no request runs any more
	defer time.AfterFunc(grace, s.jobs.Stop).Stop()
	return s.jobs.Wait()
}

func sendMail(ctx context.Context, o Order) error {
	_, err := call(ctx, "mail", o)
	return err
}

func TestOutlivesTheRequest(t *testing.T) {
	request := func(ctx context.Context, s *server) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // the request is over
		if _, err := s.placeOrder(ctx, "7"); err != nil {
			t.Error(err)
		}
	}
	for _, row := range []struct {
		faults faults
		takes  time.Duration
		fails  bool
	}{
		{nil, 20 * ms, false},
		{faults{"mail": errDown}, 20 * ms, false},
		{faults{"mail": time.Hour}, 110 * ms, true},
	} {
		takes(t, row.takes, func(ctx context.Context) {
			s := newServer(with(ctx, row.faults))
			request(ctx, s)
			if err := s.shutdown(100 * ms); (err != nil) != row.fails {
				t.Errorf("with %v: shutdown = %v", row.faults, err)
			}
		})
	}
}

func checked(ctx context.Context, id string) (Page, error) {
	g := asap.New(ctx)
	defer g.Stop() // also when the function is left before Wait
	order := g.Input("id", id).Then("order", loadOrder)
	if id == "" {
		return Page{}, ErrNotFound
	}
	lines := order.Then("lines", loadLines)
	if err := g.Wait(); err != nil {
		return Page{}, err
	}
	return Page{order.Value(), lines.Value()}, nil // Stop has nothing to do here
}

func TestStop(t *testing.T) {
	takes(t, 0, func(ctx context.Context) {
		if _, err := checked(ctx, ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("checked = %v", err)
		}
	})
	takes(t, 20*ms, func(ctx context.Context) {
		if page, err := checked(ctx, "7"); err != nil || len(page.Lines) != 2 {
			t.Errorf("checked = %v, %v", page, err)
		}
	})
}
