package effects

import (
	"go/ast"
	"go/types"
)

// isCacheStore reports whether a function is of a cache, which is not to say that it
// is of something that uses one.
func isCacheStore(f *types.Func) bool {
	name := recvName(f)
	if name == "" && f.Pkg() != nil {
		name = f.Pkg().Name()
	}
	for _, w := range words(name) {
		if w == "cache" || w == "cacher" || w == "lru" {
			return true
		}
	}
	return f.Pkg() != nil && (f.Pkg().Name() == "cache" || f.Pkg().Name() == "lru")
}

// Callee returns the function that is called, nil if it is a value or cannot be told.
func Callee(info *types.Info, c *ast.CallExpr) *types.Func {
	if id := calleeIdent(c); id != nil {
		f, _ := info.Uses[id].(*types.Func)
		return f
	}
	return nil
}

// isOnce reports whether what is called so calls its function once.
func isOnce(name string) bool {
	switch name {
	case "Do", "DoOnce", "Once", "OnceValue", "OnceValues", "OnceFunc", "GetInstance", "Singleton":
		return true
	}
	return false
}

func receiverType(info *types.Info, c *ast.CallExpr) types.Type {
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
		return info.TypeOf(sel.X)
	}
	return nil
}

// isSemaphore reports whether a type is chan struct{}: what is sent says nothing.
func isSemaphore(t types.Type) bool {
	if t == nil {
		return false
	}
	c, ok := t.Underlying().(*types.Chan)
	if !ok {
		return false
	}
	s, ok := c.Elem().Underlying().(*types.Struct)
	return ok && s.NumFields() == 0
}

// onlyTells reports whether a call of a function with a body only logs, counts or
// traces: its names say so, and it has no result that one could want.
func onlyTells(info *types.Info, c *ast.CallExpr, f *types.Func) bool {
	if !isSilentChain(info, c) {
		return false
	}
	for v := range f.Signature().Results().Variables() {
		if !lib(typePath(v.Type()), silent) && !endsIn(typeName(v.Type()), silent) && !IsContext(v.Type()) {
			return false
		}
	}
	return true
}

func calleeIdent(c *ast.CallExpr) *ast.Ident {
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		return f
	case *ast.SelectorExpr:
		return f.Sel
	case *ast.IndexExpr:
		return calleeIdent(&ast.CallExpr{Fun: f.X})
	case *ast.IndexListExpr:
		return calleeIdent(&ast.CallExpr{Fun: f.X})
	}
	return nil
}

func calleeName(c *ast.CallExpr) string {
	if id := calleeIdent(c); id != nil {
		return id.Name
	}
	return ""
}

func recvName(f *types.Func) string {
	r := f.Signature().Recv()
	if r == nil {
		return ""
	}
	t := r.Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}
