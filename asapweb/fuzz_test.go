package asapweb_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// Whatever is asked for, the answer is a page or an error that is said in one line
// without a control character.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{
		"", "group=home", "group=home&window=minute&against=hour", "group=home&sort=slowtime&order=up", "window=hour&sort=p99", "run=1&with=2",
		"run=1&format=svg", "run=18446744073709551615", "group=%00&x", "order=up", "sort=p99&sort=p50", "against=build&group=home", "%zz", "a;b", "window=\n",
	} {
		f.Add(query)
	}
	stats := new(waterfall.Stats)
	stats.Add(checkout("home", 3e6, asap.Succeeded))
	stats.Add(checkout("home", 5e6, asap.Failed))
	h := newHandler(stats)
	f.Fuzz(func(t *testing.T, query string) {
		w := get(t, h, "", func(r *http.Request) { r.URL.RawQuery = query })
		switch w.Code {
		case http.StatusOK:
		case http.StatusBadRequest, http.StatusNotFound:
			if text := strings.TrimSuffix(w.Body.String(), "\n"); text == "" || strings.ContainsAny(text, "\n\x00\x1b") {
				t.Errorf("?%q = %d %q, want one line", query, w.Code, text)
			}
		default:
			t.Errorf("?%q = %d %s", query, w.Code, w.Body)
		}
	})
}
