package main_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/waterfall"
)

// recorded reads a run that is kept.
func recorded(t *testing.T, file string) *waterfall.Run {
	t.Helper()
	run, err := waterfall.ReadJSON(strings.NewReader(content(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func kept(name string) string { return filepath.Join("..", "..", "docs", "runs", name+".json") }

// serve is a program with a debug page that has seen the runs of files.
func serve(t *testing.T, times int, files ...string) (address string) {
	t.Helper()
	stats := new(waterfall.Stats)
	for _, file := range files {
		for range times {
			stats.Add(recorded(t, file))
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/debug/asap/", asapweb.Handler(stats))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/debug/asap/"
}

// Commands read pages where they read files.
func TestAddresses(t *testing.T) {
	before, after := serve(t, 20, kept("checkout"), file("readme")), serve(t, 10, kept("checkout-slow"))
	saved := filepath.Join(t.TempDir(), "before.json")
	response, err := http.Get(before + "?format=json&window=hour")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	f, err := os.Create(saved)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"show", before + "?run=1"}, []string{"checkout: succeeded after 105 ms", "▸ critical path: cart 8 ms"}},
		{[]string{"show", before + "?run=1&format=svg#top", "-format", "mermaid"}, []string{"flowchart LR"}},
		{[]string{"whatif", before + "?run=1", "charge=-50%"}, []string{"instead of 105ms"}},
		{[]string{"diff", before + "?run=1", after + "?run=1"}, []string{"105ms → 143ms (+38ms)", "quote     25ms → 75ms"}},
		{[]string{"diff", kept("checkout"), after + "?run=1"}, []string{"105ms → 143ms (+38ms)"}},
		{[]string{"critical", before}, []string{"checkout: 20 runs, p50 105ms, p95 105ms, p99 105ms, max 105ms, from 20", "readme: 20 runs", "charge  "}},
		{[]string{"critical", "-n", "1", before + "?group=readme"}, []string{"readme: 20 runs"}},
		{[]string{"critical", "-window", "minute", before + "?group=checkout"}, []string{"checkout: 20 runs"}},
		{[]string{"critical", before + "?run=1"}, []string{"checkout: 1 run, "}},
		{[]string{"critical", saved, kept("checkout")}, []string{"checkout: 20 runs", "checkout: 1 run, "}},
		{[]string{"diff", before, after}, []string{
			"checkout: 20 runs → 10 runs, p50 105ms → 143ms, p95 105ms → 143ms, p99 105ms → 143ms\np99 105 ms → 143 ms, +38 ms since", ": quote explains",
			"quote  ", "+75ms", "-25ms", "gone: readme\n",
		}},
		{[]string{"diff", "-window", "minute", saved, after}, []string{"checkout: 20 runs → 10 runs"}},
		{[]string{"diff", "-window", "minute", before + "?group=readme", after + "?group=checkout"}, []string{"readme → checkout: 20 runs → 10 runs", "(gone)", "(new)"}},
		{[]string{"diff", before, saved}, []string{"Nothing has changed by a tenth or more."}},
	} {
		out, stderr, code := asap(t, "", tt.args...)
		if code != 0 || stderr != "" {
			t.Errorf("asap %v: exit code %d, %s", tt.args, code, stderr)
		}
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("asap %v says\n%swant %q", tt.args, out, want)
			}
		}
	}
	in := content(t, saved)
	if out, stderr, code := asap(t, in, "critical"); code != 0 || !strings.Contains(out, "checkout: 20 runs") {
		t.Errorf("asap critical < summary: exit code %d, %s, %s", code, stderr, out)
	}
}

// What is wrong with an address is said in a line.
func TestAddressErrors(t *testing.T) {
	page := serve(t, 1, kept("checkout"))
	mux := http.NewServeMux()
	mux.HandleFunc("/html", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>hello") })
	mux.HandleFunc("/other", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"name":"x"}`)
	})
	mux.HandleFunc("/down", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("/escape", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "\x1b[31mred", http.StatusTeapot) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{`)
	})
	mux.Handle("/proxied", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		asapweb.Handler(new(waterfall.Stats)).ServeHTTP(w, r)
	}))
	server := httptest.NewServer(mux)
	defer server.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + closed.Addr().String() + "/"
	closed.Close()
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"critical", server.URL + "/proxied"}, 1, "/proxied: refused: header X-Forwarded-For"},
		{[]string{"critical", server.URL + "/html"}, 1, "/html: this is no page of asapweb: it sends text/html, not JSON"},
		{[]string{"critical", server.URL + "/other"}, 1, `/other:1:`},
		{[]string{"critical", server.URL + "/nothing"}, 1, "/nothing: 404 Not Found: 404 page not found"},
		{[]string{"critical", server.URL + "/down"}, 1, "/down: 502 Bad Gateway"},
		{[]string{"critical", server.URL + "/escape"}, 1, `/escape: 418 I'm a teapot: �[31mred`},
		{[]string{"critical", server.URL + "/loop"}, 1, "/loop: stopped after 10 redirects"},
		{[]string{"critical", server.URL + "/cut"}, 1, "/cut: unexpected EOF"},
		{[]string{"critical", gone}, 1, gone + ": connect: connection refused"},
		{[]string{"critical", "http://nowhere.invalid/"}, 1, "http://nowhere.invalid/: no such host: nowhere.invalid"},
		{[]string{"critical", "ftp://localhost/"}, 1, "ftp://localhost/: addresses of pages begin with http:// or https://"},
		{[]string{"critical", "http://"}, 1, "http://: http: no Host in request URL"},
		{[]string{"critical", "http://[::1/"}, 1, "this is no address: "},
		{[]string{"critical", page + "?group=nobody"}, 1, `404 Not Found: group "nobody": no run of that name has ended`},
		{[]string{"show", page + "?run=77"}, 1, "404 Not Found: run 77: not running, and not kept"},
		{[]string{"show", page}, 1, "this is a summary of many runs, and one is wanted; the address of a run ends as in ?run=12"},
		{[]string{"whatif", page, "x=0"}, 1, "this is a summary of many groups; the address of one ends as in ?group=home"},
		{[]string{"diff", page, page + "?run=1"}, 1, "?run=1 is one run, and " + page + " is a summary of many; two of a kind can be compared"},
		{[]string{"diff", kept("checkout"), page}, 1, "checkout.json is one run, and http://"},
		{[]string{"critical", "-window", "day", page}, 2, `window "day" is unknown; there are minute, 10-minutes, hour, since-start`},
		{[]string{"critical", "-window", "hour", kept("checkout")}, 2, "-window hour is for addresses; a file has the window that it was saved with"},
	} {
		start := time.Now()
		out, stderr, code := asap(t, "", tt.args...)
		if code != tt.code || !strings.Contains(stderr, tt.want) || out != "" || strings.Count(strings.TrimSpace(stderr), "\n") > 1 {
			t.Errorf("asap %v: exit code %d, %q, output %q, want %d and an error with %q (after %v)", tt.args, code, stderr, out, tt.code, tt.want, time.Since(start))
		}
	}
}
