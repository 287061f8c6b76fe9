package drive_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"

	"github.com/asap-go/asap/asapvet/internal/drive"
	"github.com/asap-go/asap/asapvet/internal/load"
)

type marked struct{ By string }

func (*marked) AFact() {}

// mark reports uses of functions that it has marked, in whatever package they are.
var mark = &analysis.Analyzer{
	Name: "mark", Doc: "mark functions", Requires: []*analysis.Analyzer{inspect.Analyzer}, FactTypes: []analysis.Fact{new(marked)},
	ResultType: reflect.TypeFor[int](),
	Run: func(pass *analysis.Pass) (any, error) {
		n := 0
		for _, f := range pass.Files {
			ast.Inspect(f, func(x ast.Node) bool {
				switch x := x.(type) {
				case *ast.FuncDecl:
					if x.Name.Name == "Panic" {
						panic("as asked")
					}
					pass.ExportObjectFact(pass.TypesInfo.Defs[x.Name], &marked{pass.Pkg.Path()})
				case *ast.CallExpr:
					if sel, ok := x.Fun.(*ast.SelectorExpr); ok {
						var m marked
						if obj := pass.TypesInfo.Uses[sel.Sel]; obj != nil && pass.ImportObjectFact(obj, &m) {
							pass.Reportf(x.Pos(), "marked by %s", m.By)
							n++
						}
					}
				}
				return true
			})
		}
		return n, nil
	},
}

func TestRun(t *testing.T) {
	t.Setenv("GOWORK", "off")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":     "module example.org/x\n\ngo 1.27\n",
		"a/a.go":     "package a\n\nfunc A() {}\n",
		"b/b.go":     "package b\n\nimport (\n\t\"example.org/x/a\"\n\t\"example.org/lost\"\n)\n\nfunc B() { a.A(); lost.L() }\n",
		"bad/bad.go": "package bad\n\nfunc Panic() {}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p, err := load.Load(load.Config{Dir: dir}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	results := drive.Run(p, mark)
	of := func(path string) drive.Result {
		i := slices.IndexFunc(results, func(r drive.Result) bool { return r.Package.Path == path })
		if i < 0 {
			t.Fatalf("no result of %s", path)
		}
		return results[i]
	}
	if b := of("example.org/x/b"); b.Err != nil || b.Value != 1 || len(b.Diagnostics) != 1 || b.Diagnostics[0].Message != "marked by example.org/x/a" {
		t.Errorf("b: %+v, want one report by the fact of a, in spite of what is lost", b)
	}
	if bad := of("example.org/x/bad"); bad.Err == nil {
		t.Error("bad: no error after a panic")
	}
}
