package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/waterfall"
)

// Runs may be several files, in one file, or what a page has kept.
func TestManyRuns(t *testing.T) {
	many := kept("product-many")
	sample, err := waterfall.ReadSample(strings.NewReader(content(t, many)))
	if err != nil {
		t.Fatal(err)
	}
	stats := new(waterfall.Stats)
	var one bytes.Buffer
	var files []string
	dir := t.TempDir()
	for i := range 120 {
		run := recorded(t, kept("checkout"))
		stats.Add(run)
		if err := run.Write(&one, waterfall.JSON); err != nil {
			t.Fatal(err)
		}
		if i < 110 {
			name := filepath.Join(dir, "run"+strings.Repeat("x", i)+".json")
			if err := os.WriteFile(name, []byte(content(t, kept("checkout"))), 0o666); err != nil {
				t.Fatal(err)
			}
			files = append(files, name)
		}
	}
	server := httptest.NewServer(asapweb.Handler(stats))
	defer server.Close()
	address := server.URL + "/?group=checkout"
	n, seen := sample.Runs()
	if n < 100 || seen != 400 {
		t.Errorf("%d runs for %d", n, seen)
	}
	for _, test := range []struct {
		name, in string
		args     []string
		code     int
		want     string
	}{
		{"a sample", "", []string{"whatif", many, "hedge:ad=p90"}, 0, "hedge ad at p90"},
		{"standard input", content(t, many), []string{"whatif", "within:ad=50ms"}, 0, "give ad 50 ms: p99"},
		{"a file of several", one.String(), []string{"whatif", "-", "charge=-50%"}, 0, "speed charge up by 50 %: p99 105 ms → 85 ms"},
		{"several files", "", append(append([]string{"whatif"}, files...), "charge=-50%"), 0, "speed charge up by 50 %: p99 105 ms → 85 ms"},
		{"nothing helps", one.String(), []string{"whatif"}, 0, "No hedge and no deadline would make p99 shorter by a fiftieth."},
		{"an address", "", []string{"whatif", address, "ads=0"}, 1, "kept of 120 are too few"},
		{"a window", "", []string{"whatif", "-window", "hour", address, "ads=0"}, 1, "too few"},
		{"two files are too few", "", []string{"whatif", kept("checkout"), kept("checkout-slow"), "ads=0"}, 1, "2 runs are too few to say anything of p99; it takes 100"},
		{"no change", "", []string{"whatif", many, "hedge:ad"}, 2, `"hedge:ad" is no change`},
		{"no percentile", "", []string{"whatif", many, "hedge:ad=95"}, 2, "hedge:ad=95: want a percentile like p95, or a time like 80ms"},
		{"a time", "", []string{"whatif", many, "ad=50ms"}, 2, "want a percentage like -50%"},
		{"no task", "", []string{"whatif", many, "hedge:x=p95"}, 1, `no task "x"; there are`},
		{"a picture", "", []string{"whatif", many, "-format", "svg", "ad=0"}, 2, "many runs have no picture"},
		{"one run", "", []string{"whatif", kept("checkout"), "hedge:ads=p95"}, 1, "one run does not tell how long a second call takes"},
		{"two names", content(t, many) + one.String(), []string{"whatif"}, 1, `standard input:`},
		{"no file", "", []string{"whatif", many, "nowhere.json", "ad=0"}, 2, `"nowhere.json" is no change`},
	} {
		out, stderr, code := asap(t, test.in, test.args...)
		if code != test.code || !strings.Contains(out+stderr, test.want) {
			t.Errorf("%s: exit code %d, %s%s, want %d and %q", test.name, code, out, stderr, test.code, test.want)
		}
	}
	response, err := http.Get(address + "&format=sample")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if s, err := waterfall.ReadSample(response.Body); err != nil || s.Name() != "checkout" {
		t.Errorf("the page's sample: %v, %v", s, err)
	}
}

// What many runs would be is told in so many columns, and as JSON.
func TestForecastForms(t *testing.T) {
	many := kept("product-many")
	for _, width := range []string{"60", "100"} {
		for _, args := range [][]string{{"whatif", many, "-width", width}, {"whatif", many, "-width", width, "hedge:ad=p95", "within:recommendations=60ms", "correlation=.5"}} {
			out, stderr, code := asap(t, "", args...)
			if code != 0 {
				t.Fatalf("asap %v: %d %s", args, code, stderr)
			}
			for line := range strings.Lines(out) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width == "60" && n > 60 || n > 100 {
					t.Errorf("asap %v: a line of %d columns: %s", args, n, line)
				}
			}
			name := "forecast-" + width + ".txt"
			if len(args) > 4 {
				name = "forecast-asked-" + width + ".txt"
			}
			golden(t, name, out)
		}
	}
	out, _, _ := asap(t, "", "whatif", many, "-format", "json")
	var list []struct {
		Changes []string
		Before  struct{ P99 int64 }
		After   struct{ P99 int64 }
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) < 3 || len(list[0].Changes) != 1 || list[0].After.P99 >= list[0].Before.P99 {
		t.Errorf("as JSON: %v %+v", err, list)
	}
	out, _, _ = asap(t, "", "whatif", many, "-format", "json", "hedge:ad=p95")
	var f waterfall.Forecast
	if err := json.Unmarshal([]byte(out), &struct{ Hedged *bool }{&f.Hedged}); err != nil || !f.Hedged {
		t.Errorf("as JSON: %v %s", err, out)
	}
}

// -run predicts one run, with what others tell.
func TestOneRunAmongOthers(t *testing.T) {
	run := func(user, ads string, end int) string {
		const task = `{"id":%d,"group":1,"name":%q,"outcome":%q,"pieces":[{"state":"running","start":0,"end":%d}]}`
		return fmt.Sprintf(`{"asap":"run","version":2,"name":"home","makespan":%d,"ended":true,"groups":[{"id":1,"name":"home","start":0,"end":%[1]d,"outcome":%q}],"tasks":[`, end, user) +
			fmt.Sprintf(task, 2, "user", user, int(30e6)) + "," + fmt.Sprintf(task, 3, "ads", ads, end) + "]}\n"
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	failed := write("failed.json", run("failed", "canceled", int(30e6)))
	one := write("one.json", run("succeeded", "succeeded", 70e6))
	three := write("three.json", run("succeeded", "succeeded", 45e6)+run("succeeded", "succeeded", 50e6)+run("succeeded", "succeeded", 90e6))
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"one other", []string{one, "user=0"}, 0, "70ms instead of 30ms: 40ms more (133.3 %)\nIf ads takes 70 ms, from 1 other run."},
		{"a file of several", []string{three, "user=0"}, 0, "If ads takes 50 ms, from 3 other runs."},
		{"several files", []string{three, one, "user=0"}, 0, "If ads takes 50 ms, from 4 other runs."},
		{"no other", []string{"user=0"}, 0, "60ms instead of 30ms: 30ms more (100.0 %)\nIf ads, whose context had ended, takes as long again"},
		{"another flow", []string{kept("checkout"), "user=0"}, 1, "a run of home, and the others are of checkout"},
		{"no change", []string{three}, 2, "-run wants a change"},
	} {
		out, stderr, code := asap(t, "", append([]string{"whatif", "-run", failed}, test.args...)...)
		if code != test.code || !strings.Contains(out+stderr, test.want) {
			t.Errorf("%s: exit code %d, %s%s, want %d and %q", test.name, code, out, stderr, test.code, test.want)
		}
	}
}
