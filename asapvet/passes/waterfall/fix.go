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
	"strconv"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/effects"
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

// moved is a call that becomes a task.
type moved struct {
	*callStep
	at    int              // its index among the steps
	deps  []*moved         // in the order of declaration
	of    map[*moved][]int // which of a dependency's results it uses
	types []types.Type     // of its values
	task  string           // the variable
	name  string           // of the task
	text  string           // the call
	value string           // the text of the task's type
	pack  string           // the name of the struct, if there are two values
	parts []string         // the names of its fields
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

// movable returns the calls that can start before the first of them: those whose
// arguments are there by then, or are the results of others of them.
func (x *fixer) movable() ([]*moved, error) {
	var best []*moved
	reason := errors.New("fewer than two calls can be moved")
	for start, st := range x.steps {
		if st.call == nil {
			continue
		}
		calls, err := x.movableFrom(start)
		if err != nil {
			reason = err
		}
		if len(calls) > len(best) {
			best = calls
		}
	}
	if len(best) < 2 || !independent(best) {
		return nil, reason
	}
	return best, nil
}

func independent(calls []*moved) bool {
	for j, c := range calls {
		for _, o := range calls[:j] {
			if !c.needs(o) && c.cheap == "" && o.cheap == "" {
				return true
			}
		}
	}
	return false
}

func (m *moved) needs(o *moved) bool {
	return slices.ContainsFunc(m.deps, func(d *moved) bool { return d == o || d.needs(o) })
}

func (x *fixer) movableFrom(start int) (calls []*moved, reason error) {
	reason = errors.New("fewer than two calls can be moved")
	from := make(map[*types.Var]*moved) // whose result a variable is, by now
	index := make(map[*types.Var]int)
	touched := make(map[*types.Var]bool) // changed otherwise
	for at := start; at < len(x.steps); at++ {
		st := x.steps[at]
		c := st.call
		if c == nil {
			for v := range st.changed {
				touched[v] = true
			}
			continue
		}
		m, err := x.move(at, c, from, index, touched)
		if err != nil {
			reason = err
			if at == start {
				return nil, reason
			}
			for v := range st.changed {
				touched[v] = true
				delete(from, v)
			}
			continue
		}
		calls = append(calls, m)
		for i, v := range c.results[:len(c.results)-1] {
			if v == nil {
				continue
			}
			if _, ok := ast.Unparen(c.stmt.Lhs[i]).(*ast.Ident); !ok {
				touched[v] = true // a field
				continue
			}
			delete(touched, v)
			from[v], index[v] = m, i
		}
	}
	return calls, reason
}

// move reports whether one call can be moved, and what it needs then.
func (x *fixer) move(at int, c *callStep, from map[*types.Var]*moved, index map[*types.Var]int, touched map[*types.Var]bool) (*moved, error) {
	tuple, ok := x.p.Info.TypeOf(c.expr).(*types.Tuple)
	if !ok || tuple.Len() < 2 {
		return nil, errors.New("the results of " + c.name + " are not known")
	}
	if !effects.IsError(tuple.At(tuple.Len() - 1).Type()) {
		return nil, errors.New("the last result of " + c.name + " is no error")
	}
	if tuple.Len() > 3 {
		return nil, errors.New(c.name + " has more than two values beside its error")
	}
	if c.err == nil {
		return nil, errors.New("the error of " + c.name + " is discarded")
	}
	if len(x.steps) <= at+1 || !x.steps[at+1].leaves || !x.asksOf(x.steps[at+1], c.err) {
		return nil, errors.New("the value of " + c.name + " is used beside an error")
	}
	if c.expr.Ellipsis.IsValid() {
		if id, ok := ast.Unparen(c.expr.Args[len(c.expr.Args)-1]).(*ast.Ident); !ok || touched[x.varOf(id)] {
			return nil, errors.New(c.name + " spreads what is built between")
		}
	}
	m := &moved{callStep: c, at: at, of: make(map[*moved][]int)}
	for i := range tuple.Len() - 1 {
		m.types = append(m.types, tuple.At(i).Type())
	}
	used := make([]*types.Var, 0, len(c.uses))
	for v := range c.uses {
		used = append(used, v)
	}
	slices.SortFunc(used, func(a, b *types.Var) int { return int(a.Pos() - b.Pos()) })
	for _, v := range used {
		if touched[v] {
			return nil, fmt.Errorf("%s uses %s, which is made or changed between", c.name, v.Name())
		}
		if d := from[v]; d != nil {
			if !slices.Contains(m.deps, d) {
				m.deps = append(m.deps, d)
			}
			m.of[d] = append(m.of[d], index[v])
		}
	}
	if touched[c.ctxVar] {
		return nil, errors.New("the context is changed between")
	}
	slices.SortFunc(m.deps, func(a, b *moved) int { return a.at - b.at })
	return m, nil
}

// asksOf reports whether a check asks for the error in v.
func (x *fixer) asksOf(st *step, v *types.Var) bool {
	s, ok := st.stmt.(*ast.IfStmt)
	if !ok {
		return false
	}
	found := false
	ast.Inspect(s.Cond, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && x.p.Info.Uses[id] == v {
			found = true
		}
		return true
	})
	return found
}

// write notes all edits.
func (x *fixer) write(calls []*moved) error {
	first := calls[0].stmt.Pos()
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

// name gives a call its names, and the texts of its types.
func (x *fixer) name(first token.Pos, m *moved) error {
	base := ""
	for i, l := range m.stmt.Lhs[:len(m.stmt.Lhs)-1] {
		if id, ok := ast.Unparen(l).(*ast.Ident); ok && id.Name != "_" && base == "" && m.results[i] != nil {
			base = id.Name
		}
	}
	if len(base) < 3 {
		words := effects.Words(m.callStep.name)
		if len(words) > 1 && effects.IsReadName(m.callStep.name) {
			words = words[1:]
		}
		base = words[0]
		for _, w := range words[1:] {
			base += strings.ToUpper(w[:1]) + w[1:]
		}
	}
	m.name = base
	names := []string{base + "Task"}
	for i := 2; i < 6; i++ {
		names = append(names, base+"Task"+strconv.Itoa(i))
	}
	var err error
	if m.task, err = x.f.Name(first, names...); err != nil {
		return err
	}
	m.text = x.f.Text(m.expr.Pos(), m.expr.End())
	if len(m.types) == 1 {
		m.value, err = x.f.Type(first, m.types[0])
		return err
	}
	if m.pack, err = x.f.Name(first, base+"Answer", base+"Values", base+"Pair"); err != nil {
		return err
	}
	m.value = m.pack
	for i, l := range m.stmt.Lhs[:len(m.stmt.Lhs)-1] {
		part := [...]string{"first", "second"}[i]
		if id, ok := ast.Unparen(l).(*ast.Ident); ok && id.Name != "_" {
			part = id.Name
		}
		m.parts = append(m.parts, part)
	}
	return nil
}

// declaration returns the text that declares a task.
func (x *fixer) declaration(m *moved) string {
	ctx := m.ctx
	text := m.text
	if m.ctxVar == nil || m.ctxVar.Name() != m.ctx { // r.Context()
		ctx = "ctx"
		text = x.withContext(m)
	}
	var body strings.Builder
	var params, needs []string
	for _, d := range m.deps {
		if len(m.deps) > 3 {
			needs = append(needs, d.task)
		}
		if d.pack == "" {
			v := d.results[0].Name()
			if len(m.deps) > 3 {
				fmt.Fprintf(&body, "%s := %s.Get(%s)\n", v, d.task, ctx)
			} else {
				params = append(params, v+" "+d.value)
			}
			continue
		}
		from := d.task + ".Get(" + ctx + ")"
		if len(m.deps) <= 3 {
			from = d.name + "Both"
			params = append(params, from+" "+d.value)
		}
		slices.Sort(m.of[d])
		var names, parts []string
		for _, i := range slices.Compact(m.of[d]) {
			names, parts = append(names, d.results[i].Name()), append(parts, from+"."+d.parts[i])
		}
		fmt.Fprintf(&body, "%s := %s\n", strings.Join(names, ", "), strings.Join(parts, ", "))
	}
	if m.pack == "" {
		fmt.Fprintf(&body, "return %s\n", text)
	} else {
		fmt.Fprintf(&body, "first, second, err := %s\nreturn %s{first, second}, err\n", text, m.pack)
	}
	on := x.group + ".Go"
	if len(m.deps) > 0 && len(m.deps) <= 3 {
		on = m.deps[0].task
		for _, d := range m.deps[1:] {
			on += ".And(" + d.task + ")"
		}
		on += ".Then"
	}
	options := ""
	if len(needs) > 0 {
		options = ", " + x.asap + ".Needs(" + strings.Join(needs, ", ") + ")"
	}
	var sig strings.Builder
	sig.WriteString(ctx + " " + x.ctxPkg + ".Context")
	for _, p := range params {
		sig.WriteString(", " + p)
	}
	return fmt.Sprintf("%s := %s(%q, func(%s) (%s, error) {\n%s}%s)\n", m.task, on, m.name, sig.String(), m.value, body.String(), options)
}

// withContext returns the call's text with ctx in the place of r.Context().
func (x *fixer) withContext(m *moved) string {
	var b strings.Builder
	at := m.expr.Pos()
	ast.Inspect(m.expr, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		if t := x.p.Info.TypeOf(e); t != nil && effects.IsContext(t) && types.ExprString(e) == m.ctx {
			b.WriteString(x.f.Text(at, e.Pos()) + "ctx")
			at = e.End()
			return false
		}
		return true
	})
	return b.String() + x.f.Text(at, m.expr.End())
}
