package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/report"
)

func TestSame(t *testing.T) {
	const whole = `{"ad": {"text": "x"}, "lines": [{"n": 1}, {"n": 2}], "mail": "m", "missing": null}`
	for _, tt := range []struct {
		name, a, b string
		without    int
		err        string
	}{
		{"equal", whole, `{"missing": [], "mail": "m", "lines": [{"n": 1}, {"n": 2}], "ad": {"text": "x"}}`, 0, ""},
		{"one without ad", whole, strings.NewReplacer(`{"text": "x"}`, "null", `"missing": null`, `"missing": [{"part": "ad", "why": "late"}]`).Replace(whole), 1, ""},
		{"value", whole, strings.Replace(whole, `"n": 2`, `"n": 3`, 1), 0, "page.lines[1].n: 2 and 3"},
		{"length", whole, strings.Replace(whole, `, {"n": 2}`, ``, 1), 0, "page.lines: "},
		{"field", whole, strings.Replace(whole, `"mail"`, `"post"`, 1), 0, "page.mail is on one page only"},
		{"absent but not said to be", whole, strings.Replace(whole, `{"text": "x"}`, "null", 1), 0, "page.ad: "},
		{"says too much", whole, strings.Replace(whole, `null`, `[{"part": "soul"}]`, 1), 0, `there is no part "soul"`},
		{"not JSON", whole, `<html>`, 0, "page: invalid character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			without, err := report.Same([]byte(tt.a), []byte(tt.b))
			if without != tt.without || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("Same = %d, %v; want %d, %q", without, err, tt.without, tt.err)
			}
		})
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	err := report.Table(&b, []report.Row{
		{Page: "home", Mode: "sequential", Requests: 360, P50: 210 * time.Millisecond, P95: 300 * time.Millisecond, P99: 400 * time.Millisecond},
		{Page: "home", Mode: "asap", Without: 3, Requests: 360, P50: 60 * time.Millisecond, P95: 150 * time.Millisecond, P99: 160 * time.Millisecond},
		{Page: "cart", Mode: "sequential", Requests: 1, Failed: 1},
	}, "asap")
	if err != nil {
		t.Fatal(err)
	}
	const want = `
page      mode        requests   p50 ms   p95 ms   p99 ms   ×p50   ×p95   ×p99  incomplete  failed
home      sequential       360    210.0    300.0    400.0   3.50   2.00   2.50           0       0
home      asap             360     60.0    150.0    160.0   1.00   1.00   1.00           3       0

cart      sequential         1      0.0      0.0      0.0      –      –      –           0       1
`
	if got := "\n" + b.String(); got != want {
		t.Errorf("Table printed%swant%s", got, want)
	}
}
