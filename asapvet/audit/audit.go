package audit

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/load"
	"github.com/asap-go/asap/asapvet/internal/site"
	"github.com/asap-go/asap/asapvet/passes/waterfall"
)

// Config says what to audit.
type Config struct {
	Dir      string   // where patterns and files count from; "" is the working directory
	Patterns []string // as of the go command
	Tags     []string // build tags
	Tests    bool     // also test files

	Traces  []string      // files with execution traces
	Spans   []string      // files with OTLP or Jaeger JSON
	Tier    string        // the lowest that is listed: high, likely or low, which is ""
	Package string        // a pattern of import paths: sites elsewhere are left out
	Min     time.Duration // what a call has to take to count; 0 means 1 ms
}

// Run audits packages. It neither runs nor builds what it looks at. It fails if a
// pattern names nothing and if a recording is none, never for code that does not
// compile or misses what it imports.
func Run(cfg Config) (*Report, error) {
	tier, err := site.ParseTier(cmp.Or(cfg.Tier, "low"))
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Concat(cfg.Traces, cfg.Spans) {
		if _, err := os.Stat(name); err != nil { // before the work
			return nil, err
		}
	}
	prog, err := load.Load(load.Config{Dir: cfg.Dir, Tags: cfg.Tags, Tests: cfg.Tests}, cfg.Patterns...)
	if err != nil {
		return nil, err
	}
	r := &Report{Version: Version, Sites: []*Site{}, measured: len(cfg.Traces)+len(cfg.Spans) > 0}
	r.Summary = Summary{Packages: len(prog.Packages), Lines: prog.Lines, Missing: prog.Missing}
	a := &audit{Config: cfg, program: prog, report: r, graph: newGraph(prog)}
	if a.root, err = filepath.Abs(cmp.Or(cfg.Dir, ".")); err != nil {
		return nil, err
	}
	places := a.find()
	if len(cfg.Traces) > 0 {
		if err := readTraces(cfg.Traces, places, &r.Summary); err != nil {
			return nil, err
		}
	}
	if len(cfg.Spans) > 0 {
		if r.Unmatched, err = readSpans(cfg.Spans, places, a.graph); err != nil {
			return nil, err
		}
	}
	least := milliseconds(cmp.Or(cfg.Min, time.Millisecond))
	for _, p := range places {
		p.measure(p.samples, least)
		switch {
		case p.tier == site.Declined:
			if p.worth {
				r.Unproven = append(r.Unproven, p.Site)
			}
		case p.tier >= tier:
			r.Sites = append(r.Sites, p.Site)
		}
	}
	order(r.Sites)
	order(r.Unproven)
	return r, nil
}

// audit is the state of Run.
type audit struct {
	Config
	root    string
	program *load.Program
	report  *Report
	graph   *graph
}

// find returns the places of all tiers.
func (a *audit) find() []*place {
	var all []*effects.Package
	for _, p := range a.program.Packages {
		all = append(all, &effects.Package{Fset: a.program.Fset, Files: p.Files, Types: p.Types, Info: p.Info})
	}
	var table *effects.Table
	if err := safely(func() { table = effects.Of(all, nil) }); err != nil {
		a.report.Summary.Failed = append(a.report.Summary.Failed, "all packages: "+err.Error())
		return nil
	}
	var places []*place
	for i, p := range a.program.Packages {
		if a.Package != "" && !matches(a.Package, p.Path) {
			continue
		}
		var sites []*site.Site
		if err := safely(func() { sites = waterfall.Find(all[i], table) }); err != nil {
			a.report.Summary.Failed = append(a.report.Summary.Failed, p.Path+": "+err.Error())
		}
		for _, s := range sites {
			if s.Kind != site.Sequential {
				continue
			}
			if q := a.place(p, s); q != nil {
				places = append(places, q)
			}
		}
	}
	return places
}

// safely turns a panic into an error: code that does not compile has more forms than
// anybody has tried.
func safely(f func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	f()
	return nil
}

// place makes the report's form of a site.
func (a *audit) place(p *load.Package, s *site.Site) *place {
	in := functionAt(a.program.Fset, p, s.Pos)
	if in == nil || len(s.Calls) < 2 {
		return nil
	}
	at := a.program.Fset.Position(s.Pos)
	q := &place{in: in, tier: s.Tier, Site: &Site{
		File: a.name(at.Filename), Line: at.Line, Package: p.Path, Func: in.name(), Tier: s.Tier.String(), Why: s.Why,
	}}
	if fn, ok := p.Info.Defs[in.decl.Name].(*types.Func); ok {
		if n := a.graph.nodes[fn]; n != nil && n.from != nil {
			q.From = declName(n.from.decl)
			if n.from.pkg != p {
				q.From = n.from.pkg.Types.Name() + "." + q.From
			}
		}
	}
	for _, c := range s.Calls {
		call := Call{Name: c.Name, Line: c.Line, Needs: append([]int{}, c.Needs...)}
		for _, u := range c.Uses {
			call.uses = append(call.uses, fmt.Sprintf("%s, line %d", u.Text, u.Line))
		}
		q.Calls = append(q.Calls, call)
		q.lines = append(q.lines, lines{in.line(c.Pos), in.line(c.End)})
		q.calls = append(q.calls, callAt(in, c))
	}
	q.Levels = q.levels(0)
	return q
}

// callAt is the expression of a site's call.
func callAt(in *function, c site.Call) (found *ast.CallExpr) {
	ast.Inspect(in.node, func(n ast.Node) bool {
		if n == nil || n.End() < c.Pos || c.End < n.Pos() {
			return false
		}
		if call, ok := n.(*ast.CallExpr); ok && call.Pos() == c.Pos && call.End() == c.End {
			found = call
		}
		return true
	})
	return found
}

func calleeOf(p *load.Package, c *ast.CallExpr) *types.Func {
	fun := ast.Unparen(c.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	var id *ast.Ident
	switch x := fun.(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	default:
		return nil
	}
	fn, _ := p.Info.Uses[id].(*types.Func)
	if fn == nil {
		return nil
	}
	return fn.Origin()
}

func (a *audit) name(file string) string {
	if rel, err := filepath.Rel(a.root, file); err == nil && filepath.IsLocal(rel) {
		file = rel
	}
	return filepath.ToSlash(file)
}

// matches tells whether an import path matches a pattern: with ... for anything, or a
// part of the path as its last elements.
func matches(pattern, pkg string) bool {
	pattern = strings.TrimPrefix(pattern, "./")
	if !strings.Contains(pattern, "...") {
		return pkg == pattern || strings.HasSuffix(pkg, "/"+pattern)
	}
	glob := strings.Split(pattern, "...")
	prefix, suffix := strings.TrimSuffix(glob[0], "/"), glob[len(glob)-1]
	inside := pkg == prefix || strings.HasPrefix(pkg, glob[0]) || strings.Contains(pkg, "/"+glob[0]) || strings.HasSuffix(pkg, "/"+prefix)
	return inside && strings.HasSuffix(pkg, suffix)
}

// order puts first what is worth the most: what is measured and worth it, by what it
// saves of all calls; then what is measured; then what is not, by tier, by the levels
// that it saves and by whether a handler comes to it.
func order(sites []*Site) {
	for _, s := range sites {
		switch {
		case s.Count > 0 && s.worth:
			s.rank = 0
		case s.Count > 0:
			s.rank = 1
		case s.Mark == Stale:
			s.rank = 3
		default:
			s.rank = 2
		}
	}
	tiers := []string{"high", "likely", "low", "declined"}
	slices.SortStableFunc(sites, func(a, b *Site) int {
		if c := cmp.Compare(a.rank, b.rank); c != 0 {
			return c
		}
		if a.rank < 2 {
			if c := cmp.Compare(b.Saves*float64(b.Count), a.Saves*float64(a.Count)); c != 0 {
				return c
			}
		}
		reached := func(s *Site) int {
			if s.From != "" {
				return 0
			}
			return 1
		}
		return cmp.Or(
			cmp.Compare(slices.Index(tiers, a.Tier), slices.Index(tiers, b.Tier)),
			cmp.Compare(b.Levels[0]-b.Levels[1], a.Levels[0]-a.Levels[1]),
			cmp.Compare(reached(a), reached(b)),
			cmp.Compare(path.Dir(a.File), path.Dir(b.File)),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
		)
	})
}
