// Package waterfall finds calls that wait for each other without need: statements
//
//	user, err := s.GetUser(ctx, id)
//	…
//	config, err := s.GetConfig(ctx)
//
// of which the second does not use what the first has found, and both only read.
package waterfall

import (
	"reflect"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
)

// Analyzer reports sites of tier HIGH, or of a lower one as its flag says. Its result
// has those of all tiers, []*[site.Site].
var Analyzer = &analysis.Analyzer{
	Name:       "waterfall",
	Doc:        "find calls that wait for each other without need",
	URL:        "https://github.com/asap-go/asap/blob/main/docs/asapvet.md#waterfall",
	Requires:   []*analysis.Analyzer{effects.Analyzer},
	ResultType: reflect.TypeFor[[]*site.Site](),
	Run:        run,
}

var lowest = site.High

func init() {
	Analyzer.Flags.Func("tier", "the lowest `tier` to report: high, likely or low (default high)", func(s string) (err error) {
		lowest, err = site.ParseTier(s)
		return err
	})
}

func run(pass *analysis.Pass) (any, error) {
	table := pass.ResultOf[effects.Analyzer].(*effects.Table)
	p := &effects.Package{Fset: pass.Fset, Files: pass.Files, Types: pass.Pkg, Info: pass.TypesInfo}
	sites := Find(p, table)
	for _, s := range sites {
		if s.Tier < lowest {
			continue
		}
		d := analysis.Diagnostic{Pos: s.Pos, Message: s.Message()}
		for _, c := range s.Calls {
			d.Related = append(d.Related, analysis.RelatedInformation{Pos: c.Pos, End: c.End, Message: c.Explain(s)})
		}
		pass.Report(d)
	}
	return sites, nil
}
