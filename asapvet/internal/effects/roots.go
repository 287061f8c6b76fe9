package effects

import (
	"go/ast"
	"go/token"
	"go/types"
)

// rootOf returns which memory of the caller an expression is in.
func (w *walker) rootOf(e ast.Expr) uint64 {
	o := RootVar(w.p.Info, e)
	if o == nil {
		return 0
	}
	if at := w.copied[o]; at != 0 && at <= e.Pos() {
		return 0
	}
	return w.roots[o]
}

// rootIfShared is rootOf an expression whose address is taken: nothing when that is in
// a copy that is the function's own.
func (w *walker) rootIfShared(a ast.Expr) uint64 {
	if !Dereferences(w.p.Info, a) {
		return 0
	}
	return w.rootOf(a)
}

// shared returns the memory of the caller that a callee can change through an argument.
func (w *walker) shared(a ast.Expr) uint64 {
	a = ast.Unparen(a)
	if u, ok := a.(*ast.UnaryExpr); ok && u.Op == token.AND {
		return w.rootIfShared(u.X)
	}
	if tv, ok := w.p.Info.Types[a]; ok && tv.Type != nil && !points(tv.Type) {
		return 0
	}
	return w.rootOf(a)
}

// RootVar returns the variable that an expression is a part of: x of x.f[i].g.
func RootVar(info *types.Info, e ast.Expr) *types.Var {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.SelectorExpr:
			if v, ok := info.Uses[x.Sel].(*types.Var); ok && isGlobal(v) {
				return v
			}
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.TypeAssertExpr:
			e = x.X
		case *ast.UnaryExpr:
			if x.Op != token.AND {
				return nil
			}
			e = x.X
		case *ast.Ident:
			v, _ := objectOf(info, x).(*types.Var)
			return v
		default:
			return nil
		}
	}
}

// Dereferences reports whether an assignable expression is behind a pointer, a map or
// a slice, so that who else has these sees it change.
func Dereferences(info *types.Info, e ast.Expr) bool {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			return true
		case *ast.IndexExpr:
			if t := typeOf(info, x.X); t == nil || points(t) {
				return true
			}
			e = x.X
		case *ast.SelectorExpr:
			if t := typeOf(info, x.X); t == nil || points(t) {
				return true
			}
			e = x.X
		default:
			return false
		}
	}
}

func typeOf(info *types.Info, e ast.Expr) types.Type {
	t := info.TypeOf(e)
	if t == nil || isInvalid(t) {
		return nil
	}
	return t
}

// points reports whether a value of a type shares memory with its copies.
func points(t types.Type) bool {
	if t == nil {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Slice, *types.Interface, *types.Chan:
		return true
	case *types.Basic:
		return u.Kind() == types.Invalid
	}
	return false
}

func objectOf(info *types.Info, id *ast.Ident) types.Object {
	if o := info.Defs[id]; o != nil {
		return o
	}
	return info.Uses[id]
}

func isGlobal(v *types.Var) bool {
	return v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}
