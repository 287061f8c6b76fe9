package waterfall_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

var update = flag.Bool("update", false, "write the golden files")

// golden are the packages of testdata that have fixes.
var golden = []string{"page"}

func TestFix(t *testing.T) {
	if *update {
		for _, name := range golden {
			writeGolden(t, name)
		}
	}
	vettest.Run(t, waterfall.Analyzer, golden...)
}

// writeGolden writes what fixes make of a package.
func writeGolden(t *testing.T, name string) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata/src", name))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+name+"\ngo 1.27\nrequire github.com/asap-go/asap v0.0.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, packages := loadAll(t, dir)
	table := effects.Of(packages, nil)
	for _, p := range packages {
		sites, files := waterfall.Fixed(p, table, site.High)
		for _, s := range sites {
			t.Logf("%s:%d %s %s", s.File, s.Line, s.Message(), s.NoFix)
		}
		for file, src := range files {
			if err := os.WriteFile(filepath.Join("testdata/src", name, filepath.Base(file)+".golden"), src, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
