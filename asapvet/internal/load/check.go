package load

import (
	"errors"
	"go/ast"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// check type-checks all units, each when those that it imports are done.
func (l *loader) check(named []*unit) *Program {
	var all []*unit
	seen := make(map[*unit]bool)
	stack := make(map[*unit]bool)
	var visit func(*unit)
	visit = func(u *unit) {
		seen[u], stack[u] = true, true
		for at, i := range u.imports {
			if stack[i] { // a cycle, which no build has: one of them does without
				u.imports[at] = nil
				continue
			}
			if !seen[i] {
				visit(i)
			}
		}
		stack[u] = false
		all = append(all, u)
	}
	slices.SortFunc(named, func(a, b *unit) int { return strings.Compare(a.path, b.path) })
	for _, u := range named {
		if !seen[u] {
			visit(u)
		}
	}
	lent := make(borrowed)
	for _, u := range all {
		lent.borrow(u)
	}
	lent.lend()
	var wg sync.WaitGroup
	for _, u := range all { // imports first, so that those that run never wait for one without a slot
		l.slots <- struct{}{}
		wg.Go(func() { // check waits for it
			defer func() { <-l.slots }()
			defer close(u.done)
			l.checkUnit(u)
		})
	}
	wg.Wait()
	p := &Program{Fset: l.fset, Sizes: l.sizes}
	packages := make(map[*unit]*Package)
	for _, u := range all {
		switch {
		case u.named:
			q := &Package{Path: u.path, Dir: u.dir, Files: u.files, Types: u.types, Info: u.info, Errors: u.errors}
			if u.module != nil {
				q.Module, q.GoVersion = u.module.path, u.module.version()
			}
			for _, i := range u.imports {
				if r := packages[i]; r != nil && !slices.Contains(q.Imports, r) {
					q.Imports = append(q.Imports, r)
				}
			}
			slices.SortFunc(q.Imports, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
			packages[u] = q
			p.Packages = append(p.Packages, q)
			p.Lines += u.lines
		case len(u.files) == 0:
			p.Missing = append(p.Missing, u.path)
		default:
			p.Imported++
		}
	}
	slices.Sort(p.Missing)
	return p
}

func (l *loader) checkUnit(u *unit) {
	if len(u.files) == 0 {
		if u.types == nil { // nobody uses a type of it
			u.types = types.NewPackage(u.path, guessName(lastElement(u.path)))
			u.types.MarkComplete()
		}
		return
	}
	cfg := types.Config{
		Importer:         importer{u},
		FakeImportC:      true,
		IgnoreFuncBodies: !u.named,
		Sizes:            l.sizes,
		GoVersion:        u.module.version(),
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok && u.named {
				u.errors = append(u.errors, e)
			}
		},
	}
	if u.named {
		u.info = &types.Info{
			Types: make(map[ast.Expr]types.TypeAndValue), Instances: make(map[*ast.Ident]types.Instance),
			Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object),
			Implicits: make(map[ast.Node]types.Object), Selections: make(map[*ast.SelectorExpr]*types.Selection),
			Scopes: make(map[ast.Node]*types.Scope), FileVersions: make(map[*ast.File]string),
		}
	}
	u.types, _ = cfg.Check(u.path, l.fset, u.files, u.info)
	if !u.named {
		u.files = u.files[:1] // it was there, and is no longer needed
		u.files[0] = nil
	}
}

// importer gives one unit its imports.
type importer struct{ u *unit }

var errNoPackage = errors.New("no package")

// Import returns what the unit imports by a path.
func (i importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	u := i.u.imports[path]
	if u == nil {
		return nil, errNoPackage
	}
	<-u.done // it has a slot, as it came first
	return u.types, nil
}

func importPath(s *ast.ImportSpec) string {
	path, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		return ""
	}
	return path
}

// lastElement returns the last element of a path that is no version.
func lastElement(p string) string {
	dir, base := path.Split(p)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" && dir != "" {
		return path.Base(dir)
	}
	return base
}

// guessName is what the package of a path that was not found is called, most often.
func guessName(base string) string {
	base, _, _ = strings.Cut(base, ".v")
	base = strings.TrimPrefix(strings.TrimSuffix(base, "-go"), "go-")
	if !validName(base) {
		base = base[strings.LastIndexAny(base, "-.")+1:]
	}
	if !validName(base) {
		return "_"
	}
	return base
}

func validName(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
