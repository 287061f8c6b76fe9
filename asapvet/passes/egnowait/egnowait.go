// Package egnowait finds returns that leave goroutines of an errgroup behind.
package egnowait

import (
	"go/ast"

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
		ends = append(ends, graph.Find(op.Call))
	}
	for _, def := range g.Defs {
		ends = append(ends, graph.Find(def)) // another group from here on
	}
	reported := map[order.Point]bool{}
	for _, b := range u.Bodies {
		if b.Group != g || !u.FnOf(b.Call).RunsIn(g.Fn) || harmless(pass, u, b) {
			continue
		}
		graph.Walk(graph.Find(b.Call), func(p order.Point) bool {
			for _, e := range ends {
				if p == e {
					return false
				}
			}
			if order.Exits(p) && !reported[p] {
				reported[p] = true
				pass.Reportf(p.Node().Pos(), "returns while goroutines of %s still run; Wait, or cancel their context first", g.Name())
			}
			return true
		})
	}
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
