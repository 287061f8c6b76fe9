package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the folder of the module.
const root = "../.."

// parts are the folders, from root, of the packages whose code runs tasks: what
// users name and what is below it.
var parts = []string{".", "flow", "internal/engine", "internal/watch", "internal/record", "batch", "tail", "internal/wire", "internal/echo", "internal/texts"}

// sources parses the files of one package, without its tests.
func sources(t *testing.T, dir string) (*token.FileSet, []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		t.Fatalf("%s has no source", dir)
	}
	return fset, files
}

// TestR36_NoGlobalState: no package-level variable that is ever written, or
// that could be (a map, a channel, a lock, a pool), and no init.
func TestR36_NoGlobalState(t *testing.T) {
	found := 0
	for _, dir := range parts {
		t.Run(dir, func(t *testing.T) { found += checkGlobals(t, dir) })
	}
	if found == 0 {
		t.Error("no variables found: does the test still look at the packages?")
	}
}

// checkGlobals checks one package and returns how many variables it has.
func checkGlobals(t *testing.T, dir string) int {
	fset, files := sources(t, dir)
	vars := make(map[string]bool)
	for _, file := range files {
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%v: init does work before it is asked to", fset.Position(d.Pos()))
				}
			case *ast.GenDecl:
				if d.Tok != token.VAR {
					continue
				}
				for _, spec := range d.Specs {
					spec := spec.(*ast.ValueSpec)
					for i, name := range spec.Names {
						vars[name.Name] = true
						if name.Name != "_" && !constant(spec, i) {
							t.Errorf("%v: the package-level variable %s may change", fset.Position(name.Pos()), name.Name)
						}
					}
				}
			}
		}
	}
	delete(vars, "_")
	// Nobody writes to one, nor hands out its address but to compare it.
	written := func(e ast.Expr) (string, bool) {
		for {
			switch x := e.(type) {
			case *ast.Ident:
				return x.Name, vars[x.Name]
			case *ast.IndexExpr:
				e = x.X
			case *ast.SelectorExpr:
				e = x.X
			default:
				return "", false
			}
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			var left []ast.Expr
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					left = n.Lhs
				}
			case *ast.IncDecStmt:
				left = []ast.Expr{n.X}
			}
			for _, e := range left {
				if name, is := written(e); is {
					t.Errorf("%v: writes to the package-level variable %s", fset.Position(e.Pos()), name)
				}
			}
			return true
		})
	}
	return len(vars)
}

// constant reports whether the i-th variable of spec is one that nobody has
// reason to change: an error, a table of names, a sentinel that is only
// compared by address.
func constant(spec *ast.ValueSpec, i int) bool {
	if i >= len(spec.Values) {
		id, ok := spec.Type.(*ast.Ident)
		return ok && id.Name == "Edge" // the sentinel of closed lists
	}
	switch v := spec.Values[i].(type) {
	case *ast.CallExpr:
		fun, ok := v.Fun.(*ast.SelectorExpr)
		return ok && fun.Sel.Name == "New" && fun.X.(*ast.Ident).Name == "errors"
	case *ast.CompositeLit:
		array, ok := v.Type.(*ast.ArrayType)
		return ok && array.Len != nil
	}
	return false
}

// TestStandardLibraryOnly: the root module needs nothing else, in any of its
// packages but those that are modules of their own.
func TestStandardLibraryOnly(t *testing.T) {
	fset := token.NewFileSet()
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path == root {
				return nil
			}
			if strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		for _, spec := range file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			first, _, _ := strings.Cut(name, "/")
			ours := name == "github.com/asap-go/asap" || strings.HasPrefix(name, "github.com/asap-go/asap/")
			if strings.Contains(first, ".") && !ours {
				t.Errorf("%v: imports %s; only the standard library may be imported here", fset.Position(spec.Pos()), name)
			}
			dir, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			if (name == "unsafe" || name == "C") && slices.Contains(parts, filepath.ToSlash(dir)) {
				t.Errorf("%v: imports %s", fset.Position(spec.Pos()), name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 30 {
		t.Errorf("%d files seen, want all of the root module", seen)
	}
}

// TestSizes keeps package asap what users name, and the files of the engine such as
// can be read at once.
func TestSizes(t *testing.T) {
	lines := func(dir string) map[string]int {
		counts := map[string]int{}
		fset, files := sources(t, dir)
		for _, file := range files {
			f := fset.File(file.Pos())
			counts[filepath.Base(f.Name())] = f.LineCount()
		}
		return counts
	}
	sum := 0
	for name, n := range lines(".") {
		if name != "doc.go" && name != "and_gen.go" {
			sum += n
		}
	}
	if sum > 2600 {
		t.Errorf("package asap has %d lines by hand, without doc.go and tests, want at most 2600: what users do not name is a package of its own", sum)
	}
	for name, n := range lines("internal/engine") {
		if n > 350 {
			t.Errorf("%s has %d lines, want at most 350", name, n)
		}
	}
}

func TestNoRequirement(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for line := range strings.Lines(string(mod)) {
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "//") {
			words = append(words, f[0])
		}
	}
	if !slices.Equal(words, []string{"module", "go"}) {
		t.Errorf("go.mod has %v, want module and go alone", words)
	}
	if _, err := os.Stat(filepath.Join(root, "go.sum")); err == nil {
		t.Error("there is a go.sum; the root module has no requirements")
	}
}
