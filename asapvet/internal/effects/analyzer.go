package effects

import (
	"go/types"
	"reflect"

	"golang.org/x/tools/go/analysis"
)

// Analyzer computes the summaries of a package's functions; its result is a [*Table].
// The summaries of functions that others can call are facts.
//
// Packages of other modules and of the standard library have none: their functions are
// where bodies end, in this analysis as in that of a whole program.
var Analyzer = &analysis.Analyzer{
	Name:       "effects",
	Doc:        "compute what functions do to the world: read, write, answer from a cache",
	URL:        "https://github.com/asap-go/asap/blob/main/docs/asapvet.md#waterfall",
	Run:        run,
	ResultType: reflect.TypeFor[*Table](),
	FactTypes:  []analysis.Fact{new(Summary)},
}

func run(pass *analysis.Pass) (any, error) {
	if isOfOthers(pass) {
		return &Table{}, nil
	}
	p := &Package{Fset: pass.Fset, Files: pass.Files, Types: pass.Pkg, Info: pass.TypesInfo}
	t := Of([]*Package{p}, func(f *types.Func) (Summary, bool) {
		var s Summary
		if f.Pkg() == nil || f.Pkg() == pass.Pkg || !pass.ImportObjectFact(f, &s) {
			return Summary{}, false
		}
		return s, true
	})
	t.Funcs(func(f *types.Func, s Summary) {
		if f.Exported() || isInterfaceMethod(f) {
			pass.ExportObjectFact(f, &s)
		}
	})
	return t, nil
}

// isOfOthers reports whether the package is of the standard library, or of a module
// that is required in some version.
func isOfOthers(pass *analysis.Pass) bool {
	if isStandard(pass.Pkg.Path()) && (pass.Module == nil || pass.Module.Path == "" || pass.Module.Path == "std") {
		return true
	}
	return pass.Module != nil && pass.Module.Version != "" && pass.Module.Version[0] == 'v'
}
