package rules_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// TestF6_Mirror: the body of the answer that has won a Race can be read to its end by
// who needs it.
func TestF6_Mirror(t *testing.T) {
	content := bytes.Repeat([]byte("mirror"), 1<<18)
	slow := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-slow:
			case <-r.Context().Done():
				return
			}
		}
		w.Write(content)
	}))
	defer server.Close()
	defer close(slow)
	get := func(path string) func(context.Context) (*http.Response, error) {
		return func(ctx context.Context) (*http.Response, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
			if err != nil {
				return nil, err
			}
			return server.Client().Do(r)
		}
	}
	read, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
		return g.Race("mirror", get("/slow"), get("/fast")).
			Then("read", func(_ context.Context, r *http.Response) (int, error) {
				defer r.Body.Close()
				all, err := io.ReadAll(r.Body)
				return len(all), err
			}).Value
	})
	wantNil(t, "Run", err)
	if read != len(content) {
		t.Errorf("read %d bytes of %d", read, len(content))
	}
}

// TestF17_Optional: a page waits for what it can do without, unless that has to be there
// Within a time.
func TestF17_Optional(t *testing.T) {
	ads := func(ctx context.Context) (string, error) {
		select {
		case <-time.After(sec):
			return "ads", nil
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	for name, c := range map[string]struct {
		body    func(context.Context) (string, error)
		options []asap.TaskOption
		took    time.Duration
		page    string
	}{
		"without a limit":                    {ads, nil, sec, "ads"},
		"within":                             {ads, []asap.TaskOption{asap.Within(80 * ms)}, 80 * ms, "no ads"},
		"timeout":                            {ads, []asap.TaskOption{asap.Timeout(80 * ms)}, 80 * ms, "no ads"},
		"within, and the context is ignored": {after(sec, "late"), []asap.TaskOption{asap.Within(80 * ms)}, sec, "late"},
	} {
		virtual(t, name, func(t *testing.T) {
			clock := startClock()
			page, err := asap.Run(t.Context(), func(g *asap.Group) func() string {
				user := g.Go("user", after(10*ms, "ann"))
				ads := g.Optional("ads", c.body, c.options...)
				return user.And(ads).Then("page", func(_ context.Context, _ string, ads asap.Result[string]) (string, error) {
					return ads.Or("no ads"), nil
				}).Value
			})
			wantNil(t, "Run", err)
			clock.at(t, "the page", c.took)
			if page != c.page {
				t.Errorf("the page has %q, want %q", page, c.page)
			}
		})
	}
}
