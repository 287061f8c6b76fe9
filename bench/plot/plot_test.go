package plot_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/asap-go/asap/bench/plot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func figure() *plot.Figure {
	return &plot.Figure{
		Title: "Cost a task <by hand & asap>",
		Note:  "of a test",
		Panels: []plot.Panel{
			{Title: "Time", X: "tasks", Y: "ns a task", Series: []plot.Series{
				{Name: "channels", Color: "#888888", Points: []plot.Point{{1, 900}, {10, 800}, {1000, 850}}},
				{Name: "asap", Color: "#0969da", Points: []plot.Point{{1, 500}, {10, 310}, {1000, 200}}},
			}},
			{Title: "Memory", X: "tasks", Y: "bytes a task", Series: []plot.Series{
				{Name: "asap", Color: "#0969da", Points: []plot.Point{{1, 2500}, {1_000_000, 190}}},
			}},
		},
	}
}

func TestGolden(t *testing.T) {
	var b strings.Builder
	if err := figure().Write(&b); err != nil {
		t.Fatal(err)
	}
	const path = "testdata/figure.svg"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("Write differs from %s; look at it, and run with -update if it is right:\n%s", path, b.String())
	}
	d := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

func TestBadFigures(t *testing.T) {
	with := func(pt plot.Point) *plot.Figure {
		return &plot.Figure{Panels: []plot.Panel{{Title: "P", Series: []plot.Series{{Name: "S", Points: []plot.Point{pt}}}}}}
	}
	for _, tt := range []struct {
		name string
		f    *plot.Figure
		want string
	}{
		{"no panels", &plot.Figure{}, "no panels"},
		{"no points", &plot.Figure{Panels: []plot.Panel{{Title: "P"}}}, "P has no points"},
		{"zero", with(plot.Point{X: 0, Y: 1}), "P: S has the point (0, 1)"},
		{"negative", with(plot.Point{X: 1, Y: -1}), "(1, -1)"},
		{"not a number", with(plot.Point{X: 1, Y: math.NaN()}), "(1, NaN)"},
		{"infinite", with(plot.Point{X: math.Inf(1), Y: 1}), "(+Inf, 1)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.f.Write(io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Write = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestOnePoint has axes of one decade around a single value.
func TestOnePoint(t *testing.T) {
	f := &plot.Figure{Panels: []plot.Panel{{Series: []plot.Series{{Name: "S", Points: []plot.Point{{X: 1, Y: 100}}}}}}}
	var b strings.Builder
	if err := f.Write(&b); err != nil || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
		t.Errorf("Write = %v, %s", err, b.String())
	}
}
