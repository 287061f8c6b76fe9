package waterfall

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
)

// isErrorLike reports whether a variable is an error, or would be if its type were known.
func isErrorLike(v *types.Var) bool {
	if effects.IsError(v.Type()) {
		return true
	}
	b, ok := v.Type().(*types.Basic)
	return ok && b.Kind() == types.Invalid && strings.HasPrefix(strings.ToLower(v.Name()), "err")
}

// checksError reports whether a condition asks for an error.
func checksError(info *types.Info, cond ast.Expr) bool {
	found := false
	ast.Inspect(cond, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v, ok := info.Uses[id].(*types.Var); ok && isErrorLike(v) {
				found = true
			}
		}
		return !found
	})
	return found && !isNilError(info, cond)
}

// isNilError reports whether a condition holds only if there is no error: err == nil, or
// that and more.
func isNilError(info *types.Info, cond ast.Expr) bool {
	return comparesError(info, cond, token.EQL, token.LAND)
}

// isNotNilError reports whether a condition is err != nil and no more, or that or more.
func isNotNilError(info *types.Info, cond ast.Expr) bool {
	return comparesError(info, cond, token.NEQ, token.LOR)
}

// comparesError reports whether a condition compares an error with nil, or joins such a
// comparison with others.
func comparesError(info *types.Info, cond ast.Expr, compare, join token.Token) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok {
		return false
	}
	switch b.Op {
	case join:
		return comparesError(info, b.X, compare, join) || comparesError(info, b.Y, compare, join)
	case compare:
		id, ok := ast.Unparen(b.X).(*ast.Ident)
		if !ok {
			return false
		}
		v, ok := info.Uses[id].(*types.Var)
		return ok && isErrorLike(v) && isNil(b.Y)
	}
	return false
}

func isNil(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && id.Name == "nil"
}

// errorCheck fills in a step that looks at the error of a call, or whether its result is
// nil, and leaves.
func (f *finder) errorCheck(st *step, s *ast.IfStmt) bool {
	info := f.p.Info
	if s.Init != nil {
		return false
	}
	st.checked = s
	if isNilError(info, s.Cond) {
		if leaves(s.Body.List) {
			st.demote(site.Declined, "it leaves when there is no error: what follows is a fallback")
			f.effectsOfBranch(st, s.Body.List)
			f.uses(s.Cond, st.reads)
			return !st.stop
		}
		st.demote(site.Declined, "a value is used only if there is no error")
		f.effectsOfBranch(st, s.Body.List)
		if s.Else != nil {
			st.stop = true
		}
		return !st.stop
	}
	asks := checksError(info, s.Cond)
	if !asks && !isNilCheck(s.Cond) {
		return false
	}
	f.callsOf(st, s.Cond, true)
	if st.stop {
		return true
	}
	if !asks && !leaves(s.Body.List) {
		return false
	}
	st.check = true
	st.leaves = leaves(s.Body.List) && isNotNilError(info, s.Cond)
	f.uses(s.Cond, st.reads)
	f.uses(s.Cond, st.asked)
	f.effectsOfBranch(st, s.Body.List)
	switch e := s.Else.(type) {
	case *ast.IfStmt:
		inner := &step{stmt: e, tier: site.High, reads: st.reads, changed: st.changed, fresh: st.fresh, asked: st.asked}
		if checksError(info, e.Cond) && f.errorCheck(inner, e) {
			st.tier = min(st.tier, inner.tier)
			st.why = append(st.why, inner.why...)
			st.stop = st.stop || inner.stop
			st.leaves = leaves(s.Body.List) && inner.leaves
			return true
		}
		f.glue(st, e)
	case *ast.BlockStmt:
		f.glue(st, e)
	}
	return true
}

// isNilCheck reports whether a condition is x == nil, or !exists.
func isNilCheck(cond ast.Expr) bool {
	if u, ok := ast.Unparen(cond).(*ast.UnaryExpr); ok && u.Op == token.NOT {
		if id, ok := ast.Unparen(u.X).(*ast.Ident); ok {
			switch id.Name {
			case "ok", "exist", "exists", "found", "has":
				return true
			}
		}
		return false
	}
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok || b.Op != token.EQL || !isNil(b.Y) {
		return false
	}
	_, ok = ast.Unparen(b.X).(*ast.Ident)
	return ok
}

// leaves reports whether a list of statements never goes on to what follows it.
func leaves(list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch s := list[len(list)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.BREAK || s.Tok == token.CONTINUE || s.Tok == token.GOTO
	case *ast.IfStmt:
		if b, ok := s.Else.(*ast.BlockStmt); ok {
			return leaves(s.Body.List) && leaves(b.List)
		}
	case *ast.ExprStmt:
		if c, ok := s.X.(*ast.CallExpr); ok {
			switch nameOf(c) {
			case "panic", "Fatal", "Fatalf", "Fatalln", "Exit", "Panic", "Panicf":
				return true
			}
		}
	}
	return false
}

// effectsOfBranch looks at what an error branch does but return, log, and write a
// response.
func (f *finder) effectsOfBranch(st *step, list []ast.Stmt) {
	for _, s := range list {
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ReturnStmt:
				return false // how the error is told is not asked
			case *ast.GoStmt, *ast.DeferStmt, *ast.SendStmt:
				st.demote(site.Declined, "an error branch has effects of its own")
				return false
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					f.change(st, l)
				}
			case *ast.IncDecStmt:
				f.change(st, n.X)
			case *ast.CallExpr:
				sum := f.table.Call(f.p, n)
				if sum.IsPure() || effects.IsSilent(f.p.Info, n) || f.tells(n) {
					return true
				}
				st.demote(site.Declined, "an error branch has effects of its own: "+nameOf(n))
			}
			return true
		})
	}
}

// tells reports whether a call passes on an error or writes a response.
func (f *finder) tells(c *ast.CallExpr) bool {
	for _, a := range c.Args {
		t := f.p.Info.TypeOf(a)
		if t == nil {
			continue
		}
		if effects.IsError(t) || typeName(t) == "ResponseWriter" {
			return true
		}
		if id, ok := ast.Unparen(a).(*ast.Ident); ok {
			if v := f.varOf(id); v != nil && isErrorLike(v) {
				return true
			}
		}
	}
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
		if t := f.p.Info.TypeOf(sel.X); t != nil && (effects.IsError(t) || typeName(t) == "ResponseWriter") {
			return true
		}
	}
	switch nameOf(c) {
	case "panic", "Fatal", "Fatalf", "Fatalln", "Exit", "Panic", "Panicf":
		return true
	}
	return false
}
