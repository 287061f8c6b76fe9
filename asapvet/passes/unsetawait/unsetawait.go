// Package unsetawait finds awaits of variables that are not set yet.
package unsetawait

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
)

// Analyzer reports bodies that await a task whose variable is set after they began.
var Analyzer = check.New(check.Check{
	Name: "unsetawait",
	Doc: `report awaits of a variable that is set later

A body begins when it is declared. If it awaits a task by a variable that is set after
that, it reads what is being written. Hold it back by a channel that is closed when
the variable is set: see Task.Await.`,
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
	t := op.Task()
	body := op.Fn.Enclosing()
	if t == nil || op.Callee.Name != "Await" && op.Callee.Name != "Get" || t.Var == nil || t.Escapes || body == nil || body.Fn == nil || body.Task == nil {
		return
	}
	if body.Group == nil || body.Group.Escapes || body.Group.Made == "Define" {
		return
	}
	assigned, ok := u.Parent(outermost(u, t.Call)).(*ast.AssignStmt)
	if !ok || assigned.Tok.String() != "=" || assigned.Pos() < body.Call.Pos() || body.Fn.Node.Pos() < t.Var.Pos() {
		return
	}
	if within(u, assigned, body.Fn) || u.FnOf(assigned).Runs() != u.FnOf(body.Call).Runs() {
		return
	}
	tools := order.ToolsOf(pass.TypesInfo, body.Fn.Node)
	if tools.Receives || tools.Locks {
		return
	}
	pass.Reportf(op.Call.Pos(), "%s is awaited in task %s but set after %s was started; hold %s back until %s is set (see Task.Await)",
		t.Name(), body.Name(), body.Name(), body.Name(), t.Name())
}

// outermost returns the expression that is assigned: call, or an Undo of it.
func outermost(u *handles.Unit, call *ast.CallExpr) ast.Node {
	var n ast.Node = call
	for {
		sel, ok := u.Parent(n).(*ast.SelectorExpr)
		if !ok {
			return n
		}
		n = u.Parent(sel)
	}
}

func within(u *handles.Unit, n ast.Node, f *handles.Fn) bool { return u.FnOf(n).Within(f) }
