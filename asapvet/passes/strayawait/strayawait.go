// Package strayawait finds goroutines that await on a body's account.
package strayawait

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports go statements in bodies that await with the body's context.
var Analyzer = check.New(check.Check{
	Name: "strayawait",
	Doc: `report goroutines of a body that await with the body's context

An Await with the context of a body is the body's: its slot is given back, and it takes
part in cycles. A goroutine that the body does not wait for derives a context of its
own before it awaits. A hint, off by default: the body may wait for it.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, op := range u.Ops {
				if op.Callee.Recv != "Task" || op.Callee.Name != "Await" || len(op.Call.Args) != 1 {
					continue
				}
				b := op.Fn.Enclosing()
				id, ok := ast.Unparen(op.Call.Args[0]).(*ast.Ident)
				if b == nil || !ok || b.Context == nil || pass.TypesInfo.Uses[id] != b.Context || !inGo(u, op.Call, b) {
					continue
				}
				pass.Reportf(op.Call.Pos(), "this goroutine awaits on the account of task %s; derive a context of its own, or await in the body", b.Name())
			}
		}
		return nil
	},
})

// inGo reports whether a go statement of b is around n.
func inGo(u *handles.Unit, n ast.Node, b *handles.Body) bool {
	for ; n != nil && n != b.Fn.Node; n = u.Parent(n) {
		if _, ok := n.(*ast.GoStmt); ok {
			return true
		}
	}
	return false
}
