package tail_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
)

func TestLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if d, ok := tail.Left(t.Context()); ok || d != 0 {
			t.Errorf("Left without an end = %v, %v", d, ok)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
		defer cancel()
		time.Sleep(30 * ms)
		if d, ok := tail.Left(ctx); !ok || d != 70*ms {
			t.Errorf("Left = %v, %v, want 70 ms", d, ok)
		}
		server := func(ctx context.Context, d time.Duration) context.Context {
			return context.WithValue(ctx, http.ServerContextKey, &http.Server{WriteTimeout: d})
		}
		for _, test := range []struct{ write, want time.Duration }{{0, 70 * ms}, {50 * ms, 50 * ms}, {time.Second, 70 * ms}} {
			if d, ok := tail.Left(server(ctx, test.write)); !ok || d != test.want {
				t.Errorf("Left with WriteTimeout %v = %v, %v, want %v", test.write, d, ok, test.want)
			}
		}
		g := asap.New(server(t.Context(), time.Second))
		g.Do("late", func(ctx context.Context) error {
			time.Sleep(400 * ms)
			if d, ok := tail.Left(ctx); !ok || d != 600*ms {
				t.Errorf("Left in a body = %v, %v, want 600 ms", d, ok)
			}
			return nil
		})
		wait(t, g)
		time.Sleep(time.Second)
		if d, ok := tail.Left(ctx); !ok || d != 0 {
			t.Errorf("Left after the end = %v, %v, want 0", d, ok)
		}
	})
}

// TestWithin: a share of what was left, as a Within, also for tasks that are declared later.
func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
		defer cancel()
		start := time.Now()
		g := asap.New(ctx)
		within := tail.Within(ctx, .6)
		hour := func(ctx context.Context) (int, error) { return 0, sleep(ctx, time.Hour) }
		ads := g.Optional("ads", hour, within)
		var late *asap.Task[asap.Result[int]]
		g.Do("declares", func(ctx context.Context) error {
			time.Sleep(20 * ms)
			late = g.Optional("late", hour, tail.Within(ctx, .5))
			return nil
		})
		ids := g.Input("ids", []int{1, 2})
		likes := g.MapOptional("likes", ids, func(ctx context.Context, _ int) (int, error) { return hour(ctx) }, within)
		wait(t, g)
		for _, r := range []struct {
			err  error
			want string
		}{
			{ads.Value().Err, "ads: within 60ms: context deadline exceeded"},
			{late.Value().Err, "late: within 60ms: context deadline exceeded"},
			{likes.Value()[1].Err, "likes[1]: within 60ms: context deadline exceeded"},
		} {
			if r.err == nil || r.err.Error() != r.want || !errors.Is(r.err, context.DeadlineExceeded) {
				t.Errorf("%v, want %s", r.err, r.want)
			}
		}
		if time.Since(start) != 60*ms {
			t.Errorf("took %v", time.Since(start))
		}
	})
}

// TestWithinNothing: without an end of the request it does nothing, and after it there is no time.
func TestWithinNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("slow", func(ctx context.Context) error { return sleep(ctx, time.Hour) }, tail.Within(t.Context(), .5))
		wait(t, g)
		ctx, cancel := context.WithTimeout(t.Context(), ms)
		defer cancel()
		time.Sleep(2 * ms)
		for _, within := range []asap.TaskOption{tail.Within(ctx, .5), tail.Within(ctx, 1)} {
			for _, later := range []time.Duration{0, ms} { // the group is made
				time.Sleep(later)
				g = asap.New(t.Context())
				began := 0
				ads := g.Optional("ads", func(context.Context) (int, error) { began++; return 0, nil }, within)
				likes := g.Map("likes", g.Input("ids", []int{1}), func(context.Context, int) (int, error) { began++; return 0, nil }, within, asap.MayFail())
				wait(t, g)
				if !errors.Is(ads.Value().Err, context.DeadlineExceeded) || !errors.Is(likes.Err(), context.DeadlineExceeded) || began > 0 {
					t.Errorf("%v, %v, %d bodies began", ads.Value().Err, likes.Err(), began)
				}
			}
		}
	})
}

// TestServers: deadlines as servers set them.
func TestServers(t *testing.T) {
	left := make(chan time.Duration, 2)
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		d, _ := tail.Left(r.Context())
		left <- d
	})
	for name, start := range map[string]func() *httptest.Server{
		"WriteTimeout": func() *httptest.Server {
			s := httptest.NewUnstartedServer(handler)
			s.Config.WriteTimeout = time.Hour
			s.Start()
			return s
		},
		"TimeoutHandler": func() *httptest.Server {
			return httptest.NewServer(http.TimeoutHandler(handler, time.Hour, "late"))
		},
	} {
		s := start()
		if _, err := http.Get(s.URL); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if d := <-left; d > time.Hour || d < time.Minute {
			t.Errorf("%s: %v left, want about an hour", name, d)
		}
	}
}
