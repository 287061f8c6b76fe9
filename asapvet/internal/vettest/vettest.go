// Package vettest runs checks on code in testdata. The packages that checks are
// about, asap, errgroup and those of databases, are there as signatures, so that
// tests need no network.
package vettest

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
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

// Run runs a on the packages of testdata/src, and compares what it reports with the
// comments "want" there, and what its fixes make of a file with file.golden.
func Run(t *testing.T, a *analysis.Analyzer, packages ...string) []*analysistest.Result {
	t.Helper()
	return analysistest.RunWithSuggestedFixes(t, Dir(t), a, packages...)
}
