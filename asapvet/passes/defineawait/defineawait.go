// Package defineawait finds builds of flows that look at values.
package defineawait

import (
	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports what a build, and a body, of a flow must not do.
var Analyzer = check.New(check.Check{
	Name: "defineawait",
	Doc: `report flows that wait or look at values where they are built

The function given to flow.Define declares tasks: no value is there until it has
returned. A body of a flow reads what it needs, and awaits no task of the flow.`,
	Imports:  []string{check.Flow},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, op := range u.Ops {
				judge(pass, op)
			}
		}
		return nil
	},
})

func judge(pass *analysis.Pass, op *handles.Op) {
	var g *handles.Group
	switch r := op.Recv.(type) {
	case *handles.Group:
		g = r
		if op.Callee.Name != "Wait" && op.Callee.Name != "Stop" {
			return
		}
	case *handles.Task:
		g = r.Group
		switch op.Callee.Name {
		case "Value", "Result", "Err", "Await", "Get":
		default:
			return
		}
		if r.Escapes || r.Method == "Input" {
			return
		}
	}
	if g == nil || g.Escapes || g.Made != "Define" {
		return
	}
	switch {
	case op.Fn.RunsIn(g.Fn):
		pass.Reportf(op.Call.Pos(), "build runs before any value is there")
	case op.Callee.Name == "Await" && op.Fn.Enclosing() != nil && op.Fn.Enclosing().Group == g:
		name := op.Task().Name()
		pass.Reportf(op.Call.Pos(), "a body of a flow awaits no task of it; declare it with Needs(%s), and read %s.Get", name, name)
	}
}
