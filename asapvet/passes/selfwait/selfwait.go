// Package selfwait finds bodies that wait for their own group.
package selfwait

import (
	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports Wait and Stop in a body of their own group.
var Analyzer = check.New(check.Check{
	Name: "selfwait",
	Doc: `report bodies that wait for their own group

Wait and Stop return when all bodies of the group have: called in one of them they
never do. A body that wants the group to end returns an error, or an exit.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			for _, op := range u.Ops {
				g := op.Group()
				if g == nil || g.Errgroup || g.Escapes || op.Callee.Name != "Wait" && op.Callee.Name != "Stop" {
					continue
				}
				for f := op.Fn; f != nil; f = f.Parent {
					if f.Role == handles.InBody && f.Body != nil && f.Body.Group == g {
						pass.Reportf(op.Call.Pos(), "%s in a body of its own group never returns", op.Callee.Name)
						break
					}
				}
			}
		}
		return nil
	},
})
