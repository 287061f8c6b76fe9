package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The demo drives every page in every mode, finds the same data, and leaves
// nothing behind.
func TestDemo(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var out strings.Builder
	if err := run(t.Context(), []string{"-demo", "-predict", "-for", "500ms", "-rate", "12", "-latency", "0.1", "-timeout", "1m"}, &out, io.Discard); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		`(?m)^home +sequential +[\d.]+ `, `(?m)^checkout +errgroup +[\d.]+ +[\d.]+ +[\d.]+ +1\.00 +100\.0% +0\.00% +0$`, `(?m)^cart +tail `,
		`same data in \d+ comparisons`, `    24 orders charged once, 24 of them sent a second time`, `critical path`, `shippingQuote`,
		`(?m)^cart +waterfall: what if: .* too few`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("output does not match %s:\n%s", want, out.String())
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v, %v", left, err)
	}
}

// With a service down that the pages need, the demo fails and says at what.
func TestDemoFails(t *testing.T) {
	err := run(t.Context(), []string{"-demo", "-for", "100ms", "-rate", "10", "-latency", "0", "-timeout", "1m", "-faults", "currency=down"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "currency service: down") {
		t.Errorf("error %v, want currency down", err)
	}
}

// Data that differs, and a comparison of nothing, are errors.
func TestCompare(t *testing.T) {
	same := func(body string) []sample { return []sample{{Body: []byte(body)}} }
	for _, tt := range []struct {
		name, errgroup, asap, want string
	}{
		{"same", `{"a": 1}`, `{"a": 1}`, ""},
		{"other", `{"a": 2}`, `{"a": 1}`, "home, request 0: errgroup and asap differ: a: 2 and 1"},
	} {
		err := compare(io.Discard, "home", map[Mode][]sample{
			Sequential: same(tt.asap), Errgroup: same(tt.errgroup), ASAP: same(tt.asap)})
		if (err == nil) != (tt.want == "") || err != nil && err.Error() != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	lost := []sample{{Err: errors.New("lost")}}
	if err := compare(io.Discard, "home", map[Mode][]sample{Sequential: lost, Errgroup: lost, ASAP: lost}); err == nil {
		t.Error("nothing was compared, and that was no error")
	}
}

// With -dir a shop remembers its orders from one run to the next. The first one
// makes the folder.
func TestServe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop-data")
	var receipts [2]Checkout
	for i := range receipts {
		ctx, stop := context.WithCancel(t.Context())
		r, w := io.Pipe()
		done := make(chan error, 1)
		go func() { // received from below
			done <- run(ctx, []string{"-serve", "-addr", "127.0.0.1:0", "-dir", dir, "-latency", "0", "-timeout", "1m"}, w, io.Discard)
			w.Close()
		}()
		buf := make([]byte, 200)
		n, err := r.Read(buf)
		if err != nil {
			t.Fatal(err, <-done)
		}
		go io.Copy(io.Discard, r) // ends with run
		url := regexp.MustCompile(`http://[^/]*`).FindString(string(buf[:n]))
		res, err := http.Post(url+"/checkout", "application/x-www-form-urlencoded", strings.NewReader("format=json&order=serve-0001"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewDecoder(res.Body).Decode(&receipts[i]); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if receipts[0].Repeated || !receipts[1].Repeated || receipts[0].Payment == "" || receipts[0].Payment != receipts[1].Payment {
		t.Errorf("receipts %+v and %+v, want the second to repeat the first", receipts[0], receipts[1])
	}
}

func TestFlags(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "want one of -demo and -serve"},
		{[]string{"-demo", "-serve"}, "want one of -demo and -serve"},
		{[]string{"-demo", "now"}, `argument "now": want flags only`},
		{[]string{"-serve", "-faults", "moon=down", "-addr", "127.0.0.1:0"}, `faults: service "moon": want one of [ads`},
		{[]string{"-serve", "-faults", "ads", "-addr", "127.0.0.1:0"}, `faults: fault "": want one of [ok`},
		{[]string{"-demo", "-rate", "0"}, "must be more than 0"},
		{[]string{"-serve", "-addr", "nowhere:x"}, "nowhere:x"},
		{[]string{"-serve", "-dir", filepath.Join(t.TempDir(), "not", "there")}, "not/there"},
		{[]string{"-demo", "-dir", t.TempDir()}, "-dir and -temporal are for -serve"},
		{[]string{"-serve", "-temporal", "127.0.0.1:1", "-addr", "127.0.0.1:0"}, "connect to the Temporal server at 127.0.0.1:1: "},
	} {
		if err := run(t.Context(), tt.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("run(%q) = %v, want %s", tt.args, err, tt.want)
		}
	}
	var help bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, io.Discard, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-demo") {
		t.Errorf("run(-h) = %v, %s; want the help", err, help.String())
	}
}

// Requests are sent when they are due, whatever became of earlier ones, and
// their time counts from then.
func TestDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var sent [2][50]time.Duration
		for i := range sent {
			start = time.Now()
			samples := drive(t.Context(), 50, 1000, 7, func(_ context.Context, n int) ([]byte, error) {
				sent[i][n] = time.Since(start)
				time.Sleep(time.Minute)
				return fmt.Append(nil, n), nil
			})
			for n, s := range samples {
				if s.Late != 0 || s.Took != time.Minute || string(s.Body) != fmt.Sprint(n) || s.Err != nil {
					t.Errorf("sample %d = %+v; want it sent when due and done a minute later", n, s)
				}
			}
		}
		if sent[0] != sent[1] || !slices.IsSorted(sent[0][:]) || sent[0][0] != 0 || sent[0][49] < 20*time.Millisecond || sent[0][49] > 100*time.Millisecond {
			t.Errorf("sent at %v, then at %v; want the same, 50 in about 50ms", sent[0], sent[1])
		}
	})
}

// When the context ends, those that were not sent get its end, without waiting.
func TestDriveEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start, failed := time.Now(), 0
		for _, s := range drive(ctx, 100, 10, 1, func(ctx context.Context, _ int) ([]byte, error) { return nil, ctx.Err() }) {
			if s.Err != nil {
				failed++
			}
		}
		if took := time.Since(start); took != time.Second || failed < 50 || failed == 100 {
			t.Errorf("%d of 100 failed after %v; want about 90 after 1s", failed, took)
		}
	})
}

func TestSummarize(t *testing.T) {
	samples := []sample{{Took: time.Hour, Err: errors.New("lost")}}
	for i := 100; i >= 1; i-- {
		samples = append(samples, sample{Took: time.Duration(i), Body: []byte(`{"ad": {"value": 1}}`)})
	}
	samples[7].Body = []byte(`{"ad": {"value": 0, "why": "late"}}`)
	want := row{"home", ASAP, 101, 1, 1, 50, 95, 99, 0, 0}
	if got := summarize("home", ASAP, samples); got != want {
		t.Errorf("summarize = %+v, want %+v", got, want)
	}
	if got := summarize("home", ASAP, nil); got != (row{Page: "home", Mode: ASAP}) {
		t.Errorf("summarize of nothing = %+v, want zeros", got)
	}
}

func TestSame(t *testing.T) {
	const whole = `{"ad": {"value": "x"}, "lines": [{"n": 1}, {"n": 2}], "n": 1}`
	for _, tt := range []struct {
		name, b string
		without int
		err     string
	}{
		{"equal", `{"n": 1, "lines": [{"n": 1}, {"n": 2}], "ad": {"value": "x"}}`, 0, ""},
		{"one without ad", strings.Replace(whole, `{"value": "x"}`, `{"value": "", "why": "late"}`, 1), 1, ""},
		{"value", strings.Replace(whole, `"n": 2`, `"n": 3`, 1), 0, "lines: "},
		{"field", strings.Replace(whole, `, "n": 1}`, `, "m": 1}`, 1), 0, "m: <nil> and 1"},
		{"absent but not said to be", strings.Replace(whole, `{"value": "x"}`, `{"value": ""}`, 1), 0, "ad: "},
		{"not JSON", `<html>`, 0, "invalid character"},
	} {
		without, err := same([]byte(whole), []byte(tt.b))
		if without != tt.without || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: same = %d, %v; want %d, %q", tt.name, without, err, tt.without, tt.err)
		}
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	table(&b, []row{
		{Page: "home", Mode: Errgroup, Requests: 360, P50: 210 * time.Millisecond, P95: 300 * time.Millisecond, P99: 400 * time.Millisecond},
		{Page: "home", Mode: Tail, Incomplete: 36, Requests: 361, Failed: 1, P50: 60 * time.Millisecond, P95: 150 * time.Millisecond, P99: 160 * time.Millisecond, Extra: .0123},
		{Page: "cart", Mode: Sequential, Requests: 1, Failed: 1},
	})
	const want = `
page      mode         p50 ms   p95 ms   p99 ms   gain    full   extra  failed
home      errgroup      210.0    300.0    400.0   1.00  100.0%   0.00%       0
home      tail           60.0    150.0    160.0   2.50   90.0%   1.23%       1

cart      sequential      0.0      0.0      0.0      –       –   0.00%       1
`
	if got := "\n" + b.String(); got != want {
		t.Errorf("table printed%swant%s", got, want)
	}
}
