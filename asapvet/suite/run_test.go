package suite_test

import (
	"go/token"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/drive"
	"github.com/asap-go/asap/asapvet/internal/load"
)

// A report is what a check says of a place.
type report struct {
	Check string
	At    token.Position
	analysis.Diagnostic
}

// runChecks runs the checks on q, as if it were all of p.
func runChecks(p *load.Program, q *load.Package, checks ...*analysis.Analyzer) ([]report, error) {
	var reports []report
	one := &load.Program{Fset: p.Fset, Sizes: p.Sizes, Packages: []*load.Package{q}}
	for _, r := range drive.Run(one, checks...) {
		if r.Err != nil {
			return reports, r.Err
		}
		for _, d := range r.Diagnostics {
			reports = append(reports, report{r.Analyzer.Name, p.Fset.Position(d.Pos), d})
		}
	}
	return reports, nil
}
