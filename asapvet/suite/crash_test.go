package suite_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/load"
	"github.com/asap-go/asap/asapvet/internal/order"
	"github.com/asap-go/asap/asapvet/internal/races"
	"github.com/asap-go/asap/asapvet/suite"
)

// TestCrash runs every check on the standard library and on golang.org/x/tools, and
// what the checks share on every function there, as if each had to do with groups.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks the standard library")
	}
	dirs := []string{filepath.Join(goEnv(t, "GOROOT"), "src")}
	if tools, err := filepath.Glob(filepath.Join(goEnv(t, "GOMODCACHE"), "golang.org/x/tools@*")); err == nil && len(tools) > 0 {
		dirs = append(dirs, tools[len(tools)-1])
	}
	for _, dir := range dirs {
		p, err := load.Load(load.Config{Dir: dir}, "./...")
		if err != nil {
			t.Fatal(err)
		}
		functions, reports := 0, 0
		for _, q := range p.Packages {
			found, err := runChecks(p, q, suite.All()...)
			if err != nil {
				t.Error(err)
			}
			reports += len(found)
			pass := &analysis.Pass{Fset: p.Fset, Files: q.Files, Pkg: q.Types, TypesInfo: q.Info}
			for _, u := range handles.Whole(pass).Units {
				o := order.Of(q.Info, u)
				for _, f := range u.Fns {
					functions++
					o.Graph(f).Entry(func(order.Point) bool { return true })
					o.Tools(f)
				}
				if found := races.Find(o, true); len(found) > 0 {
					t.Errorf("a race without a group in %s", q.Path)
				}
			}
		}
		t.Logf("%s: %d lines, %d functions, %d reports", dir, p.Lines, functions, reports)
	}
}

func goEnv(t *testing.T, name string) string {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
