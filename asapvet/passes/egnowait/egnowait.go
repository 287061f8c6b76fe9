// Package egnowait finds returns that leave goroutines of an errgroup behind.
package egnowait

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
)

// Analyzer reports a return after Go without Wait.
var Analyzer = check.New(check.Check{
	Name: "egnowait",
	Doc: `report returns that leave goroutines of an errgroup running

What the goroutines write is read by nobody then, or by somebody else; locks,
transactions and files that the caller ends are used after their end, and a panic of
theirs comes from nowhere. An early return between Go and Wait is how it happens.`,
	Imports:  []string{check.Errgroup},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			o := order.Of(pass.TypesInfo, u)
			for _, g := range u.Groups {
				if g.Errgroup && !g.Escapes {
					judge(pass, o, g)
				}
			}
		}
		return nil
	},
})

func judge(pass *analysis.Pass, o *order.Order, g *handles.Group) {
	u := o.Unit
	graph := o.Graph(g.Fn)
	var ends []order.Point
	for _, op := range u.Ops {
		if op.Group() != g || op.Callee.Name != "Wait" {
			continue
		}
		if !op.Fn.RunsIn(g.Fn) {
			return // waited for elsewhere
		}
		if _, ok := u.Parent(op.Call).(*ast.DeferStmt); ok || op.Fn.DeferredIn(g.Fn) {
			return // on every path from there on, and nobody writes it after a Go for some
		}
		ends = append(ends, graph.Find(op.Call))
	}
	if cancels(pass, u, g) || len(ends) > 0 && check.IsMain(pass, g.Fn.Node) {
		return
	}
	for _, def := range g.Defs {
		ends = append(ends, graph.Find(def)) // another group from here on
	}
	var first ast.Node
	for _, b := range u.Bodies {
		if b.Group != g || !u.FnOf(b.Call).RunsIn(g.Fn) || harmless(pass, u, b) {
			continue
		}
		graph.Walk(graph.Find(b.Call), func(p order.Point) bool {
			if slices.Contains(ends, p) {
				return false
			}
			if order.Exits(p) && (first == nil || p.Node().Pos() < first.Pos()) {
				first = p.Node()
			}
			return true
		})
	}
	if first != nil {
		pass.Reportf(first.Pos(), "returns while goroutines of %s still run; Wait, or cancel their context first", g.Name())
	}
}

// cancels reports whether the function cancels the context that that of g is derived
// from whenever it returns.
func cancels(pass *analysis.Pass, u *handles.Unit, g *handles.Group) bool {
	if len(g.Defs) != 1 {
		return false
	}
	outer := outerOf(pass, g.Defs[0])
	if outer == nil {
		return false
	}
	cancel := map[types.Object]bool{}
	found := false
	for _, stmt := range g.Fn.Block().List { // ctx, cancel := …; defer cancel()
		if stmt.End() > g.Defs[0].Pos() {
			break
		}
		switch s := stmt.(type) {
		case *ast.AssignStmt:
			if len(s.Lhs) == 2 && len(s.Rhs) == 1 {
				ctx, ok1 := s.Lhs[0].(*ast.Ident)
				end, ok2 := s.Lhs[1].(*ast.Ident)
				if ok1 && ok2 && pass.TypesInfo.ObjectOf(ctx) == outer {
					cancel[pass.TypesInfo.ObjectOf(end)] = true
				}
			}
		case *ast.DeferStmt:
			ast.Inspect(s, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && cancel[pass.TypesInfo.Uses[id]] {
					found = true
				}
				return true
			})
		}
	}
	return found
}

// outerOf returns the context that a definition gives to errgroup.WithContext.
func outerOf(pass *analysis.Pass, def ast.Node) types.Object {
	var values []ast.Expr
	switch d := def.(type) {
	case *ast.AssignStmt:
		values = d.Rhs
	case *ast.ValueSpec:
		values = d.Values
	}
	if len(values) != 1 {
		return nil
	}
	call, ok := values[0].(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return nil
	}
	id, ok := call.Args[0].(*ast.Ident)
	if !ok {
		return nil
	}
	return pass.TypesInfo.Uses[id]
}

// harmless reports whether b only uses what a deferred Close before it ends: copying
// to and from a connection, say.
func harmless(pass *analysis.Pass, u *handles.Unit, b *handles.Body) bool {
	if b.Fn == nil {
		return false
	}
	closed := map[any]bool{}
	ast.Inspect(u.FnOf(b.Call).Block(), func(n ast.Node) bool {
		d, ok := n.(*ast.DeferStmt)
		if !ok || d.Pos() > b.Call.Pos() {
			return true
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Close" {
				if id, ok := sel.X.(*ast.Ident); ok {
					closed[pass.TypesInfo.Uses[id]] = true
				}
			}
			return true
		})
		return true
	})
	uses := false
	ast.Inspect(b.Fn.Block(), func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && closed[pass.TypesInfo.Uses[id]] && pass.TypesInfo.Uses[id] != nil {
			uses = true
		}
		return true
	})
	return uses && len(b.Fn.Block().List) <= 3
}
