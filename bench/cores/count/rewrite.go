// Package count makes an instrumented copy of the engine, in which every
// operation on a word that goroutines share is counted by package tally, and
// builds the benchmark with it. The engine's own source stays as it is, and
// the copy lives as long as the build.
package count

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/asap-go/asap/bench/cores/tally"
)

const tallyPath = "github.com/asap-go/asap/bench/cores/tally"

// Rewrite returns the instrumented text of those files of package asap that
// need it, by name, and one file more. It fails when the engine no longer has
// what the counts are about, and says what to look for.
func Rewrite(files map[string][]byte) (map[string][]byte, error) {
	r := &rewriter{fset: token.NewFileSet(), seen: map[string]bool{}}
	out := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := parser.ParseFile(r.fset, name, files[name], parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if !r.file(f) {
			continue
		}
		var b bytes.Buffer
		if err := format.Node(&b, r.fset, f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = b.Bytes()
	}
	for _, want := range []string{
		"in CompareAndSwap", "in Swap", "list CompareAndSwap", "list Swap", "live CompareAndSwap", "live Add",
		"searchers CompareAndSwap", "searchers Add", "pending AddUint32", "mu Lock", "start go", "func pop",
	} {
		if !r.seen[want] {
			return nil, fmt.Errorf("count: the engine has no %q any more: look for what took its place, and name it here", want)
		}
	}
	out["tally_hooks.go"] = r.hooks()
	return out, nil
}

type rewriter struct {
	fset  *token.FileSet
	sites []tally.Site
	seen  map[string]bool
	pop   *ast.FuncType // of relay.pop, which returns the node first
}

// file instruments f in place and reports whether there was anything to do.
func (r *rewriter) file(f *ast.File) bool {
	before := len(r.sites)
	hooked := false
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		name := funcName(fn)
		r.body(name, fn.Body)
		if name == "relay.pop" && fn.Type.Results != nil {
			r.pop = fn.Type
			fn.Name.Name = "popUncounted"
			r.seen["func pop"], hooked = true, true
		}
	}
	if len(r.sites) == before {
		return hooked
	}
	spec := &ast.ImportSpec{Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(tallyPath)}}
	f.Decls = append([]ast.Decl{&ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{spec}}}, f.Decls...)
	return true
}

// body instruments the operations of one function. They are collected first,
// since each is wrapped in place.
func (r *rewriter) body(fn string, body *ast.BlockStmt) {
	var calls []*ast.CallExpr
	goes := map[*ast.CallExpr]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			goes[n.Call] = true
			calls = append(calls, n.Call)
		case *ast.CallExpr:
			if !goes[n] {
				calls = append(calls, n)
			}
		}
		return true
	})
	for _, c := range calls {
		if goes[c] {
			c.Fun = wrap("Pass", r.site(fn, last(c.Fun), "go"), c.Fun)
			continue
		}
		sel, ok := c.Fun.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		field, op := last(sel.X), sel.Sel.Name
		if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "atomic" {
			if strings.HasPrefix(op, "Load") || len(c.Args) == 0 {
				continue
			}
			field = last(c.Args[0])
		}
		switch {
		case strings.HasPrefix(op, "CompareAndSwap"):
			r.wrapCall("CAS", fn, field, op, c)
		case field == "in" && op == "Swap":
			inner := *c
			*c = *wrap("Pass", r.site(fn, field, op), &ast.CallExpr{Fun: ast.NewIdent("tallyBatch"), Args: []ast.Expr{&inner}})
		case op == "Swap" && field != "slices", op == "Add" && (field == "live" || field == "searchers"),
			op == "AddUint32", op == "OrUint32":
			r.wrapCall("Pass", fn, field, op, c)
		case op == "Lock" && len(c.Args) == 0:
			var mu ast.Expr = &ast.UnaryExpr{Op: token.AND, X: sel.X}
			if _, ok := sel.X.(*ast.Ident); ok { // a variable that points to a mutex
				mu = sel.X
			}
			c.Fun = selector("Lock")
			c.Args = []ast.Expr{r.site(fn, field, op), mu}
		}
	}
}

func (r *rewriter) wrapCall(with, fn, field, op string, c *ast.CallExpr) {
	inner := *c
	*c = *wrap(with, r.site(fn, field, op), &inner)
}

// site notes a site and returns its number.
func (r *rewriter) site(fn, field, op string) ast.Expr {
	r.seen[field+" "+op] = true
	r.sites = append(r.sites, tally.Site{Func: fn, Field: field, Op: op})
	return &ast.BasicLit{Kind: token.INT, Value: strconv.Itoa(len(r.sites) - 1)}
}

func selector(name string) *ast.SelectorExpr {
	return &ast.SelectorExpr{X: ast.NewIdent("tally"), Sel: ast.NewIdent(name)}
}

func wrap(with string, site, x ast.Expr) *ast.CallExpr {
	return &ast.CallExpr{Fun: selector(with), Args: []ast.Expr{site, x}}
}

// last is the last name of a path, such as live of g.live and of &g.live.
func last(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.UnaryExpr:
		return last(x.X)
	case *ast.ParenExpr:
		return last(x.X)
	case *ast.CallExpr:
		return last(x.Fun)
	}
	return ""
}

// funcName is the name of a function, with its receiver's type in front.
func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	t := fn.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if g, ok := t.(*ast.IndexExpr); ok {
		t = g.X
	}
	return last(t) + "." + fn.Name.Name
}

// hooks is the file that is added to the engine.
func (r *rewriter) hooks() []byte {
	var b bytes.Buffer
	b.WriteString("package asap\n\nimport (\n\t\"sync/atomic\"\n\n\t\"" + tallyPath + "\"\n)\n\nvar _ atomic.Int32 // for pop's parameters, if they need it\n\nvar _ = tally.Register(\n")
	for _, s := range r.sites {
		fmt.Fprintf(&b, "\ttally.Site{Func: %q, Field: %q, Op: %q},\n", s.Func, s.Field, s.Op)
	}
	b.WriteString(`)

func tallySize(n *node) (size int) {
	for ; n != nil; n = n.next {
		size++
	}
	return size
}

func tallyBatch(n *node) *node {
	size := tallySize(n)
	tally.Observe(tally.Batch, size)
	tally.Took(size)
	return n
}

`)
	params, args := r.fields(r.pop.Params, "p")
	types, values := r.fields(r.pop.Results, "v")
	list := strings.Join(values, ", ")
	fmt.Fprintf(&b, "func (r *relay) pop(%s) (%s) {\n\t%s = r.popUncounted(%s)\n\tif v0 != nil {\n\t\ttally.Popped()\n\t}\n\treturn %s\n}\n",
		strings.Join(params, ", "), strings.Join(types, ", "), list, strings.Join(args, ", "), list)
	return b.Bytes()
}

// fields returns declarations of a list's fields under new names, and those.
func (r *rewriter) fields(list *ast.FieldList, prefix string) (declared, names []string) {
	for _, f := range list.List {
		for range max(1, len(f.Names)) {
			var typ bytes.Buffer
			if err := format.Node(&typ, r.fset, f.Type); err != nil {
				panic(err) // it was parsed
			}
			name := fmt.Sprintf("%s%d", prefix, len(names))
			declared, names = append(declared, name+" "+typ.String()), append(names, name)
		}
	}
	return declared, names
}
