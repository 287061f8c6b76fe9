package waterfall

import (
	_ "embed"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/rewrite"
	"github.com/asap-go/asap/asapvet/internal/site"
)

const asapPath = "github.com/asap-go/asap"

//go:embed asap.src
var asapSource string

// plan is what a fix of a site starts from.
type plan struct {
	file  *ast.File
	decl  *ast.FuncDecl
	steps []*step // of the list of statements, from the first call's on
}

// fixer makes the fix of one site.
type fixer struct {
	*finder
	steps  []*step
	f      *rewrite.File
	module string
	asap   string // the names of packages
	ctxPkg string
	group  string
}

// Fix makes the fix of a site that Find has returned, or says why there is none. The
// source is that of the site's file, and module the path of the module that it is in.
func (f *finder) fix(s *site.Site, src []byte, module string) (edits []rewrite.Edit, err error) {
	p := f.plans[s]
	if s.Kind == site.Barrier {
		return nil, errors.New("the first version has no fix for barriers")
	}
	f.file, f.decl = p.file, p.decl
	x := &fixer{finder: f, steps: p.steps, module: module, f: &rewrite.File{
		Fset: f.p.Fset, File: p.file, Src: src, Pkg: f.p.Types, Info: f.p.Info, Files: f.p.Files,
	}}
	if err := x.functionAllows(); err != nil {
		return nil, err
	}
	calls, err := x.movable()
	if err != nil {
		return nil, err
	}
	if err := x.write(calls); err != nil {
		return nil, err
	}
	edits, err = x.f.Edits(module)
	if err != nil {
		return nil, err
	}
	if err := x.f.Check(x.f.Apply(edits), stub); err != nil {
		return nil, fmt.Errorf("the result would not compile: %w", err)
	}
	return edits, nil
}

// stub type-checks the signatures of asap for a package that does not import it.
func stub(path string, imported types.Importer) (*types.Package, error) {
	if path != asapPath {
		return nil, fmt.Errorf("no package %s", path)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "asap.go", asapSource, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	cfg := types.Config{Importer: imported, Error: func(error) {}}
	pkg, _ := cfg.Check(path, fset, []*ast.File{file}, nil)
	return pkg, nil
}

// functionAllows reports what in the function around forbids a fix.
func (x *fixer) functionAllows() error {
	var err error
	named := make(map[types.Object]bool)
	results := func(t *ast.FuncType) {
		if t.Results == nil {
			return
		}
		for _, r := range t.Results.List {
			for _, n := range r.Names {
				if n.Name != "_" {
					named[x.p.Info.Defs[n]] = true
				}
			}
		}
	}
	results(x.decl.Type)
	ast.Inspect(x.decl, func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok {
			results(lit.Type)
		}
		return true
	})
	ast.Inspect(x.decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BranchStmt:
			if n.Tok == token.GOTO {
				err = errors.New("the function has a goto")
			}
		case *ast.DeferStmt:
			ast.Inspect(n, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && named[x.p.Info.Uses[id]] {
					err = errors.New("a deferred function uses the named result " + id.Name)
				}
				return true
			})
		}
		return err == nil
	})
	return err
}

func (m *moved) needs(o *moved) bool {
	return slices.ContainsFunc(m.deps, func(d *moved) bool { return d == o || d.needs(o) })
}

// write notes all edits.
func (x *fixer) write(calls []*moved) error {
	first := x.steps[calls[0].at].stmt.Pos()
	x.f.Use(x.decl)
	for _, name := range x.taken[x.decl] { // by another fix of the function
		x.f.Use(ast.NewIdent(name))
	}
	var err error
	if x.asap, err = x.f.Import(first, asapPath, "asap"); err != nil {
		return err
	}
	if x.ctxPkg, err = x.f.Import(first, "context", "context"); err != nil {
		return err
	}
	if x.group, err = x.f.Name(first, "g", "group", "calls"); err != nil {
		return err
	}
	taken := []string{x.group}
	for _, m := range calls {
		if err := x.name(first, m); err != nil {
			return err
		}
		taken = append(taken, m.task, m.pack)
	}
	ctx := calls[0].ctx
	var b strings.Builder
	fmt.Fprintf(&b, "%s := %s.New(%s, %s.Settled())\ndefer %s.Stop()\n", x.group, x.asap, ctx, x.asap, x.group)
	for _, m := range calls {
		if m.pack != "" {
			fmt.Fprintf(&b, "type %s struct {\n", m.pack)
			for i, t := range m.types {
				text, err := x.f.Type(first, t)
				if err != nil {
					return err
				}
				fmt.Fprintf(&b, "%s %s\n", m.parts[i], text)
			}
			b.WriteString("}\n")
		}
		b.WriteString(x.declaration(m))
	}
	if err := x.f.InsertAbove(first, b.String()); err != nil {
		return err
	}
	for _, m := range calls {
		await := fmt.Sprintf("%s.Plain(%s.Await(%s))", x.asap, m.task, ctx)
		if m.pack != "" {
			indent := x.f.Indent(m.expr.Pos())
			var results, fields []string
			for i, t := range m.types {
				text, err := x.f.Type(m.stmt.Pos(), t)
				if err != nil {
					return err
				}
				results = append(results, text)
				fields = append(fields, "r."+m.parts[i])
			}
			await = fmt.Sprintf("func() (%s, error) {\n%s\tr, err := %s\n%s\treturn %s, err\n%s}()",
				strings.Join(results, ", "), indent, await, indent, strings.Join(fields, ", "), indent)
		}
		x.f.Replace(m.expr.Pos(), m.expr.End(), await)
		if err := x.discardUnused(calls, m); err != nil {
			return err
		}
	}
	x.taken[x.decl] = append(x.taken[x.decl], taken...)
	return nil
}

// discardUnused replaces the variables that nobody but other moved calls has used.
func (x *fixer) discardUnused(calls []*moved, m *moved) error {
	discarded, fresh := false, false
	for i, l := range m.stmt.Lhs {
		id, ok := ast.Unparen(l).(*ast.Ident)
		if !ok || id.Name == "_" {
			continue
		}
		v := m.results[i]
		isNew := x.p.Info.Defs[id] != nil
		if i == len(m.stmt.Lhs)-1 || !x.onlyIn(calls, v) {
			fresh = fresh || isNew
			continue
		}
		if !isNew {
			return fmt.Errorf("%s is used by calls that are moved only", v.Name())
		}
		x.f.Replace(id.Pos(), id.End(), "_")
		discarded = true
	}
	if discarded && !fresh {
		x.f.Replace(m.stmt.TokPos, m.stmt.TokPos+2, "=")
	}
	return nil
}

// onlyIn reports whether a variable is read in calls that are moved, and nowhere else.
func (x *fixer) onlyIn(calls []*moved, v *types.Var) bool {
	in, out := false, false
	ast.Inspect(x.decl, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || x.p.Info.Uses[id] != v {
			return true
		}
		if slices.ContainsFunc(calls, func(m *moved) bool { return m.expr.Pos() <= id.Pos() && id.Pos() < m.expr.End() }) {
			in = true
		} else {
			out = true
		}
		return true
	})
	return in && !out
}
