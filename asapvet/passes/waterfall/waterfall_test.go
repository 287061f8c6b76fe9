package waterfall_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

var update = flag.Bool("update", false, "write the golden files")

// TestFix compares what is reported, and what fixes make, with testdata.
func TestFix(t *testing.T) {
	if *update {
		writeGolden(t, "fixes")
	}
	vettest.Run(t, waterfall.Analyzer, "fixes")
}

// fixedModule writes a module of a package of testdata, and of a copy of it, in the
// directory after, as its fixes make it.
func fixedModule(t *testing.T, name string) (dir string, fixed map[string][]byte) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata/src", name))); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "go.mod"), "module "+name+"\ngo 1.27\nrequire github.com/asap-go/asap v0.0.0\nreplace github.com/asap-go/asap => "+root+"\n")
	_, packages := loadAll(t, dir)
	table := effects.Of(packages, nil)
	fixed = make(map[string][]byte)
	for _, p := range packages {
		sites, files := waterfall.Fixed(p, table, site.High)
		for _, s := range sites {
			if s.Fix == nil {
				t.Errorf("%s:%d: no fix: %s", s.File, s.Line, s.NoFix)
			}
		}
		for file, src := range files {
			fixed[filepath.Base(file)] = src
		}
	}
	originals, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range originals {
		src, ok := fixed[filepath.Base(file)]
		if !ok {
			if src, err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
		writeFile(t, filepath.Join(dir, "after", filepath.Base(file)), string(src))
	}
	return dir, fixed
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeGolden writes what fixes make of a package.
func writeGolden(t *testing.T, name string) {
	_, fixed := fixedModule(t, name)
	for file, src := range fixed {
		writeFile(t, filepath.Join("testdata/src", name, file+".golden"), string(src))
	}
}

// TestSameBehaviour runs the functions of testdata as they are and as their fixes make
// them, with every combination of failures, and calls that end in several orders.
func TestSameBehaviour(t *testing.T) {
	dir, _ := fixedModule(t, "fixes")
	read := func(name string) string {
		src, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(src)
	}
	store := read("store_test.src")
	for pkg, path := range map[string]string{"before": "fixes", "after": "fixes/after"} {
		writeFile(t, filepath.Join(dir, "run", pkg+"_test.go"), strings.NewReplacer("PKG", pkg, "IMPORT", path).Replace(store))
	}
	writeFile(t, filepath.Join(dir, "run", "run_test.go"), read("run_test.src"))
	args := []string{"test", "-v", "./run"}
	if !testing.Short() {
		args = []string{"test", "-race", "-v", "./run"}
	}
	out := goCommand(t, dir, args...)
	if n := strings.Count(out, " runs of "); n < 11 {
		t.Errorf("only %d functions ran:\n%s", n, out)
	}
	// What is fixed has nothing to be fixed, and no comment is lost.
	_, packages := loadAll(t, dir)
	table := effects.Of(packages, nil)
	for _, p := range packages {
		if p.Types.Path() != "fixes/after" {
			continue
		}
		sites, _ := waterfall.Fixed(p, table, site.Low)
		for _, s := range sites {
			t.Errorf("%s:%d: after the fix: %s", s.File, s.Line, s.Message())
		}
	}
}

// goCommand runs the go command in a directory, offline.
func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
