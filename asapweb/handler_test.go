package asapweb_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

func TestParameters(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(checkout("home", 3e6, asap.Succeeded))
	stats.Add(checkout("", 3e6, asap.Succeeded))
	h := newHandler(stats)
	tests := []struct {
		query string
		code  int
		want  string // of the answer, if it is not 200
	}{
		{"", 200, ""},
		{"?", 200, ""},
		{"?group=home", 200, ""},
		{"?group=", 200, ""},
		{"?run=1", 200, ""},
		{"?run=1&format=svg", 200, ""},
		{"?groups=home", 400, `parameter "groups" is unknown; there are group, run, window, sort, order, against, format, whatif and with`},
		{"?group=home&x=1", 400, `parameter "x" is unknown`},
		{"?group=home&run=1", 400, "parameters group and run: want one of them"},
		{"?group=home&group=cart", 400, "parameter group: given 2 times, want it once"},
		{"?run=1&run=1", 400, "parameter run: given 2 times"},
		{"?format=svg", 400, "parameter format: \"svg\" is unknown; here are [json "},
		{"?group=home&format=svg", 400, "parameter format: \"svg\" is unknown; here are [json "},
		{"?run=", 400, `parameter run: "" is not the number of a run`},
		{"?run=0", 400, `parameter run: "0" is not the number of a run`},
		{"?run=-1", 400, `parameter run: "-1" is not the number of a run`},
		{"?run=1e3", 400, `parameter run: "1e3" is not the number of a run`},
		{"?run=99999999999999999999", 400, `parameter run: "99999999999999999999" is not the number of a run`},
		{"?run=1&format=pdf", 400, `parameter format: "pdf" is unknown; there are [text svg html json perfetto mermaid dot pprof]`},
		{"?run=1&format=", 400, `parameter format: "" is unknown`},
		{"?run=%zz", 400, `query: invalid URL escape "%zz"`},
		{"?group=home;run=1", 400, "query: invalid semicolon separator"},
		{"?window=minute", 200, ""},
		{"?group=home&window=since-start", 200, ""},
		{"?sort=p99", 200, ""},
		{"?window=hour&sort=name&order=down", 200, ""},
		{"?group=home&sort=slowtime&order=up", 200, ""},
		{"?group=home&window=minute&against=hour", 200, ""},
		{"?group=home&against=since-start&sort=took", 200, ""},
		{"?run=1&with=2", 200, ""},
		{"?run=2&with=2", 200, ""},
		{"?window=day", 400, `parameter window: "day" is unknown; there are minute, 10-minutes, hour and since-start`},
		{"?window=", 400, `parameter window: "" is unknown`},
		{"?run=1&window=hour", 400, "parameter window: a run has no window"},
		{"?sort=size", 400, `parameter sort: "size" is unknown; there are name, runs, failed, p50, p95, p99 and max`},
		{"?sort=slowtime", 400, `parameter sort: "slowtime" is unknown`},
		{"?group=home&sort=name", 400, `parameter sort: "name" is unknown; there are task, runs, failed, p50, p95, p99, critical, time, slow and slowtime`},
		{"?run=1&sort=p99", 400, "parameter sort: a run has no columns"},
		{"?sort=p99&order=sideways", 400, `parameter order: "sideways" is unknown; there are up and down`},
		{"?order=up", 400, "parameter order: say what to sort by"},
		{"?against=hour", 400, "parameter against: only a group is compared"},
		{"?group=home&against=day", 400, `parameter against: "day" is unknown; there are minute, 10-minutes, hour, since-start and build`},
		{"?group=home&window=hour&against=minute", 400, `parameter against: "minute" is not longer than window "hour"`},
		{"?group=home&against=build", 404, "parameter against: no build before is known"},
		{"?group=cart&against=hour", 404, `group "cart": no run of that name`},
		{"?with=1", 400, "parameter with: only a run is compared"},
		{"?group=home&with=1", 400, "parameter with: only a run is compared"},
		{"?run=1&with=x", 400, `parameter with: "x" is not the number of a run`},
		{"?run=1&with=2&format=svg", 400, "parameters format and with: want one of them"},
		{"?run=1&with=77", 404, "run 77: not running, and not kept"},
		{"?run=1&window=%3Cb%3E", 400, "parameter window: a run has no window"},
		{"?run=3", 404, "run 3: not running, and not kept"},
		{"?group=cart", 404, `group "cart": no run of that name has been seen`},
	}
	for _, tt := range tests {
		w := get(t, h, tt.query)
		if w.Code != tt.code || tt.code != 200 && !strings.HasPrefix(w.Body.String(), tt.want) {
			t.Errorf("GET %s = %d %s, want %d %s", tt.query, w.Code, withoutAssets(w.Body.String()), tt.code, tt.want)
		}
	}
}

// A browser gets errors as a page, with a way back.
func TestErrorPage(t *testing.T) {
	h := newHandler(new(waterfall.Stats))
	w := get(t, h, "?group="+"%3Cb%3Ex%3C/b%3E", func(r *http.Request) { r.Header.Set("Accept", "text/html,*/*") })
	if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("GET = %d as %s, want 404 as HTML", w.Code, w.Header().Get("Content-Type"))
	}
	contains(t, "the error page", w.Body.String(), "<h1>Not Found</h1>", `group &#34;&lt;b&gt;x&lt;/b&gt;&#34;: no run of that name`, `<a href="?">asap</a>`)
}

func TestMethods(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(checkout("home", 3e6, asap.Succeeded))
	h := newHandler(stats)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "BREW"} {
		w := get(t, h, "", func(r *http.Request) { r.Method = method })
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" || !strings.HasPrefix(w.Body.String(), "method "+method+":") {
			t.Errorf("%s = %d, Allow %q, %s; want 405 with GET, HEAD", method, w.Code, w.Header().Get("Allow"), w.Body)
		}
	}
	for _, query := range []string{"?run=1&format=json", "?run=1&format=svg"} {
		full := get(t, h, query)
		head := get(t, h, query, func(r *http.Request) { r.Method = "HEAD" })
		for _, key := range []string{"Content-Type", "Content-Length", "Content-Disposition"} {
			if got, want := head.Header().Get(key), full.Header().Get(key); got != want || got == "" {
				t.Errorf("HEAD %s: %s %q, want %q as GET has it", query, key, got, want)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(checkout("home", 3e6, asap.Succeeded))
	h := newHandler(stats)
	nonces := make(map[string]bool)
	stats.Add(checkout("home", 4e6, asap.Failed))
	for _, query := range []string{"", "?group=home", "?group=home&against=hour", "?run=1", "?run=1&with=2", "?run=1&format=svg", "?run=1&format=html", "?run=77", "?x=1"} {
		w := get(t, h, query)
		for key, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := w.Header().Get(key); got != want {
				t.Errorf("GET %s: %s %q, want %q", query, key, got, want)
			}
		}
		policy := w.Header().Get("Content-Security-Policy")
		m := regexp.MustCompile(`^default-src 'none'; script-src 'nonce-(\w{26})'; style-src 'nonce-(\w{26})'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$`).FindStringSubmatch(policy)
		if m == nil || m[1] != m[2] || nonces[m[1]] {
			t.Errorf("GET %s: policy %q, want one nonce that no other answer has", query, policy)
			continue
		}
		nonces[m[1]] = true
		body := w.Body.String()
		if strings.Contains(query, "format") || w.Code != 200 {
			continue
		}
		// Whatever runs or styles carries the nonce, and nothing else does.
		for _, tag := range regexp.MustCompile(`<(?:script|style)\b[^>]*>`).FindAllString(body, -1) {
			if !strings.Contains(tag, fmt.Sprintf(`nonce="%s"`, m[1])) {
				t.Errorf("GET %s: %s lacks the nonce", query, tag)
			}
		}
		if bad := regexp.MustCompile(`(?i)<[^>]*\s(style|on\w+)\s*=`).FindString(withoutScripts(body)); bad != "" {
			t.Errorf("GET %s: %s has a style or a handler in an attribute", query, bad)
		}
		if outside := regexp.MustCompile(`(?i)(src=|https?:|@import|url\()`).FindString(withoutScripts(body)); outside != "" {
			t.Errorf("GET %s refers to something outside: %s", query, outside)
		}
	}
}

func withoutScripts(body string) string {
	return regexp.MustCompile(`(?s)(<script[^>]*>).*?</script>`).ReplaceAllString(body, "$1</script>")
}

// The handler may be mounted anywhere: its links have a query alone.
func TestMounting(t *testing.T) {
	stats := new(waterfall.Stats)
	stats.Add(checkout("home", 3e6, asap.Succeeded))
	mux := http.NewServeMux()
	h := newHandler(stats)
	mux.Handle("/debug/asap/", h)
	mux.Handle("GET /exact", h)
	mux.Handle("/stripped/", http.StripPrefix("/stripped", h))
	mux.Handle("/of/{tenant}/asap/", h)
	for path, code := range map[string]int{
		"/debug/asap/": 200, "/debug/asap/?run=1": 200, "/debug/asap/x": 404, "/debug/asap/x/y?run=1": 404,
		"/exact": 200, "/stripped/": 200, "/of/a/asap/?group=home": 200,
	} {
		w := get(t, mux, "", func(r *http.Request) {
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
		})
		if w.Code != code {
			t.Errorf("GET %s = %d %s, want %d", path, w.Code, withoutAssets(w.Body.String()), code)
		}
	}
	stats.Add(checkout("home", 4e6, asap.Failed))
	for _, query := range []string{"", "?group=home", "?group=home&against=hour", "?run=1", "?run=1&with=2"} {
		for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page(t, h, query), -1) {
			if link := m[1]; !strings.HasPrefix(link, "?") && link != "data:," {
				t.Errorf("GET %s: link to %s, want a query alone", query, link)
			}
		}
	}
}

func TestHandlerOfNil(t *testing.T) {
	defer func() {
		if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "asapweb: Handler of nil Stats; give it") {
			t.Errorf("Handler(nil) panics with %q, want what to do", got)
		}
	}()
	newHandler(nil)
}
