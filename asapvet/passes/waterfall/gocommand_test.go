package waterfall_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var toolOnce struct {
	sync.Once
	path string
}

// buildTool returns the path of the command, which is built once.
func buildTool(t *testing.T) string {
	toolOnce.Do(func() {
		dir, err := os.MkdirTemp("", "asapvet")
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "asapvet"), "../..").CombinedOutput()
		if err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		toolOnce.path = filepath.Join(dir, "asapvet")
	})
	if toolOnce.path == "" {
		t.Fatal("the command was not built")
	}
	return toolOnce.path
}

// TestMain removes the command that buildTool has built.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if toolOnce.path != "" {
		os.RemoveAll(filepath.Dir(toolOnce.path))
	}
	os.Exit(code)
}

// TestGoCommand runs the tool by go vet and go fix on a module, which is not built
// before: it reports, it rewrites as the golden files say, and then it has nothing more
// to say, also of misuse.
func TestGoCommand(t *testing.T) {
	tool := buildTool(t)
	dir, fixed := fixedModule(t, "fixes")
	if err := os.RemoveAll(filepath.Join(dir, "after")); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("vet", "-vettool="+tool, "-waterfall", "./...")
	if err == nil || !strings.Contains(out, "pages.go:14:2: GetQuota does not need GetUser: 2 of 2 calls can start at once (levels 2 → 1)") {
		t.Errorf("go vet: %v\n%s", err, out)
	}
	if out, err := run("vet", "-vettool="+tool, "./..."); err != nil {
		t.Errorf("go vet without -waterfall: %v\n%s", err, out)
	}
	if out, err := run("fix", "-fixtool="+tool, "-waterfall", "./..."); err != nil {
		t.Fatalf("go fix: %v\n%s", err, out)
	}
	for name, want := range fixed {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s after go fix:\n%s", name, got)
		}
	}
	for _, args := range [][]string{
		{"build", "./..."},
		{"vet", "-vettool=" + tool, "-waterfall", "./..."},
		{"vet", "-vettool=" + tool, "./..."},
		{"fix", "-fixtool=" + tool, "-waterfall", "-diff", "./..."},
	} {
		if out, err := run(args...); err != nil || strings.Contains(out, "+++") {
			t.Errorf("after the fix, go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestModuleWithout reports without a fix where the module cannot use asap.
func TestModuleWithout(t *testing.T) {
	tool := buildTool(t)
	for _, c := range []struct{ name, mod, want string }{
		{"old", "module fixes\ngo 1.26\n", "; no fix: asap needs go 1.27 in go.mod"},
		{"without", "module fixes\ngo 1.27\n", "; no fix: the module does not require github.com/asap-go/asap; go get it first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS("testdata/src/fixes")); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, "go.mod"), c.mod)
			cmd := exec.Command("go", "vet", "-vettool="+tool, "-waterfall", "./...")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOWORK=off", "GOPROXY=off")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
