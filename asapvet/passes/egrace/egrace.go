// Package egrace finds variables that bodies of an errgroup assign at the same time.
package egrace

import (
	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
	"github.com/asap-go/asap/asapvet/internal/races"
)

// Analyzer reports variables that are assigned in a body and used beside it.
var Analyzer = check.New(check.Check{
	Name: "egrace",
	Doc: `report variables that bodies of an errgroup assign at the same time

A variable that is assigned in a body and used in another one, or in the function
around before Wait, is a race, and so is one that the body of a loop assigns. The
classic is "x, err = f()" with the err of the function.`,
	Imports:  []string{check.Errgroup},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			o := order.Of(pass.TypesInfo, u)
			for _, r := range races.Find(o, true) {
				pass.Report(r.Diagnostic(pass, u))
			}
		}
		return nil
	},
})
