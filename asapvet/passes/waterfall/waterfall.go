// Package waterfall finds calls that wait for each other without need: statements
//
//	user, err := s.GetUser(ctx, id)
//	…
//	config, err := s.GetConfig(ctx)
//
// of which the second does not use what the first has found, and both only read.
package waterfall

import (
	"errors"
	"go/version"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/rewrite"
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
	f := newFinder(p, table)
	for _, s := range f.sites {
		if s.Tier < lowest || f.ignored(s) {
			continue
		}
		f.addFix(s, pass.ReadFile)
		d := analysis.Diagnostic{Pos: s.Pos, Message: s.Message()}
		if s.Fix != nil {
			edits := make([]analysis.TextEdit, len(s.Fix.Edits))
			for i, e := range s.Fix.Edits {
				edits[i] = analysis.TextEdit{Pos: e.Pos, End: e.End, NewText: e.Text}
			}
			d.SuggestedFixes = []analysis.SuggestedFix{{Message: s.Fix.Message, TextEdits: edits}}
		} else {
			d.Message += "; no fix: " + s.NoFix
		}
		for _, c := range s.Calls {
			d.Related = append(d.Related, analysis.RelatedInformation{Pos: c.Pos, End: c.End, Message: c.Explain(s)})
		}
		pass.Report(d)
	}
	return f.sites, nil
}

// ignored reports whether a comment at a site says that it is not to be reported.
func (f *finder) ignored(s *site.Site) bool {
	file := f.plans[s].file
	return file != nil && slices.ContainsFunc(check.Ignores(f.p.Fset, file), func(i check.Ignore) bool {
		return i.Covers("waterfall", s.Line)
	})
}

// addFix adds a fix to a site, or why there is none.
func (f *finder) addFix(s *site.Site, read func(string) ([]byte, error)) {
	module, err := moduleAllows(s.File)
	if err == nil {
		var src []byte
		if src, err = read(s.File); err == nil {
			var edits []rewrite.Edit
			if edits, err = f.fix(s, src, module); err == nil {
				s.Fix = &site.Fix{Message: "start the calls early, and await them where they were"}
				for _, e := range edits {
					s.Fix.Edits = append(s.Fix.Edits, site.Edit(e))
				}
				return
			}
		}
	}
	s.NoFix = err.Error()
}

// anyModule lets fixes be made in modules that could not use them.
var anyModule bool

// moduleAllows returns the path of the module that a file is in, and an error if its
// code cannot use asap yet. A file in no module may.
func moduleAllows(file string) (string, error) {
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		name := filepath.Join(dir, "go.mod")
		data, err := os.ReadFile(name)
		if err != nil {
			if dir == filepath.Dir(dir) {
				return "", nil
			}
			continue
		}
		m, err := modfile.ParseLax(name, data, nil)
		if err != nil || m.Module == nil {
			return "", nil
		}
		path := m.Module.Mod.Path
		if anyModule || path == asapPath {
			return path, nil
		}
		if m.Go == nil || version.Compare("go"+m.Go.Version, "go1.27") < 0 {
			return path, errors.New("asap needs go 1.27 in go.mod")
		}
		for _, r := range m.Require {
			if r.Mod.Path == asapPath {
				return path, nil
			}
		}
		return path, errors.New("the module does not require " + asapPath + "; go get it first")
	}
}
