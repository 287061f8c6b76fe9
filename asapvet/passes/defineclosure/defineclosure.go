// Package defineclosure finds flows that depend on where they are defined.
package defineclosure

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports builds of flows that capture local variables.
var Analyzer = check.New(check.Check{
	Name: "defineclosure",
	Doc: `report flows that capture a local variable

A flow is defined once, and its build runs again for every run, also in another
process, where what it captured has another value. A hint, off by default.`,
	Imports:  []string{check.Flow},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			decl, ok := u.Root.(*ast.FuncDecl)
			if !ok || decl.Name.Name == "init" {
				continue
			}
			for _, f := range u.Fns {
				if f.Role == handles.Build && f.Group.Made == "Define" {
					judge(pass, u, f)
				}
			}
		}
		return nil
	},
})

func judge(pass *analysis.Pass, u *handles.Unit, f *handles.Fn) {
	seen := map[types.Object]bool{}
	ast.Inspect(f.Block(), func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v, ok := pass.TypesInfo.Uses[id].(*types.Var)
		if !ok || v.IsField() || seen[v] || v.Pos() < u.Root.Pos() || v.Pos() >= u.Root.End() || f.Node.Pos() <= v.Pos() && v.Pos() < f.Node.End() {
			return true
		}
		seen[v] = true
		pass.Reportf(id.Pos(), "the flow captures %s; what changes belongs in its input", v.Name())
		return true
	})
}
