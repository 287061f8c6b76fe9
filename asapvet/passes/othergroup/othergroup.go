// Package othergroup finds tasks that are used in another group than their own.
package othergroup

import (
	"go/ast"
	"strconv"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/edit"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports dependencies on a task of another group.
var Analyzer = check.New(check.Check{
	Name: "othergroup",
	Doc: `report dependencies on tasks of another group

A task depends on tasks of its own group: And, Gather, Map, Needs, After and AfterEnd
panic with one of another. It is brought in as a task: g.Go("b", b.Await).`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, op := range u.Ops {
				judge(pass, u, op)
			}
		}
		return nil
	},
})

func judge(pass *analysis.Pass, u *handles.Unit, op *handles.Op) {
	if op.Callee.Path != check.Asap {
		return
	}
	var g *handles.Group
	args := op.Call.Args
	switch r := op.Recv.(type) {
	case *handles.Group:
		g = r
	case *handles.Task:
		g = r.Group
	case handles.And:
		if r.Tasks[0] != nil {
			g = r.Tasks[0].Group
		}
	}
	switch op.Callee.Name {
	case "And":
		report(pass, u, g, args)
	case "Gather":
		report(pass, u, g, args[min(1, len(args)):])
	case "Map", "MapOptional":
		if len(args) > 1 {
			report(pass, u, g, args[1:2])
		}
	case "Needs", "After", "AfterEnd":
		if decl, ok := u.Parent(op.Call).(*ast.CallExpr); ok {
			if t, ok := u.Of(decl).(*handles.Task); ok {
				report(pass, u, t.Group, args)
			}
		}
	}
}

func report(pass *analysis.Pass, u *handles.Unit, g *handles.Group, args []ast.Expr) {
	if g == nil || g.Escapes || g.Var == nil {
		return
	}
	for _, arg := range args {
		t, ok := u.Of(arg).(*handles.Task)
		if !ok || t.Escapes || t.Group == nil || t.Group.Escapes || t.Group == g || t.Var == nil {
			continue
		}
		text := g.Name() + ".Go(" + strconv.Quote(t.Var.Name()) + ", " + t.Var.Name() + ".Await)"
		d := analysis.Diagnostic{Pos: arg.Pos(), End: arg.End()}
		edit.Messagef(&d, "task %s is of group %s; bring it in with %s", t.Var.Name(), t.Group.Name(), text)
		d.SuggestedFixes = []analysis.SuggestedFix{edit.Replace(arg, text)}
		pass.Report(d)
	}
}
