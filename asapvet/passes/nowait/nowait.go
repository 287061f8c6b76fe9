// Package nowait finds groups that are not ended.
package nowait

import (
	"go/ast"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/edit"
	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
)

// Analyzer reports a path from New to a return without Wait or Stop.
var Analyzer = check.New(check.Check{
	Name: "nowait",
	Doc: `report groups that are left without Wait or Stop

A group that is not ended leaves its goroutines and its context behind. The check
reports a path from asap.New to a return on which neither Wait nor Stop of the group is
called or deferred, and a group that nobody holds.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run:      run,
})

func run(pass *analysis.Pass) error {
	for _, u := range handles.Of(pass).Units {
		o := order.Of(pass.TypesInfo, u)
		for _, g := range u.Groups {
			if g.Made == "New" && !g.Escapes {
				judge(pass, o, g)
			}
		}
	}
	return nil
}

func judge(pass *analysis.Pass, o *order.Order, g *handles.Group) {
	def := g.Defs[0]
	if g.Var == nil {
		if !dropped(o, def) {
			return
		}
		pass.Report(analysis.Diagnostic{Pos: def.Pos(), End: def.End(), Message: "the group is not ended, and nobody has a handle to end it with; keep it, and Wait or Stop"})
		return
	}
	graph := o.Graph(g.Fn)
	var ends []order.Point
	for _, op := range o.Unit.Ops {
		if op.Group() != g || op.Callee.Name != "Wait" && op.Callee.Name != "Stop" {
			continue
		}
		if !op.Fn.RunsIn(g.Fn) {
			if !within(op.Fn, g) {
				return // ended elsewhere
			}
			continue // in a body of its own: selfwait
		}
		ends = append(ends, graph.Find(op.Call))
	}
	if len(ends) > 0 && check.IsMain(pass, g.Fn.Node) {
		return
	}
	line := 0
	graph.Walk(graph.Find(def), func(p order.Point) bool {
		if slices.Contains(ends, p) {
			return false
		}
		if line == 0 && order.Exits(p) {
			pos := p.Node().Pos()
			line = pass.Fset.Position(pos).Line
		}
		return line == 0
	})
	if line == 0 {
		return
	}
	d := analysis.Diagnostic{Pos: def.Pos(), End: def.End()}
	edit.Messagef(&d, "group %s is not ended on the path that returns at line %d; add \"defer %s.Stop()\" after New", g.Name(), line, g.Name())
	if stmt := edit.Statement(o.Unit, def); stmt != nil && !inLoop(o.Unit, def, g.Fn) {
		d.SuggestedFixes = []analysis.SuggestedFix{edit.InsertAfter(pass.Fset, stmt, "defer "+g.Name()+".Stop()")}
	}
	pass.Report(d)
}

// dropped reports whether nobody keeps the group that def makes.
func dropped(o *order.Order, def ast.Node) bool {
	switch p := o.Unit.Parent(def).(type) {
	case *ast.ExprStmt:
		return true
	case *ast.SelectorExpr: // but New(ctx).Wait()
		return p.Sel.Name != "Wait" && p.Sel.Name != "Stop"
	case *ast.AssignStmt:
		id, ok := p.Lhs[0].(*ast.Ident)
		return ok && len(p.Lhs) == 1 && id.Name == "_"
	}
	return false
}

// inLoop reports whether a loop of f is around n, where a defer would wait for the end
// of f.
func inLoop(u *handles.Unit, n ast.Node, f *handles.Fn) bool {
	for ; n != nil && n != f.Node; n = u.Parent(n) {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		}
	}
	return false
}

// within reports whether f is in a body of g.
func within(f *handles.Fn, g *handles.Group) bool {
	for ; f != nil; f = f.Parent {
		if f.Role == handles.InBody && f.Body != nil && f.Body.Group == g {
			return true
		}
	}
	return false
}
