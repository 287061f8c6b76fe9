// Package load type-checks packages from their sources, without the go command,
// without export data and without the network.
//
// The packages that a pattern names are checked whole. What they import is checked
// without the bodies of its functions, and a package that cannot be found is empty:
// that makes type errors where it is used, and never an error of [Load].
package load

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Config says what to load.
type Config struct {
	Dir   string   // where patterns start; "" is the working directory
	Tags  []string // build tags
	Tests bool     // with the test files of the named packages
}

// Program is what was loaded.
type Program struct {
	Fset     *token.FileSet
	Sizes    types.Sizes
	Packages []*Package // those that the patterns name, each after those that it imports
	Missing  []string   // import paths that were not found, sorted
	Imported int        // packages that were checked without bodies
	Lines    int        // of the named packages
}

// Package is one that a pattern names.
type Package struct {
	Path, Dir string
	Files     []*ast.File
	Types     *types.Package
	Info      *types.Info
	Errors    []types.Error
	Imports   []*Package // of those that a pattern names
	Module    string     // its path; "" outside of modules
	GoVersion string     // of its module, as "go1.27"; "" if it has none
}

// Load loads the packages that the patterns name, as the go command does: paths of
// directories with ... for all below, or import paths. It fails only for patterns
// that name nothing and for a directory that cannot be read.
func Load(cfg Config, patterns ...string) (*Program, error) {
	dir, err := filepath.Abs(cmp.Or(cfg.Dir, "."))
	if err != nil {
		return nil, err
	}
	w, err := openWorkspace(dir)
	if err != nil {
		return nil, err
	}
	l := &loader{
		Config: cfg, workspace: w, fset: token.NewFileSet(), build: build.Default,
		units: make(map[string]*unit), slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	l.build.BuildTags = append(slices.Clip(l.build.BuildTags), cfg.Tags...)
	l.sizes = types.SizesFor("gc", l.build.GOARCH)
	dirs, err := l.match(dir, patterns)
	if err != nil {
		return nil, err
	}
	var named []*unit
	for _, d := range dirs {
		named = append(named, l.named(d)...)
	}
	if len(named) == 0 {
		return nil, fmt.Errorf("no packages in %s", strings.Join(patterns, " "))
	}
	for _, u := range named {
		l.parse(u)
	}
	l.parsing.Wait()
	return l.check(named), nil
}

// loader makes one program.
type loader struct {
	Config
	*workspace
	fset  *token.FileSet
	build build.Context
	sizes types.Sizes

	mu      sync.Mutex
	units   map[string]*unit // by the path and where it is imported from
	parsing sync.WaitGroup
	slots   chan struct{} // one for each processor
}

// unit is a package on its way. Its fields belong to the goroutine that parses it,
// then to the one that checks it.
type unit struct {
	path, dir string
	module    *mod
	named     bool
	names     []string // of files; those of a named package only
	tests     bool     // it is the package of tests beside another
	asked     bool     // parse was called; under the loader's mutex

	files   []*ast.File
	imports map[string]*unit // by the path as it is written
	types   *types.Package
	info    *types.Info
	errors  []types.Error
	lines   int
	done    chan struct{} // closed when types is there
}

func (l *loader) unit(path, dir string, m *mod) *unit {
	u := &unit{path: path, dir: dir, module: m, done: make(chan struct{}), imports: make(map[string]*unit)}
	l.units[path] = u
	return u
}

// named returns the packages in a directory: one, and one of external tests.
func (l *loader) named(dir string) []*unit {
	m, path := l.place(dir)
	p, _ := l.build.ImportDir(dir, 0)
	if p == nil {
		return nil
	}
	var list []*unit
	names := slices.Concat(p.GoFiles, p.CgoFiles)
	if l.Tests {
		names = append(names, p.TestGoFiles...)
	}
	if len(names) > 0 {
		u := l.unit(path, dir, m)
		u.named, u.names, u.asked = true, names, true
		list = append(list, u)
	}
	if l.Tests && len(p.XTestGoFiles) > 0 {
		u := l.unit(path+"_test", dir, m)
		u.named, u.names, u.tests, u.asked = true, p.XTestGoFiles, true, true
		list = append(list, u)
	}
	return list
}

// parse parses the files of a unit and, as they are found, those of its imports.
func (l *loader) parse(u *unit) {
	l.parsing.Go(func() { // Load waits for it
		l.slots <- struct{}{}
		defer func() { <-l.slots }()
		if u.dir == "" {
			l.parseStub(u)
			return
		}
		names := u.names
		if names == nil {
			p, _ := l.build.ImportDir(u.dir, 0)
			if p != nil {
				names = slices.Concat(p.GoFiles, p.CgoFiles)
			}
		}
		mode := parser.SkipObjectResolution
		if u.named {
			mode |= parser.ParseComments
		}
		for _, name := range names {
			f, _ := parser.ParseFile(l.fset, filepath.Join(u.dir, name), nil, mode)
			if f == nil {
				continue
			}
			if u.named {
				u.lines += l.fset.File(f.FileStart).LineCount()
			} else {
				dropBodies(f)
			}
			l.take(u, f)
		}
	})
}

// take adds a file to a unit, and lets its imports be parsed.
func (l *loader) take(u *unit, f *ast.File) {
	u.files = append(u.files, f)
	for _, s := range f.Imports {
		if path := importPath(s); path != "" && path != "unsafe" && path != "C" && u.imports[path] == nil {
			u.imports[path] = l.imported(u, path)
		}
	}
}

// imported returns the unit of an import, which it lets parse if nobody has.
func (l *loader) imported(u *unit, path string) *unit {
	dir, full, m := l.find(u, path)
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.units[full]
	if i == nil {
		i = l.unit(full, dir, m)
	}
	if !i.asked {
		i.asked = true
		l.parse(i)
	}
	return i
}

// dropBodies leaves the garbage collector what nobody is going to check.
func dropBodies(f *ast.File) {
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok {
			d.Body = nil
		}
	}
}
