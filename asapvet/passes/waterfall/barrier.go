package waterfall

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
)

// body is one function that an errgroup was given.
type body struct {
	call *ast.CallExpr
	sets map[*types.Var]bool // variables of the function around that it assigns
}

// barriers finds reads after the Wait of an errgroup that use what some of its bodies
// have assigned, and not what the others have. It never looks past a write, and there
// is no fix.
func (f *finder) barriers(list []ast.Stmt, sc scope) {
	groups := make(map[*types.Var][]body)
	spoilt := make(map[*types.Var]bool)
	for at, s := range list {
		if c, g := f.groupCall(s, "Go"); c != nil {
			if b, ok := f.body(c); ok {
				groups[g] = append(groups[g], b)
			} else {
				spoilt[g] = true
			}
			continue
		}
		if g := f.waits(s); g != nil {
			if bodies := groups[g]; len(bodies) >= 2 && !spoilt[g] {
				f.after(list[at+1:], s, bodies, sc)
			}
			continue
		}
		ast.Inspect(s, func(n ast.Node) bool { // bodies in loops are no single ones
			if c, ok := n.(*ast.CallExpr); ok && nameOf(c) == "Go" {
				if g := f.group(c); g != nil {
					spoilt[g] = true
				}
			}
			return true
		})
	}
}

// group returns the variable of the errgroup whose method is called.
func (f *finder) group(c *ast.CallExpr) *types.Var {
	sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	id, ok := ast.Unparen(sel.X).(*ast.Ident)
	if !ok {
		return nil
	}
	v := f.varOf(id)
	if v == nil {
		return nil
	}
	if path := typePathOf(v.Type()); !strings.HasSuffix(path, "/errgroup") || typeName(v.Type()) != "Group" {
		if !isErrgroupStart(f, v) {
			return nil
		}
	}
	return v
}

// isErrgroupStart reports whether a variable is of an errgroup whose package could not be
// found: its name then tells.
func isErrgroupStart(f *finder, v *types.Var) bool {
	b, ok := v.Type().(*types.Basic)
	return ok && b.Kind() == types.Invalid && importsErrgroup(f.file) && (v.Name() == "g" || v.Name() == "eg" || v.Name() == "group")
}

func importsErrgroup(file *ast.File) bool {
	for _, s := range file.Imports {
		if strings.HasSuffix(s.Path.Value, `/errgroup"`) {
			return true
		}
	}
	return false
}

func (f *finder) groupCall(s ast.Stmt, name string) (*ast.CallExpr, *types.Var) {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return nil, nil
	}
	c, ok := e.X.(*ast.CallExpr)
	if !ok || nameOf(c) != name {
		return nil, nil
	}
	if g := f.group(c); g != nil {
		return c, g
	}
	return nil, nil
}

// body returns what a literal that is given to Go assigns.
func (f *finder) body(c *ast.CallExpr) (body, bool) {
	b := body{call: c, sets: make(map[*types.Var]bool)}
	if len(c.Args) != 1 {
		return b, false
	}
	lit, ok := c.Args[0].(*ast.FuncLit)
	if !ok {
		return b, false
	}
	set := func(e ast.Expr) {
		if v := effects.RootVar(f.p.Info, e); v != nil && (v.Pos() < lit.Pos() || v.Pos() > lit.End()) && !isErrorLike(v) {
			b.sets[v] = true
		}
	}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				set(l)
			}
		case *ast.UnaryExpr:
			if n.Op.String() == "&" {
				set(n.X)
			}
		}
		return true
	})
	return b, true
}

// waits returns the group whose Wait a statement is.
func (f *finder) waits(s ast.Stmt) *types.Var {
	switch n := s.(type) {
	case *ast.IfStmt:
		if n.Init == nil {
			return nil
		}
		s = n.Init
	case *ast.AssignStmt, *ast.ExprStmt:
	default:
		return nil
	}
	var g *types.Var
	ast.Inspect(s, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok && nameOf(c) == "Wait" {
			g = f.group(c)
		}
		_, lit := n.(*ast.FuncLit)
		return g == nil && !lit
	})
	return g
}

// after looks for the first read after a Wait, and at what it uses.
func (f *finder) after(list []ast.Stmt, wait ast.Stmt, bodies []body, sc scope) {
	taint := make(map[*types.Var]uint64)
	setters := uint64(0)
	for i, b := range bodies {
		for v := range b.sets {
			taint[v] |= 1 << i
			setters |= 1 << i
		}
	}
	from := func(n ast.Node) (in uint64) {
		used := make(map[*types.Var]bool)
		f.uses(n, used)
		for v := range used {
			in |= taint[v]
		}
		return in
	}
	for _, s := range list {
		var found *ast.CallExpr
		var tier site.Tier
		over := false
		ast.Inspect(s, func(n ast.Node) bool {
			if found != nil || over {
				return false
			}
			switch n := n.(type) {
			case *ast.FuncLit, *ast.ForStmt, *ast.GoStmt, *ast.DeferStmt, *ast.ReturnStmt:
				return false
			case *ast.CallExpr:
				sum := f.table.Call(f.p, n)
				if effects.IsSilent(f.p.Info, n) {
					return true
				}
				switch name := nameOf(n); {
				case sum.Has(effects.Writes | effects.Guard):
					over = true
				case sum.Mutates&1 != 0 || effects.IsWriteName(name):
				case sum.Has(effects.Unknown | effects.ByName):
					if !effects.IsReadName(name) {
						over = true
					} else {
						found, tier = n, site.Likely
					}
				case sum.Has(effects.Reads):
					found, tier = n, site.High
				}
			}
			return true
		})
		if found != nil {
			in := from(found)
			if in != 0 && in != setters {
				f.addBarrier(wait, found, bodies, in, setters, tier, sc)
				return
			}
		}
		if over {
			return
		}
		// What follows may use what this statement makes of the variables.
		in := from(s)
		st := &step{changed: make(map[*types.Var]bool), fresh: make(map[*types.Var]bool)}
		ast.Inspect(s, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok {
				for _, l := range a.Lhs {
					f.change(st, l)
				}
			}
			return true
		})
		for v := range st.changed {
			taint[v] |= in
		}
	}
}

func (f *finder) addBarrier(wait ast.Stmt, c *ast.CallExpr, bodies []body, in, setters uint64, tier site.Tier, sc scope) {
	s := &site.Site{Kind: site.Barrier, Tier: tier, File: f.name, Func: f.decl.Name.Name, Recv: recvOf(f.decl), Pos: wait.Pos(), Line: f.line(wait.Pos())}
	last := site.Call{Name: nameOf(c), Pos: c.Pos(), End: c.End(), Line: f.line(c.Pos()), Tier: tier}
	for i, b := range bodies {
		if setters&(1<<i) == 0 {
			continue
		}
		name := ""
		for v := range b.sets {
			if name == "" || v.Name() < name {
				name = v.Name()
			}
		}
		if in&(1<<i) != 0 {
			last.Needs = append(last.Needs, len(s.Calls))
			last.Uses = append(last.Uses, site.Use{Call: len(s.Calls), Text: name, Line: last.Line})
		}
		s.Calls = append(s.Calls, site.Call{Name: name, Pos: b.call.Pos(), End: b.call.End(), Line: f.line(b.call.Pos()), Tier: tier})
	}
	s.Calls = append(s.Calls, last)
	s.Level()
	s.Levels[0] = 2
	if tier == site.Likely {
		s.Why = append(s.Why, "that "+last.Name+" only reads is known by its name")
	}
	if len(sc.low) > 0 {
		s.Tier, s.Why = site.Low, append(s.Why, sc.low...)
	}
	if len(sc.declined) > 0 {
		s.Tier, s.Why = site.Declined, append(s.Why, sc.declined...)
	}
	f.sites = append(f.sites, s)
	f.plans[s] = plan{file: f.file, decl: f.decl}
}
