package asap_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// checker type-checks Go code against the packages of this module.
type checker struct {
	fset *token.FileSet
	imp  types.Importer
}

// exportFiles is the files with what packages export, by their paths: those of all that the
// tests and the program of the README import, which are compiled already. The go command
// is asked once, however often the tests run.
var exportFiles = sync.OnceValues(func() (map[string]string, error) {
	imports := map[string]bool{"github.com/asap-go/asap": true}
	sources := []string{"examples/dashboard/main.go"}
	for _, pattern := range []string{"*_test.go", "flow/*_test.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		sources = append(sources, paths...)
	}
	for _, path := range sources {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, i := range f.Imports {
			imports[strings.Trim(i.Path.Value, `"`)] = true
		}
	}
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}"}
	cmd := exec.Command("go", append(args, slices.Sorted(maps.Keys(imports))...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -export: %v", err)
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		if path, file, ok := strings.Cut(strings.TrimSpace(line), "="); ok && file != "" {
			files[path] = file
		}
	}
	return files, nil
})

func newChecker(t *testing.T) *checker {
	t.Helper()
	files, err := exportFiles()
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(path string) (io.ReadCloser, error) {
		if file, ok := files[path]; ok {
			return os.Open(file)
		}
		return nil, fmt.Errorf("package %s is not among those that documents may import", path)
	}
	fset := token.NewFileSet()
	return &checker{fset, importer.ForCompiler(fset, "gc", lookup)}
}

// check returns what the names in the files of one package mean.
func (c *checker) check(t *testing.T, files []*ast.File) *types.Info {
	t.Helper()
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}
	conf := types.Config{Importer: c.imp, Error: func(err error) { t.Error(err) }}
	conf.Check("p", c.fset, files, info)
	return info
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestExamplesUseEveryName(t *testing.T) {
	c := newChecker(t)
	for _, p := range []struct {
		dir, name string
		least     int // exported names
	}{{".", "asap", 100}, {"flow", "flow", 35}} {
		t.Run(p.name, func(t *testing.T) { c.examplesUseEveryName(t, p.dir, p.name, p.least) })
	}
}

func (c *checker) examplesUseEveryName(t *testing.T, dir, name string, least int) {
	var files, examples []*ast.File
	for _, path := range glob(t, filepath.Join(dir, "*_test.go")) {
		if match, err := build.Default.MatchFile(dir, filepath.Base(path)); err != nil || !match {
			continue // for another system, or for the race detector
		}
		f, err := parser.ParseFile(c.fset, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name.Name != name+"_test" {
			continue
		}
		files = append(files, f)
		if strings.HasPrefix(filepath.Base(path), "example_") {
			examples = append(examples, f)
		}
	}
	info := c.check(t, files)
	used := reachable(info, files, examples)
	for _, e := range doc.Examples(examples...) {
		if e.Output == "" {
			t.Errorf("Example%s has no output that is checked", e.Name)
		}
	}
	pkg, err := c.imp.Import(path.Join("github.com/asap-go/asap", dir))
	if err != nil {
		t.Fatal(err)
	}
	names := exported(pkg)
	for name, obj := range names {
		if !used[obj] {
			t.Errorf("no Example uses %s", name)
		}
	}
	if len(names) < least {
		t.Errorf("found %d exported names of package %s, want all of them", len(names), name)
	}
}

// exported returns the exported names of pkg, with those of methods and fields
// that others can use.
func exported(pkg *types.Package) map[string]types.Object {
	names := make(map[string]types.Object)
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		names[name] = obj
		named, ok := types.Unalias(obj.Type()).(*types.Named)
		if _, isType := obj.(*types.TypeName); !ok || !isType {
			continue
		}
		for m := range named.Methods() {
			if m.Exported() {
				names[name+"."+m.Name()] = m
			}
		}
		switch u := named.Underlying().(type) {
		case *types.Struct:
			for f := range u.Fields() {
				if f.Exported() {
					names[name+"."+f.Name()] = f
				}
			}
		case *types.Interface:
			for m := range u.ExplicitMethods() {
				if m.Exported() && !strings.Contains(m.Signature().String(), "/internal/") {
					names[name+"."+m.Name()] = m
				}
			}
		}
	}
	return names
}

// reachable returns the objects that the Example functions use, directly and
// in the functions, types and methods of files that they use. A type that
// implements an interface uses the interface's methods.
func reachable(info *types.Info, files, examples []*ast.File) map[types.Object]bool {
	decls := make(map[types.Object][]ast.Node)
	var todo []ast.Node
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				obj := info.Defs[d.Name]
				decls[obj] = append(decls[obj], d)
				if d.Recv != nil { // with the type come its methods
					recv := receiver(obj)
					decls[recv] = append(decls[recv], d)
				} else if slices.Contains(examples, f) && strings.HasPrefix(d.Name.Name, "Example") {
					todo = append(todo, d)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						decls[info.Defs[s.Name]] = append(decls[info.Defs[s.Name]], s)
					case *ast.ValueSpec:
						for _, n := range s.Names {
							decls[info.Defs[n]] = append(decls[info.Defs[n]], s)
						}
					}
				}
			}
		}
	}
	used := make(map[types.Object]bool)
	seen := make(map[ast.Node]bool)
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && info.Uses[id] != nil {
				obj := origin(info.Uses[id])
				if !used[obj] {
					used[obj] = true
					todo = append(todo, decls[obj]...)
				}
			}
			return true
		})
	}
	for obj := range maps.Clone(used) {
		if f, ok := obj.(*types.Func); ok && f.Signature().Recv() != nil {
			used[receiver(f)] = true // a method is a use of its type
		}
		if i, ok := obj.Type().Underlying().(*types.Interface); ok {
			for local := range decls {
				if tn, ok := local.(*types.TypeName); ok && used[local] && types.Implements(types.NewPointer(tn.Type()), i) {
					for m := range i.ExplicitMethods() {
						used[m] = true
					}
				}
			}
		}
	}
	return used
}

// origin returns the generic method or field that obj is an instance of.
func origin(obj types.Object) types.Object {
	switch obj := obj.(type) {
	case *types.Func:
		return obj.Origin()
	case *types.Var:
		return obj.Origin()
	}
	return obj
}

// receiver returns the type that a method belongs to, nil for an anonymous one.
func receiver(method types.Object) types.Object {
	t := method.Type().(*types.Signature).Recv().Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Origin().Obj()
	}
	return nil
}
