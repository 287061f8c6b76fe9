// Package name finds tasks whose names are made for each call.
package name

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports names of tasks that are put together.
var Analyzer = check.New(check.Check{
	Name: "name",
	Doc: `report names of tasks that are made with Sprintf or +

Statistics, metrics and traces tell tasks apart by their names: with an ID in it every
request has tasks of its own. Many tasks alike are a Map, whose elements have numbers.
A hint, off by default; in loops it says nothing.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, t := range u.Tasks {
				if len(t.Call.Args) > 0 && t.Method != "Define" && made(pass, t.Call.Args[0]) && !inLoop(u, t.Call) {
					pass.Reportf(t.Call.Args[0].Pos(), "the name of this task is another one each time, and so are its statistics; give it a constant name")
				}
			}
		}
		return nil
	},
})

func made(pass *analysis.Pass, e ast.Expr) bool {
	if pass.TypesInfo.Types[e].Value != nil {
		return false
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		return e.Op == token.ADD
	case *ast.CallExpr:
		c, ok := handles.Callee(pass.TypesInfo, e)
		return ok && c.Path == "fmt" && c.Name == "Sprintf"
	}
	return false
}

func inLoop(u *handles.Unit, n ast.Node) bool {
	for ; n != nil; n = u.Parent(n) {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		}
	}
	return false
}
