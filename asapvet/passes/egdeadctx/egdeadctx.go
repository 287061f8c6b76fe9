// Package egdeadctx finds uses of an errgroup's context after its end.
package egdeadctx

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/edit"
	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
)

// Analyzer reports uses of the context of errgroup.WithContext after Wait.
var Analyzer = check.New(check.Check{
	Name: "egdeadctx",
	Doc: `report uses of the derived context after Wait

The context that errgroup.WithContext returns is canceled when Wait returns. If it
has the name of the outer one, what comes after Wait is given a dead context.`,
	Imports:  []string{check.Errgroup},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			o := order.Of(pass.TypesInfo, u)
			for _, g := range u.Groups {
				if g.Errgroup && g.Context != nil && !g.Escapes && len(g.Defs) == 1 {
					judge(pass, o, g)
				}
			}
		}
		return nil
	},
})

func judge(pass *analysis.Pass, o *order.Order, g *handles.Group) {
	u := o.Unit
	graph := o.Graph(g.Fn)
	def := graph.Find(g.Defs[0])
	ends := o.Ends(g, g.Fn)
	if !def.Valid() || len(ends) == 0 {
		return
	}
	uses := u.Uses(g.Context)
	var other []order.Point // where the variable gets another context
	for _, id := range uses {
		if a, ok := u.Parent(id).(*ast.AssignStmt); ok && a != g.Defs[0] {
			for _, l := range a.Lhs {
				if l == id {
					other = append(other, graph.Find(a))
				}
			}
		}
	}
	var dead []*ast.Ident
	for _, id := range uses {
		f := u.FnOf(id)
		if !f.RunsIn(g.Fn) || f.DeferredIn(g.Fn) || u.Parent(id) == g.Defs[0] {
			continue
		}
		p := graph.Find(id)
		if !p.Valid() || reaches(graph, def, p, ends) || slices.Contains(ends, p) {
			continue // also before Wait
		}
		for _, e := range ends {
			if graph.Reaches(e, p, append(other, def)...) && matters(pass, u, id) {
				dead = append(dead, id)
				break
			}
		}
	}
	for i, id := range dead {
		d := analysis.Diagnostic{Pos: id.Pos(), End: id.End()}
		edit.Messagef(&d, "%s was canceled when %s.Wait returned; use the outer context (rename this one)", id.Name, g.Name())
		if fix, ok := rename(pass, u, g, uses, dead); ok && i == 0 {
			d.SuggestedFixes = []analysis.SuggestedFix{fix}
		}
		pass.Report(d)
	}
}

// reaches reports whether p can follow def without any of ends.
func reaches(g *order.Graph, def, p order.Point, ends []order.Point) bool {
	return g.Reaches(def, p, ends...)
}

// observes are the ends of names of packages and types that take from a context no
// more than a name for what they write.
var observes = regexp.MustCompile(`(?i)(log|logr|logger|logging|logrus|slog|zap|trace|tracer|tracing|metrics?|stats|statsd)$`)

// matters reports whether the context id is given to something that may fail with it.
func matters(pass *analysis.Pass, u *handles.Unit, id *ast.Ident) bool {
	call, ok := u.Parent(id).(*ast.CallExpr)
	if !ok {
		return false
	}
	c, ok := handles.Callee(pass.TypesInfo, call)
	if ok && (observes.MatchString(c.Path) || observes.MatchString(c.Recv) || observes.MatchString(typeOfReceiver(pass, call))) {
		return false
	}
	if ok && c.Path == "context" {
		return false // derives, or asks for the cause
	}
	for r := ast.Node(call); r != nil; r = u.Parent(r) { // log.G(ctx).Info, also in a chain
		if sel, ok := r.(*ast.SelectorExpr); ok {
			if outer, ok := u.Parent(sel).(*ast.CallExpr); ok && outer.Fun == sel {
				if c, ok := handles.Callee(pass.TypesInfo, outer); ok && (observes.MatchString(c.Path) || observes.MatchString(c.Recv)) {
					return false
				}
			}
		}
	}
	if onlyError(pass, call) {
		return false
	}
	t := pass.TypesInfo.TypeOf(call)
	return returnsError(t) || len(call.Args) > 1 && makes(t)
}

// makes reports whether t is an object of a package, which may keep the context it is
// made with.
func makes(t types.Type) bool {
	if t == nil || handles.IsContext(t) {
		return false
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
		_, ok := t.Underlying().(*types.Struct)
		return ok
	}
	_, ok := t.Underlying().(*types.Interface)
	_, named := t.(*types.Named)
	return ok && named
}

func typeOfReceiver(pass *analysis.Pass, call *ast.CallExpr) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	t := pass.TypesInfo.TypeOf(sel.X)
	if t == nil {
		return ""
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

// onlyError reports whether call has an error as its only other argument.
func onlyError(pass *analysis.Pass, call *ast.CallExpr) bool {
	if len(call.Args) != 2 {
		return false
	}
	t := pass.TypesInfo.TypeOf(call.Args[1])
	return t != nil && isError(t)
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

func returnsError(t types.Type) bool {
	switch t := t.(type) {
	case nil:
		return false
	case *types.Tuple:
		for v := range t.Variables() {
			if isError(v.Type()) {
				return true
			}
		}
		return false
	}
	return isError(t)
}

// rename returns the fix that gives the derived context a name of its own, so that
// the uses after Wait mean the outer one.
func rename(pass *analysis.Pass, u *handles.Unit, g *handles.Group, uses, dead []*ast.Ident) (analysis.SuggestedFix, bool) {
	name := "g" + g.Context.Name()
	fix := analysis.SuggestedFix{Message: "Rename the derived context to " + name}
	assign, ok := g.Defs[0].(*ast.AssignStmt)
	if !ok || assign.Tok.String() != ":=" {
		return fix, false
	}
	call, ok := assign.Rhs[0].(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return fix, false
	}
	outer, ok := call.Args[0].(*ast.Ident)
	if !ok || outer.Name != g.Context.Name() || pass.TypesInfo.Uses[outer] == nil {
		return fix, false // nothing else has that name then
	}
	taken := false
	ast.Inspect(u.Root, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			taken = true
		}
		return !taken
	})
	if taken {
		return fix, false
	}
	last := token.NoPos
	for _, op := range u.Ops {
		if op.Group() == g && op.Callee.Name == "Wait" {
			last = max(last, op.Call.Pos())
		}
	}
	for _, id := range uses { // up to Wait; what is after it means the outer one then
		if id == assign.Lhs[1] || assign.End() <= id.Pos() && id.Pos() < last {
			if slices.Contains(dead, id) {
				return fix, false
			}
			fix.TextEdits = append(fix.TextEdits, analysis.TextEdit{Pos: id.Pos(), End: id.End(), NewText: []byte(name)})
		}
	}
	return fix, true
}
