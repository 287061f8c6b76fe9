package waterfall

import (
	"go/ast"
	"go/types"
	"slices"

	"github.com/asap-go/asap/asapvet/internal/effects"
)

// usage is what a function does with its variables.
type usage struct {
	used    map[*types.Var]bool // beyond being told, or asked for in a condition that leaves
	written map[*types.Var]string
	closed  map[*types.Var]bool // or gone through
}

// usageOf reads a function once for all of its sites.
func (f *finder) usageOf(d *ast.FuncDecl) *usage {
	u := &usage{used: make(map[*types.Var]bool), written: make(map[*types.Var]string), closed: make(map[*types.Var]bool)}
	info := f.p.Info
	results := func(t *ast.FuncType) {
		if t.Results == nil {
			return
		}
		for _, r := range t.Results.List {
			for _, n := range r.Names { // a bare return uses it
				if v, ok := info.Defs[n].(*types.Var); ok {
					u.used[v] = true
				}
			}
		}
	}
	results(d.Type)
	var again func(n ast.Node) bool
	visit := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			results(n.Type)
		case *ast.IfStmt:
			if leaves(n.Body.List) {
				if n.Init != nil {
					ast.Inspect(n.Init, again)
				}
				f.usedToLeave(u, n, again)
				if n.Else != nil {
					ast.Inspect(n.Else, again)
				}
				return false
			}
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				if _, ok := l.(*ast.Ident); !ok {
					ast.Inspect(l, again)
				}
			}
			for _, r := range n.Rhs {
				ast.Inspect(r, again)
			}
			return false
		case *ast.CallExpr:
			if effects.IsSilent(info, n) {
				return false
			}
			f.writtenBy(u, n)
			if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && (sel.Sel.Name == "Close" || sel.Sel.Name == "Next") {
				u.closed[effects.RootVar(info, sel.X)] = true
			}
		case *ast.Ident:
			if v, ok := info.Uses[n].(*types.Var); ok {
				u.used[v] = true
			}
		}
		return true
	}
	again = visit
	ast.Inspect(d.Body, visit)
	return u
}

// usedToLeave reads the branch of a condition that leaves. What the condition asks for may
// be returned there, or told: that is still no use of it.
func (f *finder) usedToLeave(u *usage, s *ast.IfStmt, again func(ast.Node) bool) {
	var asked []*types.Var
	ast.Inspect(s.Cond, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v, ok := f.p.Info.Uses[id].(*types.Var); ok && !u.used[v] {
				asked = append(asked, v)
			}
		}
		return true
	})
	ast.Inspect(s.Body, again)
	for _, v := range asked {
		delete(u.used, v)
	}
}

// writtenBy notes the variables that a call writes, as they are: db.Update(ctx, row).
func (f *finder) writtenBy(u *usage, c *ast.CallExpr) {
	note := func(e ast.Expr) {
		e = ast.Unparen(e)
		if a, ok := e.(*ast.UnaryExpr); ok {
			e = ast.Unparen(a.X)
		}
		if id, ok := e.(*ast.Ident); ok {
			if v := f.varOf(id); v != nil && u.written[v] == "" {
				u.written[v] = nameOf(c)
			}
		}
	}
	if !effects.IsWriteName(nameOf(c)) || f.table.Call(f.p, c).Effects == 0 {
		return
	}
	for _, a := range c.Args {
		note(a)
	}
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
		note(sel.X)
	}
}

// declineUse declines calls whose values only decide whether the function goes on, and
// those that the function closes.
func (f *finder) declineUse(c *callStep) string {
	if f.usage == nil {
		f.usage = f.usageOf(f.decl)
	}
	for _, v := range c.results {
		if v != nil && f.usage.closed[v] { // of a type that is not known
			return "the result of " + c.name + " has to be closed"
		}
	}
	for i, v := range c.results[:len(c.results)-1] {
		id, ok := ast.Unparen(c.stmt.Lhs[i]).(*ast.Ident)
		if !ok || id.Name != "_" && (v == nil || f.usage.used[v] || v.Parent() == f.p.Types.Scope()) {
			return ""
		}
	}
	return "the value of " + c.name + " is only looked at to leave: a guard"
}

// writesRead says which of the calls has read what the function then writes, as it is:
// what was read with it is likely to guard that.
func (f *finder) writesRead(calls []*callStep) string {
	if f.usage == nil {
		f.usage = f.usageOf(f.decl)
	}
	for _, c := range calls {
		i := slices.IndexFunc(c.results, func(v *types.Var) bool { return v != nil && v != c.err && f.usage.written[v] != "" })
		if i >= 0 {
			return "the function writes what " + c.name + " has read (" + f.usage.written[c.results[i]] + ")"
		}
	}
	return ""
}
