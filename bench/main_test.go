package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/sample"
	"github.com/asap-go/asap/bench/work"
)

func TestParse(t *testing.T) {
	o, err := parse(strings.Fields("-graphs chain,fan -procs 1,2 -body 0,1us,sleep:2ms,done -rounds 3"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := []work.Body{{}, {Spin: time.Microsecond}, {Sleep: 2 * time.Millisecond}, {Done: true}}
	if len(o.bodies) != len(want) || len(o.graphs) != 2 || len(o.procs) != 2 || o.rounds != 3 {
		t.Fatalf("parse = %+v", o)
	}
	for i, b := range want {
		if o.bodies[i] != b {
			t.Errorf("body %d = %v, want %v", i, o.bodies[i], b)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-body fast", `-body "fast"`},
		{"-body 1us,-2us", `-body "-2us": not a positive duration`},
		{"-procs two", `-procs "two": not a number of processors`},
		{"-procs 0", `-procs "0"`},
		{"-procs ,", "need at least one value"},
		{"-rounds 0", "-rounds 0: at least one"},
		{"chain", `unexpected argument "chain"`},
	} {
		if _, err := parse(strings.Fields(tt.args), io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("parse(%q) = %v, want an error with %q", tt.args, err, tt.want)
		}
	}
	if _, err := parse([]string{"-help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("parse(-help) = %v, want %v", err, flag.ErrHelp)
	}
}

// TestRun measures two graphs for real, through child processes, writes the
// samples, reads them back and prints the same tables.
func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	args := []string{"-graphs", "3 tasks,request hotel", "-contenders", "asap,channels,closures,levels", "-body", "0,done",
		"-rounds", "2", "-sample", "50us", "-node=false", "-json", path}
	var out, again, progress bytes.Buffer
	if err := run(t.Context(), args, &out, &progress); err != nil {
		t.Fatalf("run: %v\n%s", err, progress.String())
	}
	for _, want := range []string{
		"### Time, ratio to goroutines and channels: empty bodies",
		"### Time, multiple of a loop of closures: empty bodies", "### Time, ratio to goroutines and channels: bodies empty + Done",
		"### Goals", "3 tasks: asap declared over goroutines and channels",
		"| hotel-search |", contender.Declared, contender.Awaited,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the tables do not contain %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "NaN") {
		t.Errorf("the tables contain NaN:\n%s", out.String())
	}
	if err := run(t.Context(), []string{"-read", path}, &again, io.Discard); err != nil {
		t.Fatal(err)
	}
	if again.String() != out.String() {
		t.Errorf("-read prints other tables than the run that wrote the file:\n%s", again.String())
	}
	again.Reset()
	progress.Reset()
	if err := run(t.Context(), append(args, "-resume"), &again, &progress); err != nil || progress.Len() > 0 || again.String() != out.String() {
		t.Errorf("-resume of a complete run = %v, measured %q; want nothing measured and the same tables", err, progress.String())
	}
}

// TestDoc puts tables between the markers twice and leaves the rest alone.
func TestDoc(t *testing.T) {
	dir := t.TempDir()
	path, page := filepath.Join(dir, "run.json"), filepath.Join(dir, "page.md")
	if err := run(t.Context(), strings.Fields("-graphs 3 -contenders closures,channels -body 0 -rounds 1 -most 3 -sample 20us -node=false -json "+path), io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"-read", path, "-doc", page}, io.Discard, io.Discard); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("run(-doc of no file) = %v, want %v", err, os.ErrNotExist)
	}
	if err := os.WriteFile(page, []byte("# Page\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"-read", path, "-doc", page}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "not both there") {
		t.Errorf("run(-doc of a page without markers) = %v, want that they are not there", err)
	}
	if err := os.WriteFile(page, []byte("# Page\n"+docBegin+"old\n"+docEnd+"\nThe end.\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var first []byte
	for range 2 {
		if err := run(t.Context(), []string{"-read", path, "-doc", page}, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(page)
		if err != nil || !bytes.HasPrefix(got, []byte("# Page\n<!--")) || !bytes.HasSuffix(got, []byte("-->\n\nThe end.\n")) ||
			bytes.Contains(got, []byte("old")) || !bytes.Contains(got, []byte("### Time")) {
			t.Fatalf("the page is (%v):\n%s", err, got)
		}
		if first != nil && !bytes.Equal(first, got) {
			t.Errorf("written again the page differs:\n%s", got)
		}
		first = got
	}
}

func TestRunErrors(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-graphs", "no such"}, "-graphs no such -contenders : nothing fits"},
		{[]string{"-read", filepath.Join(t.TempDir(), "none.json")}, "none.json"},
	} {
		if err := run(t.Context(), tt.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("run(%q) = %v, want an error with %q", tt.args, err, tt.want)
		}
	}
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"-read", bad}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("run(-read bad.json) = %v, want an error that names the file", err)
	}
}

// TestChildSaysWhatIsWrong: an error of a child is one of the parent.
func TestChildSaysWhatIsWrong(t *testing.T) {
	_, err := ask(t.Context(), 1, job{Graph: "chain of fools"})
	if err == nil || !strings.Contains(err.Error(), `no graph is called "chain of fools"`) {
		t.Errorf("ask = %v, want that there is no such graph", err)
	}
	_, err = ask(t.Context(), 1, job{Case: "no growth"})
	if err == nil || !strings.Contains(err.Error(), `no case of growth is called "no growth"`) {
		t.Errorf("ask = %v, want that there is no such case", err)
	}
	_, err = ask(t.Context(), 1, job{Graph: "3 tasks", Contenders: []string{"nobody"}, Config: sample.Config{Rounds: 1}})
	if err == nil || !strings.Contains(err.Error(), `no contender is called "nobody"`) {
		t.Errorf("ask = %v, want that there is no such contender", err)
	}
}

// TestWrongResultFails: a contender that leaves a value out is found out.
func TestWrongResultFails(t *testing.T) {
	g := graph.ThreeTasks()
	want, err := oracle(g, work.Body{})
	if err != nil {
		t.Fatal(err)
	}
	liar := func(context.Context, *graph.Graph, *work.Work) (uint64, error) { return want + 1, nil }
	if err := subject("liar", liar, g, work.Body{}, want).Run(); err == nil || !strings.Contains(err.Error(), "result") {
		t.Errorf("a wrong result gave %v, want an error", err)
	}
}

// TestMemory compares what a thousand blocked tasks take: a parked goroutine
// is two kilobytes of stack and more, a declared task has none.
func TestMemory(t *testing.T) {
	held := func(name string) float64 {
		a, err := ask(t.Context(), 2, job{Graph: "growth 1000", Contenders: []string{name}, Memory: true, Copies: 5})
		if err != nil {
			t.Fatal(err)
		}
		return a.Memory.Held / float64(a.Tasks)
	}
	channels, declared := held(contender.Channels), held(contender.Declared)
	if channels < 2000 || channels > 6000 {
		t.Errorf("a parked goroutine with its channel takes %.0f bytes, want 2000 to 6000", channels)
	}
	if declared < 100 || declared > channels/4 {
		t.Errorf("a declared task that waits takes %.0f bytes, a goroutine %.0f; want at least 100 and at most a quarter", declared, channels)
	}
}

// TestGrowth runs cases of both tables in their small sizes. What they cost
// is for a person to look at.
func TestGrowth(t *testing.T) {
	var out bytes.Buffer
	args := []string{"-growth", "-graphs", "independent,run in run", "-most", "1000", "-rounds", "1", "-sample", "10us"}
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| n tasks ", " 1,000 | last over first |", "| n independent tasks |", "| n levels ", " 250 | 1,000 | last over first |", "| Run in Run |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the tables do not contain %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "4,000") || strings.Contains(out.String(), "NaN") {
		t.Errorf("the tables have more than was asked for:\n%s", out.String())
	}
	if err := run(t.Context(), []string{"-growth", "-graphs", "no such"}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "no case fits") {
		t.Errorf("run(-growth -graphs no such) = %v, want that no case fits", err)
	}
	if err := run(t.Context(), []string{"-growth", "-json", "x"}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "-json") {
		t.Errorf("run(-growth -json) = %v, want an error that names the flag", err)
	}
}

func TestGrowthRow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		costs []float64
		want  string
	}{
		{"all", []float64{1000, 1100, 2000}, "c 1.00 1.10 2.00 2.00"},
		{"stopped", []float64{1000, 16_000}, "c 1.00 16.0 – > 16.0"},
		{"stopped at once", []float64{1000}, "c 1.00 – – –"},
		{"nothing", nil, "c – – – –"},
	} {
		if got := strings.Join(growthRow("c", tt.costs, 3), " "); got != tt.want {
			t.Errorf("%s: growthRow = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestExpected(t *testing.T) {
	for _, tt := range []struct {
		costs []float64
		n     int
		want  time.Duration
	}{
		{[]float64{100}, 4000, 400 * time.Microsecond},
		{[]float64{100, 400}, 16_000, 25_600 * time.Microsecond},
		{[]float64{100, 80}, 16_000, 1280 * time.Microsecond}, // it got no cheaper, the machine got quieter
	} {
		if got := expected(tt.costs, tt.n); got != tt.want {
			t.Errorf("expected(%v, %d) = %v, want %v", tt.costs, tt.n, got, tt.want)
		}
	}
}

func TestPlot(t *testing.T) {
	dir := t.TempDir()
	svg, data := filepath.Join(dir, "img", "growth.svg"), filepath.Join(dir, "growth.json")
	args := []string{"-plot", svg, "-json", data, "-most", "10", "-rounds", "2", "-sample", "50us"}
	if err := run(t.Context(), args, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(svg)
	if err != nil || !bytes.Contains(first, []byte("<svg")) || bytes.Count(first, []byte("<circle")) != 2*3*3 {
		t.Errorf("the plot has %d points (%v), want 3 sizes, 3 contenders, 2 panels:\n%s", bytes.Count(first, []byte("<circle")), err, first)
	}
	var points []growthPoint
	raw, err := os.ReadFile(data)
	if err != nil || json.Unmarshal(raw, &points) != nil || len(points) != 3 || points[2].Tasks != 10 {
		t.Errorf("%s holds %s (%v), want the points for 1, 3 and 10 tasks", data, raw, err)
	}
	if err := run(t.Context(), []string{"-plot", svg, "-read", data}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(svg); err != nil || !bytes.Equal(first, second) {
		t.Errorf("drawn again from its data the plot differs (%v)", err)
	}
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		name, parts string
		want        bool
	}{
		{"layers 1,000×1,000", "1000x1000", true},
		{"layers 1,000×1,000", "chain,1000×1000", true},
		{"layers 100×100", "1000x1000", false},
		{"WaitGroup.Go and channels", "waitgroup", true},
		{"fan 1,000", "", true},
	} {
		if got := matches(tt.name, split(tt.parts)); got != tt.want {
			t.Errorf("matches(%q, %q) = %v, want %v", tt.name, tt.parts, got, tt.want)
		}
	}
}

func TestNum(t *testing.T) {
	for _, tt := range []struct {
		x    float64
		want string
	}{{0.304, "0.30"}, {9.994, "9.99"}, {9.996, "10.0"}, {99.94, "99.9"}, {123.4, "123"}, {1234567, "1,234,567"}} {
		if got := num(tt.x); got != tt.want {
			t.Errorf("num(%v) = %q, want %q", tt.x, got, tt.want)
		}
	}
}
