package suite_test

import (
	"fmt"
	"go/types"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/load"
	"github.com/asap-go/asap/asapvet/internal/run"
	"github.com/asap-go/asap/asapvet/suite"
)

// BenchmarkFlows tells how fast parts 1 and 2 are on code that is nothing but
// groups, once it is loaded.
func BenchmarkFlows(b *testing.B) {
	benchmark(b, newWorkshop(b))
}

// BenchmarkService does so for code of which one function in fifty has a group.
func BenchmarkService(b *testing.B) {
	w := newWorkshop(b)
	var text strings.Builder
	text.WriteString("package flows\n\nimport \"context\"\n")
	for i := range 5000 {
		fmt.Fprintf(&text, `
func step%[1]d(ctx context.Context, items []Item) (n int, err error) {
	for i, it := range items {
		q, err := quote(ctx, it)
		if err != nil {
			return n, err
		}
		switch {
		case q.Cents > %[1]d:
			n += q.Cents * i
		case q.Cents < 0:
			continue
		default:
			if p, ok := cached(it.ID); ok {
				n += len(p.Posts)
			}
		}
	}
	return n, store(ctx, Page{Ads: []string{"a", "b"}})
}
`, i)
	}
	name := filepath.Join("testdata", "flows", "steps.go")
	w.names = append(w.names, name)
	w.source[name] = []byte(text.String())
	benchmark(b, w)
}

func benchmark(b *testing.B, w *workshop) {
	files, info, pkg := w.load(b, nil)
	lines := 0
	for _, f := range files {
		lines += w.fset.File(f.FileStart).LineCount()
	}
	p := &load.Program{Fset: w.fset, Sizes: types.SizesFor("gc", "amd64")}
	q := &load.Package{Path: "flows", Files: files, Types: pkg, Info: info}
	checks := parts12()
	for b.Loop() {
		if _, err := run.Package(p, q, checks...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds()/1000, "kLOC/s")
	b.ReportMetric(float64(lines), "lines")
}

// BenchmarkOther tells what a package costs that imports neither library, for all
// checks together.
func BenchmarkOther(b *testing.B) {
	p := &load.Program{}
	q := &load.Package{Path: "other", Types: types.NewPackage("other", "other")}
	q.Types.SetImports([]*types.Package{types.NewPackage("fmt", "fmt"), types.NewPackage("os", "os")})
	var passes []*analysis.Pass
	checks := parts12()
	for _, a := range checks {
		passes = append(passes, &analysis.Pass{Analyzer: a, Pkg: q.Types, Fset: p.Fset})
	}
	for b.Loop() {
		for i, a := range checks {
			if _, err := a.Run(passes[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(checks)), "checks")
}

func parts12() []*analysis.Analyzer {
	var checks []*analysis.Analyzer
	for _, a := range append(suite.Misuse[:len(suite.Misuse):len(suite.Misuse)], suite.Errgroup...) {
		if !suite.IsOff(a) {
			checks = append(checks, a)
		}
	}
	return checks
}
