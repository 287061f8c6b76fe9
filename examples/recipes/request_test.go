package recipes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

func orderPage(ctx context.Context, r *http.Request) (Page, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Page {
		id := g.Input("id", r.PathValue("id"))
		order := id.Then("order", loadOrder)
		lines := order.Then("lines", loadLines)
		return func() Page { return Page{order.Value(), lines.Value()} }
	})
}

func TestRequestData(t *testing.T) {
	takes(t, 20*ms, func(ctx context.Context) {
		r, _ := http.NewRequest("GET", "/orders/7", nil)
		r.SetPathValue("id", "7")
		if page, err := orderPage(ctx, r); err != nil || page.Order.ID != "7" || len(page.Lines) != 2 {
			t.Errorf("orderPage = %v, %v", page, err)
		}
	})
}

func offer(ctx context.Context) (string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() string {
		user := g.Go("user", fetchUser)
		quote := g.Go("quote", fetchQuote, asap.Timeout(50*time.Millisecond))
		ads := g.Optional("ads", fetchAds, asap.Within(80*time.Millisecond))
		return func() string { return fmt.Sprint(user.Value().Name, " ", quote.Value(), " ", ads.Value().Or("no ads")) }
	})
}

func TestTimeout(t *testing.T) {
	takes(t, 80*ms, func(ctx context.Context) {
		if v, err := offer(with(ctx, faults{"ads": time.Hour})); v != "Ada 120 no ads" || err != nil {
			t.Errorf("offer = %q, %v", v, err)
		}
	})
	takes(t, 50*ms, func(ctx context.Context) {
		_, err := offer(with(ctx, faults{"quote": time.Hour}))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "quote: timeout 50ms") {
			t.Errorf("offer = %v, want the timeout of quote", err)
		}
	})
}

func retry(attempts int, pause time.Duration) func(context.Context, string, func(context.Context) error) error {
	return func(ctx context.Context, task string, body func(context.Context) error) (err error) {
		for n := range attempts {
			if n > 0 { // the pause takes no slot of a limit
				if err := asap.Blocking(ctx, func() error { return sleep(ctx, pause<<(n-1)) }); err != nil {
					return err
				}
			}
			if err = body(ctx); err == nil {
				return nil
			}
		}
		return err
	}
}

func TestRetry(t *testing.T) {
	takes(t, 90*ms, func(ctx context.Context) {
		left := 2
		g := asap.New(ctx)
		quote := g.Go("quote", func(ctx context.Context) (int, error) {
			v, err := fetchQuote(ctx)
			if left--; left >= 0 {
				return 0, errDown
			}
			return v, err
		}, asap.Around(retry(3, 20*ms)))
		if err := g.Wait(); err != nil || quote.Value() != 120 {
			t.Errorf("Wait = %v", err)
		}
	})
	takes(t, 70*ms, func(ctx context.Context) {
		g := asap.New(with(ctx, faults{"quote": errDown}))
		g.Go("quote", fetchQuote, asap.Around(retry(3, 20*ms)), asap.Timeout(70*ms))
		if err := g.Wait(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v, want the timeout over all attempts", err)
		}
	})
}

func price(ctx context.Context) (int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() int {
		quote := g.Optional("quote", fetchQuote)
		rate := g.Optional("rate", fetchListPrice)
		price := quote.Then("price", func(ctx context.Context, quote asap.Result[int]) (int, error) {
			if quote.Err != nil {
				return fetchListPrice(ctx) // a default that costs a call
			}
			return quote.Value, nil
		})
		return func() int { return price.Value() * rate.Value().Or(100) / 100 } // and one that costs nothing
	})
}

func TestDefault(t *testing.T) {
	takes(t, 10*ms, func(ctx context.Context) {
		if v, err := price(ctx); v != 120 || err != nil {
			t.Errorf("price = %d, %v, want 120", v, err)
		}
	})
	takes(t, 20*ms, func(ctx context.Context) {
		if v, err := price(with(ctx, faults{"quote": errDown})); v != 100 || err != nil {
			t.Errorf("price = %d, %v, want 100", v, err)
		}
	})
}

func discount(ctx context.Context, withCoupons bool) (int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() int {
		user := g.Go("user", fetchUser)
		coupons := user.Then("coupons", fetchCoupons, asap.When(withCoupons)) // else 0
		discount := coupons.Then("discount", func(ctx context.Context, coupons int) (int, error) { return coupons + 1, nil })
		return discount.Value
	})
}

func TestOnlyIf(t *testing.T) {
	takes(t, 20*ms, func(ctx context.Context) {
		if v, err := discount(ctx, true); v != 21 || err != nil {
			t.Errorf("discount = %d, %v, want 21", v, err)
		}
	})
	takes(t, 10*ms, func(ctx context.Context) {
		if v, err := discount(with(ctx, faults{"coupons": errDown}), false); v != 1 || err != nil {
			t.Errorf("discount = %d, %v, want 1", v, err)
		}
	})
}

func summary(ctx context.Context) (string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() string {
		user := g.Go("user", fetchUser)
		quote := g.Go("quote", fetchQuote)
		list := g.Go("list", fetchListPrice)
		ads := g.Go("ads", fetchAds)
		coupons := user.Then("coupons", fetchCoupons)
		recs := user.Then("recs", fetchRecs)
		carousel := recs.Then("carousel", fetchCarousel)
		summary := g.Go("summary", func(ctx context.Context) (string, error) {
			return call(ctx, "summary", fmt.Sprint(user.Get(ctx).Name, quote.Get(ctx), list.Get(ctx), ads.Get(ctx),
				coupons.Get(ctx), recs.Get(ctx), carousel.Get(ctx)))
		}, asap.Needs(user, quote, list, ads, coupons, recs, carousel))
		return summary.Value
	})
}

func TestMoreInputs(t *testing.T) {
	takes(t, 40*ms, func(ctx context.Context) {
		if v, err := summary(ctx); v != "Ada120 100tea20cupscarousel of cups" || err != nil {
			t.Errorf("summary = %q, %v", v, err)
		}
	})
}

func status(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, ErrNotFound): // of whichever task
		return http.StatusNotFound
	case errors.Is(err, context.Canceled):
		return 499 // the client has gone
	case errors.Is(err, context.DeadlineExceeded): // the request's, or a task's Timeout
		return http.StatusGatewayTimeout
	}
	if f, ok := errors.AsType[*asap.TaskError](err); ok && f.Task == "lines" {
		return http.StatusBadGateway // lines come from somebody else's server
	}
	return http.StatusInternalServerError
}

func TestStatus(t *testing.T) {
	for _, row := range []struct {
		faults faults
		takes  time.Duration
		want   int
	}{
		{nil, 20 * ms, 200},
		{faults{"order": ErrNotFound}, 10 * ms, 404},
		{faults{"order": errDown}, 10 * ms, 500},
		{faults{"lines": errDown}, 20 * ms, 502},
		{faults{"lines": time.Hour}, 30 * ms, 499},
	} {
		takes(t, row.takes, func(ctx context.Context) {
			ctx, cancel := context.WithCancel(with(ctx, row.faults))
			defer cancel()
			defer time.AfterFunc(30*ms, cancel).Stop() // the client goes
			if _, err := orderPage(ctx, &http.Request{}); status(err) != row.want {
				t.Errorf("with %v: status(%v) = %d, want %d", row.faults, err, status(err), row.want)
			}
		})
	}
	takes(t, 30*ms, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(with(ctx, faults{"lines": time.Hour}), 30*ms)
		defer cancel()
		if _, err := orderPage(ctx, &http.Request{}); status(err) != 504 {
			t.Errorf("status(%v) = %d, want 504", err, status(err))
		}
	})
}

func TestCause(t *testing.T) {
	takes(t, 10*ms, func(ctx context.Context) {
		w := httptest.NewRecorder()
		_, err := orderPage(with(ctx, faults{"order": ErrNotFound}), &http.Request{})
		http.Error(w, asap.Cause(err).Error(), status(err))
		if got, want := w.Body.String(), "order: not found\n"; got != want || w.Code != 404 {
			t.Errorf("the client gets %d %q, want 404 %q: of %v", w.Code, got, want, err)
		}
	})
}

func logged(log *slog.Logger) func(context.Context, string, func(context.Context) error) error {
	return func(ctx context.Context, task string, body func(context.Context) error) error {
		began := time.Now()
		err := body(ctx)
		log.InfoContext(ctx, "task", "name", task, "took", time.Since(began), "err", err)
		return err
	}
}

func TestLog(t *testing.T) {
	takes(t, 20*ms, func(ctx context.Context) {
		var b bytes.Buffer
		log := slog.New(slog.NewTextHandler(&b, nil))
		g := asap.New(ctx, asap.Around(logged(log)))
		g.Go("user", fetchUser).Then("recs", fetchRecs)
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"name=user took=10ms err=<nil>", "name=recs took=10ms err=<nil>"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("logged %s, want %s", b.String(), want)
			}
		}
	})
}
