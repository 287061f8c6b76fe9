//go:build unix

package suite_test

import (
	"fmt"
	"go/types"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/load"
	"github.com/asap-go/asap/asapvet/suite"
)

// BenchmarkFlows tells how fast parts 1 and 2 are on 100,000 lines that are nothing but
// groups, once they are loaded.
func BenchmarkFlows(b *testing.B) {
	w := newWorkshop(b)
	declared := regexp.MustCompile(`(?m)^(?:func|var) (\w+)`)
	for i := range 200 {
		for _, name := range []string{"groups.go", "scopes.go", "errgroups.go"} {
			text := string(w.source[filepath.Join("testdata", "flows", name)])
			for _, m := range declared.FindAllStringSubmatch(text, -1) {
				if m[1] != "_" {
					text = regexp.MustCompile(`\b`+m[1]+`\b([^"])`).ReplaceAllString(text, fmt.Sprint(m[1], i, "$1"))
				}
			}
			w.names = append(w.names, fmt.Sprint(i, name))
			w.source[fmt.Sprint(i, name)] = []byte(text)
		}
	}
	benchmark(b, w)
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
	before := processorTime()
	for b.Loop() {
		if _, err := runChecks(p, q, checks...); err != nil {
			b.Fatal(err)
		}
	}
	// Of one core: other programs on the machine do not count.
	b.ReportMetric(float64(lines)*float64(b.N)/(processorTime()-before).Seconds()/1000, "kLOC/s")
	b.ReportMetric(float64(lines), "lines")
}

// processorTime returns what this process has used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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
