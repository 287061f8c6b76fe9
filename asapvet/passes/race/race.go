// Package race finds variables that bodies assign at the same time.
package race

import (
	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
	"github.com/asap-go/asap/asapvet/internal/races"
)

// Analyzer reports variables that are assigned in a body and used beside it.
var Analyzer = check.New(check.Check{
	Name: "race",
	Doc: `report variables that bodies assign at the same time

A variable, a field or a map that is assigned in a body and used in another one, or in
the function around, is a race unless a dependency, an await, or Wait is between. The
classic is an err of the function. The check knows what is declared; with a lock, a
channel or an atomic in both it says nothing.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			o := order.Of(pass.TypesInfo, u)
			for _, r := range races.Find(o, false) {
				pass.Report(r.Diagnostic(pass, u))
			}
		}
		return nil
	},
})
