// Package drive runs analyzers on what package load has loaded, also on packages that
// have type errors. Facts are shared by the packages that are named; of others there
// are none.
package drive

import (
	"fmt"
	"go/types"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/load"
)

// Result is what an analyzer made of a package.
type Result struct {
	Analyzer    *analysis.Analyzer
	Package     *load.Package
	Value       any // as Analyzer.Run returned it
	Diagnostics []analysis.Diagnostic
	Err         error // that it returned, or its panic; the others go on
}

// Run runs analyzers and what they require on each package of a program, after those
// that the package imports. The results are in the order of the packages.
func Run(p *load.Program, analyzers ...*analysis.Analyzer) []Result {
	r := &run{program: p, facts: make(map[factKey]analysis.Fact)}
	results := make([][]Result, len(p.Packages))
	done := make(map[*load.Package]chan struct{})
	for _, q := range p.Packages {
		done[q] = make(chan struct{})
	}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, q := range p.Packages { // imports first: those that run wait for none without a slot
		slots <- struct{}{}
		wg.Go(func() { // Run waits for it
			defer func() { <-slots }()
			defer close(done[q])
			for _, imported := range q.Imports {
				if c := done[imported]; c != nil { // else it is not one of those to run on
					<-c
				}
			}
			one := &onePackage{run: r, Package: q, done: make(map[*analysis.Analyzer]*Result)}
			for _, a := range analyzers {
				results[i] = append(results[i], *one.analyze(a))
			}
		})
	}
	wg.Wait()
	return slices.Concat(results...)
}

// run is the state of Run.
type run struct {
	program *load.Program
	mu      sync.Mutex
	facts   map[factKey]analysis.Fact
}

// factKey says of whom a fact is: of an object, or of a package.
type factKey struct {
	a   *analysis.Analyzer
	of  any
	typ reflect.Type
}

func (r *run) get(k factKey, to analysis.Fact) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.facts[k]
	if ok {
		reflect.ValueOf(to).Elem().Set(reflect.ValueOf(f).Elem())
	}
	return ok
}

func (r *run) set(k factKey, f analysis.Fact) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts[k] = f
}

// onePackage has what the analyzers made of one package.
type onePackage struct {
	*run
	*load.Package
	done map[*analysis.Analyzer]*Result
}

func (o *onePackage) analyze(a *analysis.Analyzer) *Result {
	if r := o.done[a]; r != nil {
		return r
	}
	r := &Result{Analyzer: a, Package: o.Package}
	o.done[a] = r
	results := make(map[*analysis.Analyzer]any)
	for _, other := range a.Requires {
		q := o.analyze(other)
		if q.Err != nil {
			r.Err = q.Err
			return r
		}
		results[other] = q.Value
	}
	pass := &analysis.Pass{
		Analyzer: a, Fset: o.program.Fset, Files: o.Files, Pkg: o.Types, TypesInfo: o.Info,
		TypesSizes: o.program.Sizes, TypeErrors: o.Errors, ResultOf: results,
		Module:   &analysis.Module{Path: o.Module, GoVersion: trimGo(o.GoVersion)},
		ReadFile: os.ReadFile,
		Report:   func(d analysis.Diagnostic) { r.Diagnostics = append(r.Diagnostics, d) },
		ImportObjectFact: func(obj types.Object, f analysis.Fact) bool {
			return o.get(factKey{a, obj, reflect.TypeOf(f)}, f)
		},
		ExportObjectFact: func(obj types.Object, f analysis.Fact) { o.set(factKey{a, obj, reflect.TypeOf(f)}, f) },
		ImportPackageFact: func(pkg *types.Package, f analysis.Fact) bool {
			return o.get(factKey{a, pkg, reflect.TypeOf(f)}, f)
		},
		ExportPackageFact: func(f analysis.Fact) { o.set(factKey{a, o.Types, reflect.TypeOf(f)}, f) },
		AllObjectFacts: func() (list []analysis.ObjectFact) {
			o.each(a, func(of any, f analysis.Fact) {
				if obj, ok := of.(types.Object); ok {
					list = append(list, analysis.ObjectFact{Object: obj, Fact: f})
				}
			})
			return list
		},
		AllPackageFacts: func() (list []analysis.PackageFact) {
			o.each(a, func(of any, f analysis.Fact) {
				if pkg, ok := of.(*types.Package); ok {
					list = append(list, analysis.PackageFact{Package: pkg, Fact: f})
				}
			})
			return list
		},
	}
	func() {
		defer func() {
			if v := recover(); v != nil {
				r.Err = fmt.Errorf("%s on %s: panic: %v\n%s", a.Name, o.Path, v, debug.Stack())
			}
		}()
		r.Value, r.Err = a.Run(pass)
	}()
	return r
}

func (r *run) each(a *analysis.Analyzer, do func(of any, f analysis.Fact)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, f := range r.facts {
		if k.a == a {
			do(k.of, f)
		}
	}
}

func trimGo(version string) string {
	if len(version) > 2 {
		return version[2:]
	}
	return ""
}
