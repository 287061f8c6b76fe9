package suite_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/asap-go/asap/asapvet/internal/load"
	"github.com/asap-go/asap/asapvet/internal/vettest"
	"github.com/asap-go/asap/asapvet/suite"
)

// TestMutants makes one mistake after the other in functions that have none, wherever
// it can be made, and has each of them found.
func TestMutants(t *testing.T) {
	w := newWorkshop(t)
	clean := w.check(t, nil)
	if len(clean) > 0 {
		t.Fatalf("the flows without mistakes have reports: %v", clean)
	}
	counts, missed := map[string]int{}, 0
	flows := map[string]bool{}
	for i, m := range w.mutants() {
		if testing.Short() && i%5 > 0 {
			continue
		}
		reports := w.check(t, &m)
		counts[m.check]++
		flows[m.flow] = true
		if !slices.ContainsFunc(reports, func(r report) bool { return r.Check == m.check }) {
			missed++
			t.Errorf("%s in %s at %s is not reported by %s, only %v", m.name, m.flow, w.fset.Position(m.edits[len(m.edits)-1].pos), m.check, reports)
		}
	}
	total := 0
	for _, check := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%-12s %4d", check, counts[check])
		total += counts[check]
	}
	t.Logf("%d mutants of %d flows, %d missed", total, len(flows), missed)
	if total < 200 || len(flows) < 15 {
		t.Errorf("%d mutants of %d flows, want at least 200 of 15", total, len(flows))
	}
}

// A workshop has the flows, and type-checks what is made of them.
type workshop struct {
	fset    *token.FileSet
	names   []string
	source  map[string][]byte
	files   []*ast.File
	info    *types.Info
	imports types.Importer
}

// stubs imports the stubs of vettest, and the standard library from its source.
type stubs struct {
	dir  string
	fset *token.FileSet
	std  types.Importer
	done map[string]*types.Package
}

func (s *stubs) Import(name string) (*types.Package, error) {
	if p := s.done[name]; p != nil {
		return p, nil
	}
	if !strings.Contains(name, ".") {
		return s.std.Import(name)
	}
	pkgs, err := filepath.Glob(filepath.Join(s.dir, "src", name, "*.go"))
	if err != nil || len(pkgs) == 0 {
		return nil, fmt.Errorf("no stub of %s", name)
	}
	var files []*ast.File
	for _, f := range pkgs {
		file, err := parser.ParseFile(s.fset, f, nil, 0)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	p, err := (&types.Config{Importer: s}).Check(name, s.fset, files, nil)
	s.done[name] = p
	return p, err
}

func newWorkshop(t testing.TB) *workshop {
	w := &workshop{fset: token.NewFileSet(), source: map[string][]byte{}}
	w.imports = &stubs{vettest.Dir(t), w.fset, importer.ForCompiler(w.fset, "source", nil), map[string]*types.Package{}}
	var err error
	if w.names, err = filepath.Glob("testdata/flows/*.go"); err != nil {
		t.Fatal(err)
	}
	for _, name := range w.names {
		if w.source[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	w.files, w.info, _ = w.load(t, nil)
	return w
}

// load type-checks the flows with the edits of m.
func (w *workshop) load(t testing.TB, m *mutant) ([]*ast.File, *types.Info, *types.Package) {
	var files []*ast.File
	for i, name := range w.names {
		if m != nil && m.file != name { // needs only what is declared in shop.go
			if filepath.Base(name) == "shop.go" {
				files = append(files, w.files[i])
			}
			continue
		}
		src := w.source[name]
		if m != nil {
			src = m.apply(w.fset, src)
		}
		file, err := parser.ParseFile(w.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%v: %v\n%s", m, err, src)
		}
		files = append(files, file)
	}
	info := newInfo()
	pkg, err := (&types.Config{Importer: w.imports}).Check("flows", w.fset, files, info)
	if err != nil {
		t.Fatalf("%v does not compile: %v", m, err)
	}
	return files, info, pkg
}

func newInfo() *types.Info {
	return &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Implicits: map[ast.Node]types.Object{}, Scopes: map[ast.Node]*types.Scope{},
		Instances: map[*ast.Ident]types.Instance{}, FileVersions: map[*ast.File]string{},
	}
}

// check returns what the checks that are on by default say of a mutant.
func (w *workshop) check(t testing.TB, m *mutant) []report {
	files, info, pkg := w.load(t, m)
	p := &load.Program{Fset: w.fset, Sizes: types.SizesFor("gc", "amd64")}
	reports, err := runChecks(p, &load.Package{Path: "flows", Files: files, Types: pkg, Info: info}, suite.Default()...)
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

// A mutant is a mistake in a flow.
type mutant struct {
	check, name, flow, file string
	edits                   []textEdit
}

func (m *mutant) String() string {
	if m == nil {
		return "the clean code"
	}
	return m.check + ": " + m.name + " in " + m.flow
}

// A textEdit puts text in the place of what is from pos to end.
type textEdit struct {
	pos, end token.Pos
	text     string
}

func (m *mutant) apply(fset *token.FileSet, src []byte) []byte {
	edits := slices.Clone(m.edits)
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].pos < edits[j].pos })
	var out []byte
	at := 0
	for _, e := range edits {
		from, to := fset.Position(e.pos).Offset, fset.Position(e.end).Offset
		out = append(append(out, src[at:from]...), e.text...)
		at = to
	}
	return append(out, src[at:]...)
}
