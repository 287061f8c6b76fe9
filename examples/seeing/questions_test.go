package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/waterfall"
)

// read is a run of this program that was kept.
func read(name string) *waterfall.Run {
	file, err := os.Open("../../docs/runs/" + name + ".json")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	run, err := waterfall.ReadJSON(file)
	if err != nil {
		panic(err)
	}
	return run
}

func Example_criticalPath() {
	run := read("checkout")
	for _, step := range run.CriticalPath() {
		fmt.Println(step.Name, step.State, step.Start, step.End)
	}
	m := run.Measure()
	fmt.Printf("work %v, span %v, parallelism %.1f\n", m.Work, m.Span, m.Parallelism)
	fmt.Printf("one after the other %v, level by level %v, so %v\n", m.Work, m.ByLevel, run.Makespan)
	// Output:
	// cart running 0s 8ms
	// price[1] running 8ms 33ms
	// tax running 33ms 45ms
	// charge running 45ms 85ms
	// mail running 85ms 105ms
	// work 210ms, span 105ms, parallelism 2.0
	// one after the other 210ms, level by level 127ms, so 105ms
}

func Example_whatIf() {
	run := read("checkout")
	p, err := run.WhatIf(waterfall.Speed("charge", 0.5), waterfall.Drop("ads"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Makespan, "instead of", p.Baseline)
	for _, g := range run.Ranking()[:3] {
		fmt.Printf("%v saves %v, and %v at most\n", g.Change, g.Saves, g.Most)
	}
	// Output:
	// 85ms instead of 105ms
	// charge=-50% saves 20ms, and 40ms at most
	// price[]=-50% saves 12ms, and 12ms at most
	// mail=-50% saves 10ms, and 10ms at most
}

func Example_compare() {
	for _, d := range waterfall.Compare(read("checkout"), read("checkout-slow")) {
		fmt.Println(d.Name, d.TookA, "→", d.TookB, "critical", d.Change())
	}
	// Output:
	// quote 25ms → 75ms critical 75ms
	// price[1] 25ms → 25ms critical -25ms
	// tax 12ms → 12ms critical -12ms
}

// A service with the page of package asapweb.
func service() http.Handler {
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
		fmt.Fprintln(w, "hello", user.Value())
	})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", waterfall.PrometheusType)
		stats.WritePrometheus(w) // the scraper may have gone
	})
	return mux
}

func TestService(t *testing.T) {
	s := service()
	for path, want := range map[string]int{"/": http.StatusOK, "/debug/asap/": http.StatusOK, "/metrics": http.StatusOK} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
		r.RemoteAddr = "127.0.0.1:1234"
		s.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("GET %s: %d, want %d: %s", path, w.Code, want, w.Body)
		}
	}
}

// The page where a proxy leads to the service: for admins, and on a port of its own.
func servers(stats *waterfall.Stats, isAdmin func(*http.Request) bool) (public, private *http.Server) {
	mux := http.NewServeMux()
	mux.Handle("/debug/asap/", asapweb.Handler(stats, asapweb.Allow(isAdmin)))
	private = &http.Server{Addr: "localhost:6060", Handler: asapweb.Handler(stats)} // no proxy leads here
	return &http.Server{Addr: ":8080", Handler: mux}, private
}

func TestServers(t *testing.T) {
	public, private := servers(new(waterfall.Stats), func(r *http.Request) bool { _, _, ok := r.BasicAuth(); return ok })
	r := httptest.NewRequest(http.MethodGet, "http://shop.example/debug/asap/", nil)
	for _, want := range []int{http.StatusForbidden, http.StatusOK} {
		w := httptest.NewRecorder()
		if public.Handler.ServeHTTP(w, r); w.Code != want {
			t.Errorf("from elsewhere: %d, want %d: %s", w.Code, want, w.Body)
		}
		r.SetBasicAuth("ops", "sesame")
	}
	w := httptest.NewRecorder()
	if private.Handler.ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Errorf("from elsewhere, of the private one: %d, want 403: %s", w.Code, w.Body)
	}
}
