package asapweb_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// The pages of many runs in the formats for programs.
func TestDownloadsOfMany(t *testing.T) {
	stats := new(waterfall.Stats)
	for _, name := range []string{"home <b>", "cart", "cart"} {
		stats.Add(checkout(name, 30*time.Millisecond, asap.Succeeded))
	}
	h := newHandler(stats)
	one := group("home <b>")
	for query, want := range map[string][3]string{
		"?format=json":                              {"application/json", "asap-10-minutes.json", `"reports"`},
		"?format=json&window=minute":                {"application/json", "asap-minute.json", `"window":"minute"`},
		"?format=prometheus":                        {"text/plain; version=0.0.4; charset=utf-8", "", `asap_groups_total{group="cart",outcome="succeeded"} 2`},
		one + "&format=json&window=hour":            {"application/json", "home--b-hour.json", `"window":"hour"`},
		one + "&format=pprof":                       {"application/octet-stream", "home--b-10-minutes.pb.gz", "\x1f\x8b"},
		"?group=cart&format=json&window=10-minutes": {"application/json", "cart-10-minutes.json", `"runs":2`},
	} {
		w := get(t, h, query)
		disposition := ""
		if want[1] != "" {
			disposition = `attachment; filename="` + want[1] + `"`
		}
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != want[0] || w.Header().Get("Content-Disposition") != disposition || !strings.Contains(w.Body.String(), want[2]) {
			t.Errorf("%s: %d as %s, %s\n%.300s\nwant %q", query, w.Code, w.Header().Get("Content-Type"), w.Header().Get("Content-Disposition"), w.Body, want)
		}
	}
	for query, names := range map[string]string{"?format=json": "cart, home <b>", one + "&format=json": "home <b>"} {
		s, err := waterfall.ReadSummary(get(t, h, query).Body)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range s.Reports {
			got = append(got, r.Name)
		}
		if strings.Join(got, ", ") != names {
			t.Errorf("%s: the summary has %q, want %s", query, got, names)
		}
	}
	z, err := gzip.NewReader(get(t, h, one+"&format=pprof").Body)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := io.ReadAll(z); err != nil || !bytes.Contains(p, []byte("home <b>")) {
		t.Errorf("the profile is %q, %v", p, err)
	}
	for query, want := range map[string]string{
		"?format=svg":                          `400 parameter format: "svg" is unknown; here are [json prometheus]`,
		"?group=cart&format=prometheus":        `400 parameter format: "prometheus" is unknown; here are [json sample pprof]`,
		"?group=nobody&format=json":            `404 group "nobody": no run of that name has ended`,
		"?format=json&sort=p99":                "400 parameters format and sort: want one of them",
		"?group=cart&format=json&against=hour": "400 parameters format and against: want one of them",
	} {
		w := get(t, h, query)
		if got := fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String())); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	contains(t, "the first page", page(t, h, ""), `<li><a href="?format=json&amp;window=10-minutes" download>json</a></li><li><a href="?format=prometheus" download>prometheus</a></li>`)
	contains(t, "the page of a name", page(t, h, "?group=cart&window=minute"), `<li><a href="?group=cart&amp;format=pprof&amp;window=minute" download>pprof</a></li>`)
}

// go tool pprof reads profiles where they are.
func TestPprofReadsPages(t *testing.T) {
	if testing.Short() {
		t.Skip("go tool pprof may have to be built")
	}
	stats := new(waterfall.Stats)
	stats.Add(checkout("home", 30*time.Millisecond, asap.Succeeded))
	mux := http.NewServeMux()
	mux.Handle("/debug/asap/", newHandler(stats))
	server := httptest.NewServer(mux)
	defer server.Close()
	for query, want := range map[string]string{"?run=1&format=pprof": "File: home", "?group=home&format=pprof": "asap: 1 run of home, 10 minutes"} {
		cmd := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-top", server.URL+"/debug/asap/"+query)
		cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "Type: critical") {
			t.Errorf("go tool pprof of %s: %v\n%s", query, err, out)
		}
	}
}
