package graphql_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	gql "github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/graphql"
	"github.com/asap-go/asap/waterfall"
	"github.com/vikstrous/dataloadgen"
)

const list = `{ items(first: 100) { name author { name country { name } } price { cents } } }`

// shop answers each call after its latency, and counts them.
type shop struct {
	latency time.Duration
	fail    error // of Prices

	mu    sync.Mutex
	calls []string // authors(17)
}

func (s *shop) called(ctx context.Context, name string, keys int) error {
	s.mu.Lock()
	s.calls = append(s.calls, fmt.Sprintf("%s(%d)", name, keys))
	s.mu.Unlock()
	select {
	case <-time.After(s.latency):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *shop) taken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.calls)
	return strings.Join(s.calls, " ")
}

func (s *shop) Items(ctx context.Context, first int) ([]*graphql.Item, error) {
	items := make([]*graphql.Item, first)
	for i := range items {
		items[i] = &graphql.Item{ID: fmt.Sprint("i", i), Name: fmt.Sprint("item ", i), AuthorID: fmt.Sprint("a", i%17)}
	}
	return items, s.called(ctx, "items", 1)
}

func (s *shop) Authors(ctx context.Context, ids []string) (map[string]*graphql.Author, error) {
	authors := map[string]*graphql.Author{}
	for _, id := range ids {
		if id != "a3" { // whom nobody knows
			authors[id] = &graphql.Author{ID: id, Name: "author " + id, CountryCode: "c" + id[len(id)-1:]}
		}
	}
	return authors, s.called(ctx, "authors", len(ids))
}

func (s *shop) Prices(ctx context.Context, ids []string) (map[string]*graphql.Price, error) {
	prices := map[string]*graphql.Price{}
	for i, id := range ids {
		prices[id] = &graphql.Price{Cents: 100 + len(ids[i])}
	}
	if s.fail != nil {
		return nil, s.fail
	}
	return prices, s.called(ctx, "prices", len(ids))
}

func (s *shop) Countries(ctx context.Context, codes []string) (map[string]*graphql.Country, error) {
	countries := map[string]*graphql.Country{}
	for _, code := range codes {
		countries[code] = &graphql.Country{Code: code, Name: "country " + code}
	}
	return countries, s.called(ctx, "countries", len(codes))
}

// ofGroup is a server whose calls go out together when nobody else can ask.
func ofGroup(s graphql.Shop, options ...asap.Option) *handler.Server {
	server := newServer(s)
	server.Use(graphql.Fields{Options: options, Loaders: func(ctx context.Context, g *asap.Group) context.Context {
		return graphql.OfGroup(ctx, g, s)
	}})
	return server
}

// ofWindow is a server with the usual loaders.
func ofWindow(s graphql.Shop, options ...dataloadgen.Option) *handler.Server {
	server := newServer(s)
	server.AroundOperations(func(ctx context.Context, next gql.OperationHandler) gql.ResponseHandler {
		return next(graphql.OfWindow(ctx, s, options...))
	})
	return server
}

func newServer(s graphql.Shop) *handler.Server {
	server := handler.New(graphql.NewExecutableSchema(graphql.Config{Resolvers: graphql.Resolvers{Shop: s}}))
	server.AddTransport(transport.POST{})
	return server
}

func ask(ctx context.Context, server http.Handler, query string) string {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequestWithContext(ctx, "POST", "/", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w.Body.String()
}

func TestListIsOneCallALevelAndKind(t *testing.T) {
	for _, limit := range []asap.Option{asap.Name("list"), asap.Limit(1)} {
		synctest.Test(t, func(t *testing.T) {
			s := &shop{latency: 10 * time.Millisecond}
			start := time.Now()
			got := ask(t.Context(), ofGroup(s, limit), list)
			if took := time.Since(start); took != 30*time.Millisecond { // items; authors and prices; countries
				t.Errorf("it took %v, want 30ms", took)
			}
			if got, want := s.taken(), "authors(17) countries(10) items(1) prices(100)"; got != want {
				t.Errorf("calls are %s, want %s", got, want)
			}
			usual := &shop{latency: 10 * time.Millisecond}
			if want := ask(t.Context(), ofWindow(usual), list); len(got) < 5000 || sorted(got) != sorted(want) {
				t.Errorf("the answer is\n%.300s\nwant that of the usual loaders\n%.300s", got, want)
			}
		})
	}
}

// sorted puts the errors of an answer, which come in the order of time, in one order.
func sorted(answer string) string {
	var a struct {
		Errors []json.RawMessage
		Data   json.RawMessage
	}
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		return answer
	}
	errs := make([]string, len(a.Errors))
	for i, e := range a.Errors {
		var one struct{ Path []any }
		if err := json.Unmarshal(e, &one); err != nil {
			return answer
		}
		errs[i] = fmt.Sprint(one.Path)
	}
	slices.Sort(errs)
	return string(a.Data) + strings.Join(errs, "")
}

func TestAliasesAndFragments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{latency: 10 * time.Millisecond}
		got := ask(t.Context(), ofGroup(s), `query($no: Boolean = false) {
			few: items(first: 2) { ...named }
			more: items(first: 3) { cost: price { cents } again: price { cents } price @include(if: $no) { cents } }
			none: items(first: 0) { price { cents } }
			__typename
		}
		fragment named on Item { by: author { name country { code } } }`)
		if got, want := s.taken(), "authors(2) countries(2) items(1) items(1) items(1) prices(3)"; got != want {
			t.Errorf("calls are %s, want %s; the answer was %s", got, want, got)
		}
		if want := `"more":[{"cost":{"cents":102},"again":{"cents":102}}`; !strings.Contains(got, want) {
			t.Errorf("the answer is %s, want it to have %s", got, want)
		}
	})
}

func TestErrorsAreThoseOfTheField(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{fail: errors.New("prices are down")}
		got := ask(t.Context(), ofGroup(s), `{ items(first: 4) { author { name } price { cents } } }`)
		for _, want := range []string{
			`{"message":"authors[a3]: missing","path":["items",3,"author"],`,
			`{"message":"prices: prices are down","path":["items",0,"price"],`,
			`{"author":{"name":"author a0"},"price":null}`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the answer is %s, want it to have %s", got, want)
			}
		}
	})
}

func TestRequestThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Millisecond)
		defer cancel()
		s := &shop{latency: 10 * time.Millisecond}
		start := time.Now()
		got := ask(ctx, ofGroup(s), list)
		if took := time.Since(start); took != 15*time.Millisecond {
			t.Errorf("it took %v, want 15ms", took)
		}
		if !strings.Contains(got, "deadline exceeded") {
			t.Errorf("the answer is %.300s, want it to tell of the deadline", got)
		}
		if got, want := s.taken(), "authors(17) items(1) prices(100)"; got != want {
			t.Errorf("calls are %s, want %s", got, want)
		}
	})
}

// panicking is a shop whose prices panic.
type panicking struct{ *shop }

func (panicking) Prices(context.Context, []string) (map[string]*graphql.Price, error) {
	panic("prices")
}

func TestPanicOfACallIsTheRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got any
		server := ofGroup(panicking{&shop{}})
		server.SetRecoverFunc(func(_ context.Context, p any) error { got = p; return errors.New("internal") })
		answer := ask(t.Context(), server, list)
		if p, ok := got.(*asap.PanicError); !ok || p.Task != "prices" {
			t.Errorf("the server recovered %v, want a *PanicError of prices; the answer was %.300s", got, answer)
		}
	})
}

func TestPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var picture strings.Builder
		s := &shop{latency: 10 * time.Millisecond}
		ask(t.Context(), ofGroup(s, asap.Name("items"), waterfall.Print(&picture)), list)
		for _, want := range []string{
			"items[*].author ×100           0 ms authors ",
			"items[*].author.country ×94    0 ms countries ",
			"succeeded after 30 ms",
		} {
			if !strings.Contains(picture.String(), want) {
				t.Errorf("the picture is\n%s\nwant it to have %q", &picture, want)
			}
		}
	})
}

var measure = flag.Int("measure", 2, "rounds of TestMeasure")

// TestMeasure asks for the list in real time, in turns with the usual loaders, on a
// calm machine and on one whose processors are all taken, and prints the table of
// docs/recipes.md. It fails for no time.
func TestMeasure(t *testing.T) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "machine\tloaders\tcalls\ttime, median")
	for _, machine := range []string{"calm", "loaded"} {
		stop := func() {}
		if machine == "loaded" {
			stop = load(t, 4*runtime.GOMAXPROCS(0))
		}
		ways := []string{"batch", "window of 1 ms", "window of 16 ms"}
		calls, times := map[string][]int{}, map[string][]time.Duration{}
		for range *measure {
			for _, way := range ways {
				s := &shop{latency: 5 * time.Millisecond}
				server := ofGroup(s)
				switch way {
				case "window of 1 ms":
					server = ofWindow(s, dataloadgen.WithWait(time.Millisecond))
				case "window of 16 ms":
					server = ofWindow(s)
				}
				start := time.Now()
				ask(t.Context(), server, list)
				times[way] = append(times[way], time.Since(start))
				calls[way] = append(calls[way], len(s.calls))
			}
		}
		stop()
		for _, way := range ways {
			slices.Sort(calls[way])
			slices.Sort(times[way])
			n := len(calls[way])
			fmt.Fprintf(out, "%s\t%s\t%d to %d\t%.1f ms\n", machine, way, calls[way][0], calls[way][n-1], float64(times[way][n/2].Microseconds())/1e3)
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

// load starts n processes that compute until they are stopped.
func load(t *testing.T, n int) (stop func()) {
	var started []*exec.Cmd
	for range n {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "COMPUTE=1")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		started = append(started, c)
	}
	return func() {
		for _, c := range started {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	}
}

func TestMain(m *testing.M) {
	if os.Getenv("COMPUTE") != "" {
		for start := time.Now(); time.Since(start) < time.Minute; {
		}
		return
	}
	m.Run()
}
