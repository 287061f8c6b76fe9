// Package run runs checks on packages that were loaded from their sources, also with
// errors in their types.
package run

import (
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/load"
)

// A Report is what a check says of a place.
type Report struct {
	Check string
	At    token.Position
	analysis.Diagnostic
}

// Package runs the checks on q, a package of p. Nothing is known of other packages:
// there are no facts.
func Package(p *load.Program, q *load.Package, checks ...*analysis.Analyzer) ([]Report, error) {
	var reports []Report
	results := map[*analysis.Analyzer]any{}
	var run func(a *analysis.Analyzer) error
	run = func(a *analysis.Analyzer) error {
		if _, ok := results[a]; ok {
			return nil
		}
		pass := &analysis.Pass{
			Analyzer: a, Fset: p.Fset, Files: q.Files, Pkg: q.Types, TypesInfo: q.Info, TypesSizes: p.Sizes,
			ResultOf:          map[*analysis.Analyzer]any{},
			ImportObjectFact:  func(types.Object, analysis.Fact) bool { return false },
			ExportObjectFact:  func(types.Object, analysis.Fact) {},
			ImportPackageFact: func(*types.Package, analysis.Fact) bool { return false },
			ExportPackageFact: func(analysis.Fact) {},
			AllObjectFacts:    func() []analysis.ObjectFact { return nil },
			AllPackageFacts:   func() []analysis.PackageFact { return nil },
			Report: func(d analysis.Diagnostic) {
				reports = append(reports, Report{a.Name, p.Fset.Position(d.Pos), d})
			},
		}
		for _, r := range a.Requires {
			if err := run(r); err != nil {
				return err
			}
			pass.ResultOf[r] = results[r]
		}
		result, err := a.Run(pass)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", a.Name, q.Path, err)
		}
		results[a] = result
		return nil
	}
	for _, a := range checks {
		if q.Types == nil {
			q.Types = types.NewPackage(q.Path, "")
		}
		if err := run(a); err != nil {
			return reports, err
		}
	}
	return reports, nil
}
