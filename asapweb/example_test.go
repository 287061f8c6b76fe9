package asapweb_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

func ExampleHandler() {
	stats := new(waterfall.Stats)
	mux := http.NewServeMux()
	mux.Handle("/debug/asap/", asapweb.Handler(stats))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		g := asap.New(r.Context(), asap.Name("home"), asap.Observe(stats))
		user := g.Go("user", func(context.Context) (string, error) { return "ada", nil })
		if err := g.Wait(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "Hello %s\n", user.Value())
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	for _, path := range []string{"/", "/debug/asap/?run=1&format=mermaid"} {
		res, err := http.Get(server.URL + path)
		if err != nil {
			panic(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			panic(err)
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(string(body), "---\ntitle: "), " after")
		fmt.Println(res.Status, strings.TrimSpace(first))
	}
	// Output:
	// 200 OK Hello ada
	// 200 OK "home: succeeded
}

func ExampleAllow() {
	byToken := asapweb.Allow(func(r *http.Request) bool {
		_, password, ok := r.BasicAuth()
		return ok && password == "sesame" // compare in constant time
	})
	page := asapweb.Handler(new(waterfall.Stats), byToken)

	r := httptest.NewRequest("GET", "https://shop.example/debug/asap/", nil)
	for _, password := range []string{"guess", "sesame"} {
		r.SetBasicAuth("ops", password)
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 403
	// 200
}

func ExampleOption() {
	options := []asapweb.Option{asapweb.Allow(func(*http.Request) bool { return false })}
	w := httptest.NewRecorder()
	asapweb.Handler(new(waterfall.Stats), options...).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code, w.Body)
	// Output:
	// 403 this page is not for you: asapweb.Allow refused the request
}

func ExampleTraceLink() {
	stats := &waterfall.Stats{TraceID: func(ctx context.Context) string { return "4bf92f35" }} // with OpenTelemetry, otelasap.TraceID
	g := asap.New(context.Background(), asap.Name("home"), asap.Observe(stats))
	g.Do("user", func(context.Context) error { return nil })
	if err := g.Wait(); err != nil {
		panic(err)
	}
	page := asapweb.Handler(stats,
		asapweb.TraceLink(func(id string) string { return "https://traces.example/trace/" + id }),
		asapweb.Allow(func(*http.Request) bool { return true }))
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest("GET", "/?run=1", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), `href="https://traces.example/trace/4bf92f35"`))
	// Output: 200 true
}

// The page shows what was decided about calls that are slow, and what came of it.
func ExampleTail() {
	stats := new(waterfall.Stats)
	hedge := tail.Hedge(tail.After(time.Second))
	g := asap.New(context.Background(), asap.Name("home"), asap.Observe(stats))
	g.Do("user", func(context.Context) error { return nil }, hedge)
	if err := g.Wait(); err != nil {
		panic(err)
	}
	page := asapweb.Handler(stats, asapweb.Tail(hedge), asapweb.Allow(func(*http.Request) bool { return true }))
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest("GET", "/?group=home", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "called again after 1 s"))
	// Output: 200 true
}
