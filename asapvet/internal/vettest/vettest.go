// Package vettest runs checks on code in testdata. The packages that checks are
// about, asap, errgroup and those of databases, are there as signatures, so that
// tests need no network.
package vettest

import (
	"cmp"
	"embed"
	"flag"
	"go/format"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

//go:embed testdata/src
var stubs embed.FS

// Dir returns a directory with the stubs and with what is in testdata/src of the
// test's package, for go/packages and analysistest.
func Dir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	sub, err := fs.Sub(stubs, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, sub); err != nil {
		t.Fatal(err)
	}
	_, own := os.Stat("testdata/src")
	_, stubs := os.Stat("testdata/src/github.com/asap-go")
	if own == nil && stubs != nil {
		if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS("testdata/src")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var update = flag.Bool("golden", false, "write the golden files again")

// Run runs a on the packages of testdata/src, and compares what it reports with the
// comments "want" there, and what its fixes make of a file with file.golden.
func Run(t *testing.T, a *analysis.Analyzer, packages ...string) {
	t.Helper()
	dir := Dir(t)
	if !*update {
		analysistest.RunWithSuggestedFixes(t, dir, a, packages...)
		return
	}
	for _, r := range analysistest.Run(t, dir, a, packages...) {
		edits := map[string][]analysis.TextEdit{}
		for _, d := range r.Diagnostics {
			for _, f := range d.SuggestedFixes {
				for _, e := range f.TextEdits {
					name := r.Pass.Fset.Position(e.Pos).Filename
					edits[name] = append(edits[name], e)
				}
			}
		}
		for name, list := range edits {
			rel, err := filepath.Rel(dir, name)
			if err != nil {
				t.Fatal(err)
			}
			write(t, r.Pass.Fset, name, filepath.Join("testdata", rel+".golden"), list)
		}
	}
}

// write writes what the edits make of a file, formatted, to golden.
func write(t *testing.T, fset *token.FileSet, name, golden string, edits []analysis.TextEdit) {
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(edits, func(a, b analysis.TextEdit) int { return cmp.Compare(a.Pos, b.Pos) })
	var out []byte
	at := 0
	for i, e := range edits {
		if i > 0 && e.Pos == edits[i-1].Pos && e.End == edits[i-1].End {
			continue
		}
		from := fset.Position(e.Pos).Offset
		out = append(append(out, src[at:from]...), e.NewText...)
		at = fset.Position(e.End).Offset
	}
	out, err = format.Source(append(out, src[at:]...))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(golden, out, 0o644); err != nil {
		t.Fatal(err)
	}
}
