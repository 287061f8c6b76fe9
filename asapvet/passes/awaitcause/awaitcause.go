// Package awaitcause finds functions that return less than the cause of a failure.
package awaitcause

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/edit"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports errors of an Await that are returned in place of the group's.
var Analyzer = check.New(check.Check{
	Name: "awaitcause",
	Doc: `report errors of Await that hide the cause

When a task fails, the others of its group are canceled, and who awaits one of those
outside of the bodies gets "context canceled". Wait has the cause.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, op := range u.Ops {
				t := op.Task()
				if t == nil || op.Callee.Name != "Await" || t.Escapes || t.Group == nil {
					continue
				}
				g := t.Group
				if g.Escapes || g.Settled || g.Unknown || g.Made != "New" || !op.Fn.RunsIn(g.Fn) || op.Fn.DeferredIn(g.Fn) || size(u, g) < 2 {
					continue
				}
				judge(pass, u, op, g)
			}
		}
		return nil
	},
})

func size(u *handles.Unit, g *handles.Group) int {
	n := 0
	for _, t := range u.Tasks {
		if t.Group == g && t.Method != "Input" && t.Method != "Gather" {
			n++
		}
	}
	return n
}

func judge(pass *analysis.Pass, u *handles.Unit, op *handles.Op, g *handles.Group) {
	const message = "when another task fails first, this is \"context canceled\" without its cause; return %s.Wait() here, or make the group Settled"
	switch p := u.Parent(op.Call).(type) {
	case *ast.ReturnStmt:
		if !mentionsWait(u, p, g) {
			d := analysis.Diagnostic{Pos: op.Call.Pos(), End: op.Call.End()}
			edit.Messagef(&d, message, g.Name())
			pass.Report(d)
		}
	case *ast.AssignStmt:
		if len(p.Lhs) != 2 {
			return
		}
		id, ok := p.Lhs[1].(*ast.Ident)
		if !ok {
			return
		}
		v, _ := pass.TypesInfo.ObjectOf(id).(*types.Var)
		branch := errorBranch(pass.TypesInfo, u, p, v)
		if branch == nil || mentionsWait(u, branch, g) {
			return
		}
		ret, ok := branch.Body.List[len(branch.Body.List)-1].(*ast.ReturnStmt)
		if !ok {
			return
		}
		for _, r := range ret.Results {
			if !mentions(pass.TypesInfo, r, v) {
				continue
			}
			d := analysis.Diagnostic{Pos: r.Pos(), End: r.End()}
			edit.Messagef(&d, message, g.Name())
			if bare, ok := ast.Unparen(r).(*ast.Ident); ok && pass.TypesInfo.Uses[bare] == v {
				d.SuggestedFixes = []analysis.SuggestedFix{edit.Replace(r, g.Name()+".Wait()")}
			}
			pass.Report(d)
		}
	}
}

// errorBranch returns the if that follows stmt, or that stmt is the beginning of, if
// it is about an error in v.
func errorBranch(info *types.Info, u *handles.Unit, stmt *ast.AssignStmt, v *types.Var) *ast.IfStmt {
	var branch *ast.IfStmt
	switch p := u.Parent(stmt).(type) {
	case *ast.IfStmt:
		branch = p
	case *ast.BlockStmt:
		for i, s := range p.List {
			if s == stmt && i+1 < len(p.List) {
				branch, _ = p.List[i+1].(*ast.IfStmt)
			}
		}
	}
	if branch == nil || len(branch.Body.List) == 0 || v == nil {
		return nil
	}
	cond, ok := branch.Cond.(*ast.BinaryExpr)
	if !ok || cond.Op != token.NEQ || !info.Types[cond.Y].IsNil() || !mentions(info, cond.X, v) {
		return nil
	}
	return branch
}

func mentions(info *types.Info, n ast.Node, v *types.Var) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && info.Uses[id] == v {
			found = true
		}
		return !found
	})
	return found
}

func mentionsWait(u *handles.Unit, n ast.Node, g *handles.Group) bool {
	for _, op := range u.Ops {
		if op.Group() == g && op.Callee.Name == "Wait" && n.Pos() <= op.Call.Pos() && op.Call.Pos() < n.End() {
			return true
		}
	}
	return false
}
