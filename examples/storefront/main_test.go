package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/asap-go/asap/examples/storefront/load"
	"github.com/asap-go/asap/examples/storefront/shop"
)

// The demo drives every page in every mode, finds the same data, and leaves
// nothing behind.
func TestDemo(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var out strings.Builder
	if err := run(t.Context(), []string{"-demo", "-for", "500ms", "-rate", "12", "-latency", "0.1", "-timeout", "1m"}, &out, io.Discard); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		`(?m)^home +sequential +6 `, `(?m)^checkout +asap +6 +[\d.]+ +[\d.]+ +[\d.]+ +1\.00 +1\.00 +1\.00 `,
		`same data in \d+ comparisons`, `    18 orders charged once, 18 of them sent a second time`, `critical path`, `shippingQuote`,
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
	same := func(body string) []load.Sample { return []load.Sample{{Body: []byte(body)}} }
	for _, tt := range []struct {
		name, errgroup, asap, want string
	}{
		{"same", `{"a": 1}`, `{"a": 1}`, ""},
		{"other", `{"a": 2}`, `{"a": 1}`, "home, request 0: errgroup and asap differ: page.a: 2 and 1"},
	} {
		err := compare(io.Discard, "home", map[shop.Mode][]load.Sample{
			shop.Sequential: same(tt.asap), shop.Errgroup: same(tt.errgroup), shop.ASAP: same(tt.asap)})
		if (err == nil) != (tt.want == "") || err != nil && err.Error() != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	lost := []load.Sample{{Err: errors.New("lost")}}
	if err := compare(io.Discard, "home", map[shop.Mode][]load.Sample{shop.Sequential: lost, shop.Errgroup: lost, shop.ASAP: lost}); err == nil {
		t.Error("nothing was compared, and that was no error")
	}
}

// With -dir a shop remembers its orders from one run to the next. The first one
// makes the folder.
func TestServe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop-data")
	var receipts [2]shop.Checkout
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
		{[]string{"-serve", "-faults", "moon=down"}, `faults: service "moon": want one of [ads`},
		{[]string{"-demo", "-temporal"}, "-temporal is for -serve"},
		{[]string{"-serve", "-temporal", "-server", "no-such-program"}, "start a Temporal server: "},
		{[]string{"-demo", "-rate", "0"}, "must be more than 0"},
		{[]string{"-serve", "-addr", "nowhere:x"}, "nowhere:x"},
		{[]string{"-serve", "-dir", filepath.Join(t.TempDir(), "not", "there")}, "not/there"},
		{[]string{"-serve", "-rate", "3"}, "-rate is for -demo"},
		{[]string{"-demo", "-dir", t.TempDir()}, "-dir is for -serve"},
		{[]string{"-serve", "-server", "temporald"}, "-server is for -temporal"},
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
