// Package egouterctx finds bodies of an errgroup that use two contexts.
package egouterctx

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports the outer context in a body that uses the derived one as well.
var Analyzer = check.New(check.Check{
	Name: "egouterctx",
	Doc: `report bodies of an errgroup that use the outer context beside the derived one

What is done with the outer context does not end when another body fails. Often that is
meant, so this check is a hint, and off by default.`,
	Imports:  []string{check.Errgroup},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, b := range u.Bodies {
				if b.Task == nil && b.Fn != nil && b.Group != nil && b.Group.Context != nil && len(b.Group.Defs) == 1 {
					judge(pass, u, b)
				}
			}
		}
		return nil
	},
})

func judge(pass *analysis.Pass, u *handles.Unit, b *handles.Body) {
	outer := outerOf(pass, b.Group)
	if outer == nil || outer == b.Group.Context {
		return
	}
	var uses []*ast.Ident
	derived := false
	ast.Inspect(b.Fn.Block(), func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			switch pass.TypesInfo.Uses[id] {
			case types.Object(outer):
				if call, ok := u.Parent(id).(*ast.CallExpr); ok && call.Fun != id {
					uses = append(uses, id)
				}
			case types.Object(b.Group.Context):
				derived = true
			}
		}
		return true
	})
	if derived {
		for _, id := range uses {
			pass.Reportf(id.Pos(), "%s does not end when another body of %s fails, %s does", id.Name, b.Group.Name(), b.Group.Context.Name())
		}
	}
}

// outerOf returns the variable that the context of g is derived from.
func outerOf(pass *analysis.Pass, g *handles.Group) *types.Var {
	assign, ok := g.Defs[0].(*ast.AssignStmt)
	if !ok {
		return nil
	}
	call, ok := assign.Rhs[0].(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return nil
	}
	id, ok := call.Args[0].(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := pass.TypesInfo.Uses[id].(*types.Var)
	return v
}
