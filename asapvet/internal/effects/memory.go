package effects

import (
	"go/ast"
	"go/token"
	"go/types"
)

// copies notes parameters that the function replaces by something of its own.
func (w *walker) copies() {
	for _, s := range w.n.body.List {
		a, ok := s.(*ast.AssignStmt)
		if !ok || len(a.Lhs) == 0 {
			continue
		}
		for i, l := range a.Lhs {
			id, ok := l.(*ast.Ident)
			if !ok {
				continue
			}
			o := w.p.Info.Uses[id]
			if o == nil || w.roots[o] == 0 {
				continue
			}
			if len(a.Rhs) == len(a.Lhs) {
				c, ok := ast.Unparen(a.Rhs[i]).(*ast.CallExpr)
				if !ok || calleeName(c) == "append" {
					continue
				}
			}
			w.copied[o] = a.End()
		}
	}
}

// alias notes variables that point into what the caller can see.
func (w *walker) alias(n *ast.AssignStmt) {
	if len(n.Lhs) != len(n.Rhs) {
		return
	}
	for i, l := range n.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok {
			continue
		}
		o := objectOf(w.p.Info, id)
		if o == nil || !points(o.Type()) {
			continue
		}
		if v, ok := o.(*types.Var); !ok || isGlobal(v) {
			continue
		}
		r := ast.Unparen(n.Rhs[i])
		if u, ok := r.(*ast.UnaryExpr); ok && u.Op == token.AND {
			r = u.X
		}
		switch r.(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
			w.roots[o] |= w.rootOf(r)
		}
	}
}

// assign notes the change of a variable.
func (w *walker) assign(l ast.Expr) {
	l = ast.Unparen(l)
	o := RootVar(w.p.Info, l)
	if o == nil {
		return
	}
	if isGlobal(o) {
		if o.Name() != "_" {
			w.global = o.Name()
		}
		return
	}
	root := w.rootOf(l)
	if root == 0 {
		return
	}
	if _, ok := l.(*ast.Ident); ok {
		return // the parameter itself
	}
	if Dereferences(w.p.Info, l) {
		w.writes |= root
		w.mutated(l, "assignment")
	}
}

// mutated notes what changed memory first.
func (w *walker) mutated(n ast.Node, what string) {
	if w.writes != 0 && w.n.mut == "" {
		w.n.mut = what + " at " + w.p.Fset.Position(n.Pos()).String()
	}
}

// mutate notes that what an argument points to is changed.
func (w *walker) mutate(a ast.Expr) {
	if u, ok := ast.Unparen(a).(*ast.UnaryExpr); ok && u.Op == token.AND {
		if _, ok := ast.Unparen(u.X).(*ast.Ident); ok {
			return // the address of a variable of this function's own
		}
		a = u.X
		w.writes |= w.rootIfShared(a)
		w.mutated(a, "address passed")
		return
	}
	if tv, ok := w.p.Info.Types[a]; ok && tv.Type != nil && !points(tv.Type) && !isInvalid(tv.Type) {
		if !Dereferences(w.p.Info, a) {
			return
		}
	}
	w.writes |= w.rootOf(a)
	w.mutated(a, "passed")
}
