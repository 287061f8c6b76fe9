package audit_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/asapvet/audit"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares what a person or a program reads with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func run(t *testing.T, cfg audit.Config) *audit.Report {
	t.Helper()
	t.Setenv("GOWORK", "off")
	if cfg.Dir == "" {
		cfg.Dir = "testdata/orders"
	}
	if cfg.Patterns == nil {
		cfg.Patterns = []string{"./..."}
	}
	r, err := audit.Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func indented(t *testing.T, r *audit.Report) string {
	t.Helper()
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + "\n"
}

func TestStatic(t *testing.T) {
	r := run(t, audit.Config{})
	golden(t, "static.txt", r.Text(20, 100))
	golden(t, "static.json", indented(t, r))
	if !r.Worth(time.Millisecond) {
		t.Error("Worth is false of a report with sites of tier high")
	}
}

func TestNarrow(t *testing.T) {
	r := run(t, audit.Config{})
	golden(t, "narrow.txt", r.Text(1, 60))
}

func TestPackage(t *testing.T) {
	for _, row := range []struct {
		pattern, pkg string
		want         bool
	}{
		{"orders", "example.org/orders", true},
		{"example.org/orders", "example.org/orders", true},
		{"./orders/...", "example.org/orders", true},
		{"./orders/...", "example.org/orders/store", true},
		{"example.org/...", "example.org/orders", true},
		{".../store", "example.org/orders/store", true},
		{"...", "example.org/orders", true},
		{"store", "example.org/orders", false},
		{"orders/store/...", "example.org/orders", false},
		{"rders", "example.org/orders", false},
		{"orders", "example.org/orders/store", false},
	} {
		if got := audit.Matches(row.pattern, row.pkg); got != row.want {
			t.Errorf("-package %s is %v for %s", row.pattern, got, row.pkg)
		}
	}
	if r := run(t, audit.Config{Package: "store"}); len(r.Sites) != 0 {
		t.Errorf("-package store has %d sites, want none", len(r.Sites))
	}
}

func TestMistakes(t *testing.T) {
	for name, cfg := range map[string]audit.Config{
		"tier":    {Dir: "testdata/orders", Patterns: []string{"./..."}, Tier: "lofty"},
		"pattern": {Dir: "testdata/orders", Patterns: []string{"./nowhere"}},
		"trace":   {Dir: "testdata/orders", Patterns: []string{"./..."}, Traces: []string{"audit_test.go"}},
		"spans":   {Dir: "testdata/orders", Patterns: []string{"./..."}, Spans: []string{"audit_test.go"}},
		"no file": {Dir: "testdata/orders", Patterns: []string{"./..."}, Spans: []string{"nowhere.json"}},
	} {
		if _, err := audit.Run(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// queries are what the four calls of a page ask the database, in the form in which
// drivers tell it, and what they take, in µs.
var queries = []struct {
	text string
	took int
}{
	{"SELECT id, name FROM users WHERE id = $1", 40_400},
	{"SELECT title FROM offers", 100_200},
	{"SELECT badge FROM badges WHERE id = $1", 200},
	{"SELECT title FROM posts WHERE author = $1", 60_300},
}

// otlp is a file of 214 requests for a page.
func otlp(t *testing.T) string {
	var b strings.Builder
	for n := range 214 {
		fmt.Fprintf(&b, `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"t%d","spanId":"page","name":"GET /","kind":2,"startTimeUnixNano":"0","endTimeUnixNano":"201100000"}`, n)
		at := 0
		for i, q := range queries {
			fmt.Fprintf(&b, `,{"traceId":"t%d","spanId":"q%d","parentSpanId":"page","name":"SELECT","kind":3,"startTimeUnixNano":"%d000","endTimeUnixNano":"%d000","attributes":[{"key":"db.query.text","value":{"stringValue":%q}}]}`,
				n, i, at, at+q.took, q.text)
			at += q.took
		}
		b.WriteString(`,{"traceId":"t0","spanId":"other","parentSpanId":"page","name":"GET","kind":"SPAN_KIND_CLIENT","startTimeUnixNano":0,"endTimeUnixNano":1500000,"attributes":[{"key":"url.full","value":{"stringValue":"http://far/v1/weather"}}]}`)
		b.WriteString("]}]}]}\n")
	}
	return file(t, b.String())
}

// jaeger is the same of one request, with a span of the callee's own around each query.
func jaeger(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`{"data":[{"traceID":"t","spans":[{"traceID":"t","spanID":"page","operationName":"GET /","startTime":0,"duration":201100,"tags":[{"key":"span.kind","value":"server"}]}`)
	for i, q := range queries {
		fmt.Fprintf(&b, `,{"traceID":"t","spanID":"own%d","operationName":"own","references":[{"refType":"CHILD_OF","traceID":"t","spanID":"page"}],"startTime":0,"duration":1}`, i)
		fmt.Fprintf(&b, `,{"traceID":"t","spanID":"q%d","operationName":"SELECT","references":[{"refType":"CHILD_OF","traceID":"t","spanID":"own%d"}],"startTime":0,"duration":%d,"tags":[{"key":"db.statement","type":"string","value":%q},{"key":"db.rows","type":"int64","value":1}]}`,
			i, i, q.took, q.text)
	}
	b.WriteString("]}]}")
	return file(t, b.String())
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSpans(t *testing.T) {
	r := run(t, audit.Config{Spans: []string{otlp(t)}})
	golden(t, "spans.txt", r.Text(20, 100))
	golden(t, "spans.json", indented(t, r))
	s := r.Sites[0]
	if s.Count != 214 || fmt.Sprintf("%.1f %.1f %.1f", s.Before, s.After, s.Saves) != "201.1 100.7 100.4" {
		t.Errorf("%d calls, %.1f ms before and %.1f after; want 214, 201.1 and 100.7", s.Count, s.Before, s.After)
	}
	if !r.Worth(100*time.Millisecond) || r.Worth(101*time.Millisecond) {
		t.Error("Worth: the site saves 100.4 ms")
	}
	r = run(t, audit.Config{Spans: []string{jaeger(t)}})
	if s := r.Sites[0]; s.Count != 1 || fmt.Sprintf("%.1f %.1f", s.Before, s.After) != "201.1 100.7" || len(r.Unmatched) > 0 {
		t.Errorf("Jaeger: %d calls, %.1f ms before and %.1f after, unmatched %v; want 1, 201.1, 100.7 and none", s.Count, s.Before, s.After, r.Unmatched)
	}
}

// What is not proven to be independent is listed only if it is slow, and apart.
func TestUnproven(t *testing.T) {
	if r := run(t, audit.Config{}); len(r.Unproven) != 0 {
		t.Errorf("without a measure, %d places are slow", len(r.Unproven))
	}
	var b strings.Builder
	for i, q := range []int{1, 3} {
		fmt.Fprintf(&b, `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"t","spanId":"q%d","parentSpanId":"page","name":"SELECT","kind":3,"startTimeUnixNano":"0","endTimeUnixNano":"%d000","attributes":[{"key":"db.query.text","value":{"stringValue":%q}}]}]}]}]}`,
			i, queries[q].took, queries[q].text)
	}
	r := run(t, audit.Config{Spans: []string{file(t, b.String())}})
	golden(t, "unproven.txt", r.Text(20, 100))
	if len(r.Unproven) != 1 || r.Unproven[0].Func != "Ordered" {
		t.Errorf("unproven %+v, want Ordered", r.Unproven)
	}
	if r.Worth(0) {
		t.Error("Worth is true of what is not proven")
	}
}
