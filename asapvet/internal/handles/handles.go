// Package handles knows who is what in code that uses asap or errgroup: which
// call declares a task, of which group, with which bodies, on what it depends; and
// which groups, tasks and exits escape, so that nothing can be said of them.
package handles

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/asap-go/asap/asapvet/internal/check"
)

// A Call is what is called, by name: asap.New, (*asap.Group).Go.
type Call struct {
	Path string // import path of the package
	Recv string // name of the receiver's type, empty for a function
	Name string
}

// Callee returns what call calls, if that is a function or method of a package.
func Callee(info *types.Info, call *ast.CallExpr) (Call, bool) {
	fn, ok := typeutil.Callee(info, call).(*types.Func)
	if !ok || fn.Pkg() == nil {
		return Call{}, false
	}
	c := Call{Path: fn.Pkg().Path(), Name: fn.Name()}
	if recv := fn.Signature().Recv(); recv != nil {
		c.Recv = typeName(recv.Type())
	}
	return c, true
}

// IsAsap reports whether t is, or points to, the type of package asap with that
// name: Group, Task, Exit, And2, And3.
func IsAsap(t types.Type, name string) bool { return isNamed(t, check.Asap, name) }

// IsErrgroup reports whether t is errgroup.Group or a pointer to it.
func IsErrgroup(t types.Type) bool { return isNamed(t, check.Errgroup, "Group") }

// IsContext reports whether t is context.Context.
func IsContext(t types.Type) bool {
	if _, ok := t.(*types.Pointer); ok {
		return false
	}
	return isNamed(t, "context", "Context")
}

func isNamed(t types.Type, path, name string) bool {
	n := named(t)
	return n != nil && n.Obj().Name() == name && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path
}

func named(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, _ := t.(*types.Named)
	return n
}

func typeName(t types.Type) string {
	if n := named(t); n != nil {
		return n.Obj().Name()
	}
	return ""
}
