// Package lostexit finds exits that end nothing.
package lostexit

import (
	"go/ast"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports the error of an exit that is not returned, or to another group.
var Analyzer = check.New(check.Check{
	Name: "lostexit",
	Doc: `report exits that are not returned

Exit.With only makes an error: the group ends when a body of it returns that. In
another group, which is not nested in a body of the exit's, it is a failure like any.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, op := range u.Ops {
				if op.Callee.Path == check.Asap && op.Callee.Recv == "Exit" && op.Callee.Name == "With" {
					judge(pass, u, op)
				}
			}
		}
		return nil
	},
})

func judge(pass *analysis.Pass, u *handles.Unit, op *handles.Op) {
	d := analysis.Diagnostic{Pos: op.Call.Pos(), End: op.Call.End(), Message: "With only makes the error; return it"}
	switch p := u.Parent(op.Call).(type) {
	case *ast.ExprStmt:
		if results := op.Fn.Type().Results; op.Fn.Role == handles.InBody && results != nil && len(results.List) == 1 && len(results.List[0].Names) < 2 {
			edits := []analysis.TextEdit{{Pos: p.Pos(), End: p.Pos(), NewText: []byte("return ")}}
			if next := following(u, p); next != nil { // which nobody reaches then
				edits = append(edits, analysis.TextEdit{Pos: p.End(), End: next.End()})
			}
			d.SuggestedFixes = []analysis.SuggestedFix{{Message: "Return it", TextEdits: edits}}
		}
		pass.Report(d)
	case *ast.DeferStmt, *ast.GoStmt:
		pass.Report(d)
	case *ast.AssignStmt:
		if id, ok := p.Lhs[0].(*ast.Ident); ok && len(p.Lhs) == 1 && id.Name == "_" {
			pass.Report(d)
		}
	case *ast.ReturnStmt:
		x, ok := op.Recv.(*handles.Exit)
		body := op.Fn.Enclosing()
		if !ok || x.Escapes || x.Group == nil || x.Group.Escapes || op.Fn.Role != handles.InBody || body == nil || body.Group == nil || body.Group.Escapes {
			return
		}
		for f := op.Fn; f != nil; f = f.Parent {
			if f.Role == handles.InBody && (f.Body == nil || f.Body.Group == nil || f.Body.Group == x.Group) {
				return
			}
		}
		d.Message = "exit " + name(x) + " is of group " + x.Group.Name() + ": returned from a body of group " + body.Group.Name() + " it is a failure of that one"
		pass.Report(d)
	}
}

// following returns the return after stmt, if it is the next statement.
func following(u *handles.Unit, stmt ast.Stmt) ast.Stmt {
	block, ok := u.Parent(stmt).(*ast.BlockStmt)
	if !ok {
		return nil
	}
	if i := slices.Index(block.List, stmt); i+1 < len(block.List) {
		if next, ok := block.List[i+1].(*ast.ReturnStmt); ok {
			return next
		}
	}
	return nil
}

func name(x *handles.Exit) string {
	if x.Var == nil {
		return ""
	}
	return x.Var.Name()
}
