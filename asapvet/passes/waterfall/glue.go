package waterfall

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/effects"
)

// uses notes the variables that an expression reads.
func (f *finder) uses(n ast.Node, into map[*types.Var]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v, ok := f.p.Info.Uses[id].(*types.Var); ok && !v.IsField() {
				into[v] = true
			}
		}
		return true
	})
}

// glue fills in a step that only computes.
func (f *finder) glue(st *step, n ast.Node) {
	f.uses(n, st.reads)
	f.callsOf(st, n, false)
	f.callForItsEffect(st, n)
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				f.change(st, l)
			}
		case *ast.IncDecStmt:
			f.change(st, n.X)
		case *ast.RangeStmt:
			if n.Key != nil {
				f.change(st, n.Key)
			}
			if n.Value != nil {
				f.change(st, n.Value)
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				f.change(st, id)
			}
		case *ast.ReturnStmt, *ast.GoStmt, *ast.DeferStmt, *ast.SendStmt, *ast.SelectStmt:
			st.stop = true
			return false
		case *ast.BranchStmt:
			if n.Tok == token.GOTO || n.Label != nil {
				st.stop = true
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				st.stop = true
			}
		}
		return !st.stop
	})
}

// callForItsEffect notes what a call without a result that is used changes: if it has no
// effect outside, and is not known to change anything, its receiver and arguments.
func (f *finder) callForItsEffect(st *step, n ast.Node) {
	var e ast.Expr
	switch n := n.(type) {
	case *ast.ExprStmt:
		e = n.X
	case *ast.AssignStmt:
		for _, l := range n.Lhs {
			if id, ok := l.(*ast.Ident); !ok || id.Name != "_" {
				return
			}
		}
		e = n.Rhs[0]
	}
	c, ok := e.(*ast.CallExpr)
	if !ok || st.stop || effects.IsSilent(f.p.Info, c) {
		return
	}
	if sum := f.table.Call(f.p, c); sum.Mutates != 0 || sum.Effects != 0 {
		return
	}
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
		f.change(st, sel.X)
	}
	for _, a := range c.Args {
		if t := f.p.Info.TypeOf(a); t == nil || !effects.IsContext(t) {
			f.change(st, a)
		}
	}
}

// callsOf looks at the calls within: they end the run unless they only compute or tell.
func (f *finder) callsOf(st *step, n ast.Node, cond bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if st.stop {
			return false
		}
		if lit, ok := n.(*ast.FuncLit); ok && !f.computes(lit) {
			st.stop = true
			return false
		}
		c, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if effects.IsSilent(f.p.Info, c) || cond && f.tells(c) {
			return true
		}
		if _, ok := ast.Unparen(c.Fun).(*ast.FuncLit); ok {
			return true
		}
		sum := f.table.Call(f.p, c)
		if sum.Effects != 0 {
			st.stop = true
			return false
		}
		if sum.Mutates&1 != 0 {
			if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
				f.change(st, sel.X)
			}
		}
		for i, a := range c.Args {
			if sum.Mutates&(2<<min(i, 61)) != 0 {
				f.change(st, a)
			}
		}
		return true
	})
}

// computes reports whether a function literal calls nothing of effect.
func (f *finder) computes(lit *ast.FuncLit) bool {
	ok := true
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		if c, is := n.(*ast.CallExpr); is && !effects.IsSilent(f.p.Info, c) && f.table.Call(f.p, c).Effects != 0 {
			ok = false
		}
		return ok
	})
	return ok
}

// change notes that a step changes a variable, or what it leads to.
func (f *finder) change(st *step, l ast.Expr) {
	l = ast.Unparen(l)
	v := effects.RootVar(f.p.Info, l)
	if v == nil {
		return
	}
	if isErrorLike(v) {
		return
	}
	st.changed[v] = true
	if id, ok := l.(*ast.Ident); ok && f.p.Info.Defs[id] != nil {
		st.fresh[v] = true
	}
}

// isSeq reports whether a comment //asapvet:seq stands at the statement.
func (f *finder) isSeq(s ast.Stmt) bool {
	line := f.line(s.Pos())
	for _, g := range f.file.Comments {
		for _, c := range g.List {
			if strings.HasPrefix(c.Text, "//asapvet:seq") {
				if at := f.line(c.Pos()); at == line || at == line-1 {
					return true
				}
			}
		}
	}
	return false
}
