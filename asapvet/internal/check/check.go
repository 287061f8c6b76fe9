// Package check makes analyzers: it has what all checks have in common, which is
// when they do not look at a package, where they keep silent, and the page that
// their reports lead to.
package check

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// The packages that checks are about, by import path. None of them is imported.
const (
	Asap     = "github.com/asap-go/asap"
	Flow     = "github.com/asap-go/asap/flow"
	Errgroup = "golang.org/x/sync/errgroup"
)

const page = "https://github.com/asap-go/asap/blob/main/docs/asapvet.md#"

// A Check is one rule.
type Check struct {
	Name string // of its flag, of its section in docs/asapvet.md, and in ignore comments
	Doc  string // begins with one sentence

	// Imports are the packages of which one must be imported; without any the check
	// looks at every package.
	Imports []string

	Requires  []*analysis.Analyzer
	FactTypes []analysis.Fact
	Run       func(*analysis.Pass) error
}

// New returns the analyzer of c. Its reports keep silent in generated files, and
// where a comment says so: see [Ignore].
func New(c Check) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:      c.Name,
		Doc:       c.Doc,
		URL:       page + c.Name,
		Requires:  c.Requires,
		FactTypes: c.FactTypes,
		Run: func(pass *analysis.Pass) (any, error) {
			if len(c.Imports) > 0 && !Imports(pass.Pkg, c.Imports...) {
				return nil, nil
			}
			quiet := *pass
			quiet.Report = func(d analysis.Diagnostic) {
				if !silenced(pass, c.Name, d.Pos) {
					pass.Report(d)
				}
			}
			return nil, c.Run(&quiet)
		},
	}
}

// Imports reports whether pkg imports one of paths by itself.
func Imports(pkg *types.Package, paths ...string) bool {
	for _, p := range pkg.Imports() {
		for _, path := range paths {
			if p.Path() == path {
				return true
			}
		}
	}
	return false
}

func silenced(pass *analysis.Pass, name string, pos token.Pos) bool {
	file := fileOf(pass.Files, pos)
	if file == nil {
		return false
	}
	if ast.IsGenerated(file) {
		return true
	}
	for _, i := range Ignores(pass.Fset, file) {
		if i.Covers(name, pass.Fset.Position(pos).Line) {
			return true
		}
	}
	return false
}

func fileOf(files []*ast.File, pos token.Pos) *ast.File {
	for _, f := range files {
		if f.FileStart <= pos && pos < f.FileEnd {
			return f
		}
	}
	return nil
}

// IsMain reports whether a function is that of a program: its return ends the process.
func IsMain(pass *analysis.Pass, fn ast.Node) bool {
	d, ok := fn.(*ast.FuncDecl)
	return ok && pass.Pkg.Name() == "main" && d.Recv == nil && d.Name.Name == "main"
}
