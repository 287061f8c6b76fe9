package resilience

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// catalog is a slow call that the requests share. Inside it makes a group, which
// belongs to the flight and not to the request that happened to come first.
type catalog struct {
	flights flights[string]
	calls   atomic.Int64
	call    func(ctx context.Context) error
}

func newCatalog() *catalog {
	c := &catalog{call: func(ctx context.Context) error { return pause(ctx, 100*ms) }}
	c.flights.limit = time.Second
	return c
}

func (c *catalog) load(ctx context.Context) (string, error) {
	return c.flights.do(ctx, "catalog", func(ctx context.Context) (string, error) {
		c.calls.Add(1)
		return asap.Run(ctx, func(g *asap.Group) func() string {
			part := g.Go("part", func(ctx context.Context) (string, error) { return "catalog", c.call(ctx) })
			return part.Then("whole", func(ctx context.Context, part string) (string, error) { return part, pause(ctx, 10*ms) }).Value
		})
	})
}

// request is one request: it starts after a while, and may have a task that fails.
func (c *catalog) request(ctx context.Context, after, fails time.Duration) (string, error) {
	if err := pause(ctx, after); err != nil {
		return "", err
	}
	return asap.Run(ctx, func(g *asap.Group) func() string {
		if fails > 0 {
			g.Do("audit", func(ctx context.Context) error {
				if err := pause(ctx, fails); err != nil {
					return err
				}
				return errDown
			})
		}
		return g.Go("catalog", c.load).Value
	}, asap.Limit(2))
}

type answer struct {
	v    string
	err  error
	took time.Duration
}

// requests runs three requests at once: the first is what first makes of it.
func requests(t *testing.T, c *catalog, first func(context.Context) (string, error)) (answers [3]answer) {
	start := time.Now()
	g := asap.New(t.Context())
	for i := range answers {
		g.Do("request", func(ctx context.Context) error {
			a := &answers[i]
			if i == 0 {
				a.v, a.err = first(ctx)
			} else {
				a.v, a.err = c.request(ctx, time.Duration(i)*20*ms, 0)
			}
			a.took = time.Since(start)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return answers
}

func TestFlight(t *testing.T) {
	for _, test := range []struct {
		name  string
		first func(*catalog) func(context.Context) (string, error)
		err   error // of the first
		took  time.Duration
	}{
		{"all well", func(c *catalog) func(context.Context) (string, error) {
			return func(ctx context.Context) (string, error) { return c.request(ctx, 0, 0) }
		}, nil, 110 * ms},
		{"the first request fails elsewhere", func(c *catalog) func(context.Context) (string, error) {
			return func(ctx context.Context) (string, error) { return c.request(ctx, 0, 50*ms) }
		}, errDown, 50 * ms},
		{"the first client hangs up", func(c *catalog) func(context.Context) (string, error) {
			return func(ctx context.Context) (string, error) {
				ctx, cancel := context.WithTimeout(ctx, 70*ms)
				defer cancel()
				return c.request(ctx, 0, 0)
			}
		}, context.DeadlineExceeded, 70 * ms},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCatalog()
				answers := requests(t, c, test.first(c))
				if a := answers[0]; !errors.Is(a.err, test.err) || a.took != test.took {
					t.Errorf("the first = %+v, want %v after %v", a, test.err, test.took)
				}
				for _, a := range answers[1:] {
					if a.err != nil || a.v != "catalog" || a.took != 110*ms {
						t.Errorf("another = %+v, want the catalog after 110ms", a)
					}
				}
				if n := c.calls.Load(); n != 1 {
					t.Errorf("%d calls, want 1", n)
				}
			})
		})
	}
}

// A call that hangs ends by the flight's own limit; one that panics is an error.
func TestFlightFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCatalog()
		c.call = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		for _, a := range requests(t, c, func(ctx context.Context) (string, error) { return c.request(ctx, 0, 0) }) {
			if !errors.Is(a.err, context.DeadlineExceeded) || a.took != time.Second {
				t.Errorf("a request = %+v, want DeadlineExceeded after 1s", a)
			}
		}
		c.call = func(ctx context.Context) error { panic("no catalog") }
		_, err := c.request(t.Context(), 0, 0)
		if err == nil || !strings.Contains(err.Error(), "no catalog") {
			t.Errorf("a request = %v, want the panic as an error", err)
		}
		c.call = func(ctx context.Context) error { return nil }
		if v, err := c.request(t.Context(), 0, 0); v != "catalog" || err != nil {
			t.Errorf("a request = %q, %v, want the catalog: failures are not kept", v, err)
		}
	})
}
