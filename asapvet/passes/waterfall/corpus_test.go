package waterfall_test

import (
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/load"
	"github.com/asap-go/asap/asapvet/internal/site"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

var (
	fixTier = flag.String("fixtier", "high", "the lowest `tier` whose fixes TestCorpusFixes makes")
	fixedIn = flag.String("fixed", "", "the `directory` for the fixed copies of the checkouts")
)

// TestCorpusFixes makes the fixes of public code in copies of it, and compares the type
// errors of each package before and after.
func TestCorpusFixes(t *testing.T) {
	if *corpusDir == "" {
		t.Skip("no checkouts: give -corpus")
	}
	waterfall.AnyModule()
	lowest, err := site.ParseTier(*fixTier)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := filepath.Glob(filepath.Join(*corpusDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range roots {
		if !strings.Contains(strings.ReplaceAll(filepath.Base(root), "+", "/"), *onlyRepo) {
			continue
		}
		t.Run(filepath.Base(root), func(t *testing.T) {
			copied := filepath.Join(cmp.Or(*fixedIn, t.TempDir()), filepath.Base(root))
			os.RemoveAll(copied)
			if err := os.CopyFS(copied, os.DirFS(root)); err != nil {
				t.Fatal(err)
			}
			sites, offered, files := 0, 0, 0
			reasons := make(map[string]int)
			for _, dir := range moduleDirs(t, copied) {
				before, packages := loadAll(t, dir)
				if before == nil {
					continue
				}
				table := effects.Of(packages, nil)
				written := 0
				for _, p := range packages {
					found, fixed := waterfall.Fixed(p, table, lowest)
					for _, s := range found {
						sites++
						if s.Fix != nil {
							offered++
							continue
						}
						reasons[s.NoFix]++
						if strings.Contains(s.NoFix, "compile") || strings.Contains(s.NoFix, "format") {
							rel, _ := filepath.Rel(copied, s.File)
							t.Logf("%s:%d: %s", rel, s.Line, s.NoFix)
						}
					}
					for name, src := range fixed {
						files++
						written++
						if err := os.WriteFile(name, src, 0o644); err != nil {
							t.Fatal(err)
						}
					}
				}
				if written > 0 {
					compareErrors(t, before, dir)
				}
			}
			t.Logf("%d sites, %d fixes offered, in %d files", sites, offered, files)
			for r, n := range reasons {
				t.Logf("  %d: %s", n, r)
			}
		})
	}
}

// compareErrors loads a directory again and reports errors that are new.
func compareErrors(t *testing.T, before *load.Program, dir string) {
	had := make(map[string]int)
	for _, p := range before.Packages {
		for _, e := range p.Errors {
			had[p.Path+" "+e.Msg]++
		}
	}
	after, _ := loadAll(t, dir)
	for _, p := range after.Packages {
		for _, e := range p.Errors {
			key := p.Path + " " + e.Msg
			if had[key]--; had[key] < 0 && !strings.Contains(e.Msg, "asap.") {
				t.Errorf("%s: %s", after.Fset.Position(e.Pos), e.Msg)
			}
		}
	}
}
