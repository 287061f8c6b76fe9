package asapweb_test

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/waterfall"
)

// get asks a handler for the page of a query, as a client on this machine.
func get(t testing.TB, h http.Handler, query string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost:8080/debug/asap/"+query, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// page is get of a page that must be there, with all spaces alike.
func page(t testing.TB, h http.Handler, query string) string {
	t.Helper()
	w := get(t, h, query)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s = %d %s, want 200", query, w.Code, w.Body)
	}
	return strings.ReplaceAll(w.Body.String(), "\u00a0", " ")
}

func contains(t *testing.T, what, body string, want ...string) {
	t.Helper()
	for _, s := range want {
		if !strings.Contains(body, s) {
			t.Errorf("%s lacks %q:\n%s", what, s, withoutAssets(body))
		}
	}
}

// withoutAssets cuts style sheets and scripts, which make messages unreadable.
func withoutAssets(body string) string {
	return regexp.MustCompile(`(?s)<(style|script) .*?</(style|script)>`).ReplaceAllString(body, "")
}

func group(name string) string { return "?group=" + url.QueryEscape(name) }

// checkout is a finished run of three tasks, of that length, that ended so.
func checkout(name string, d time.Duration, o asap.Outcome) *waterfall.Run {
	third := d / 3
	task := func(id asap.ID, name string, o asap.Outcome, pieces ...waterfall.Piece) waterfall.Task {
		return waterfall.Task{ID: id, Group: 1, Name: name, Outcome: o, Pieces: pieces}
	}
	running := func(from, to time.Duration) waterfall.Piece {
		return waterfall.Piece{State: waterfall.Running, Start: from, End: to}
	}
	blocked := func(from, to time.Duration, on asap.ID) waterfall.Piece {
		return waterfall.Piece{State: waterfall.Blocked, Start: from, End: to, On: on}
	}
	return &waterfall.Run{
		Name: name, Makespan: d, Ended: true, Began: time.Now(),
		Groups: []waterfall.Group{{ID: 1, Name: name, End: d, Outcome: o}},
		Tasks: []waterfall.Task{
			task(2, "cart", asap.Succeeded, running(0, third)),
			task(3, "stock", asap.Succeeded, running(0, third/2)),
			task(4, "charge", o, blocked(0, third, 2), running(third, d)),
		},
	}
}

// stuck starts a group whose task bank does not answer. What it returns lets it
// go and waits for it.
func stuck(t *testing.T, stats *waterfall.Stats, name string) (release func()) {
	t.Helper()
	gate, running := make(chan struct{}), make(chan struct{})
	g := asap.New(t.Context(), asap.Name(name), asap.Observe(stats))
	bank := g.Go("bank", func(context.Context) (int, error) { close(running); <-gate; return 1, nil })
	bank.Then("receipt", func(context.Context, int) (int, error) { return 1, nil })
	<-running
	return func() {
		close(gate)
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}
}

func newHandler(stats *waterfall.Stats, options ...asapweb.Option) http.Handler {
	return asapweb.Handler(stats, options...)
}

// random draws latencies.
type random struct{ *rand.Rand }

func newRand() random { return random{rand.New(rand.NewPCG(7, 11))} }

// latency is a log-normal one with that median.
func (r random) latency(median time.Duration) time.Duration {
	return time.Duration(float64(median) * math.Exp(0.4*r.NormFloat64()))
}
