// Package bodyctx finds bodies that use a context which does not end with the group.
package bodyctx

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/edit"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Analyzer reports contexts of outside that are used in bodies.
var Analyzer = check.New(check.Check{
	Name: "bodyctx",
	Doc: `report bodies that use another context than their own

The context that a body is given ends with the group, with its limit of time, with a
lost Race; it says who waits in an Await, and it has the values of the task. That of
the function around has nothing of this. What must outlive the group is said:
context.WithoutCancel, or a comment //asapvet:outer reason on the line.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			c := &contexts{pass: pass, unit: u, own: map[*types.Var]bool{}}
			c.find()
			for _, b := range u.Bodies {
				if b.Fn != nil && b.Task != nil {
					c.judge(b)
				}
			}
		}
		return nil
	},
})

type contexts struct {
	pass *analysis.Pass
	unit *handles.Unit
	own  map[*types.Var]bool // have an end of their own, or are set in a body
}

// find notes the variables that are no context of the function around.
func (c *contexts) find() {
	ast.Inspect(c.unit.Root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				right := n.Rhs[0]
				if len(n.Lhs) == len(n.Rhs) {
					right = n.Rhs[i]
				}
				c.note(l, right)
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				if len(n.Values) == 0 {
					c.note(id, nil)
				} else {
					c.note(id, n.Values[min(i, len(n.Values)-1)])
				}
			}
		}
		return true
	})
	for _, op := range c.unit.Ops { // unless a group is made with them
		if op.Callee.Path == check.Asap && op.Callee.Recv == "" && (op.Callee.Name == "New" || op.Callee.Name == "Run") {
			if id, ok := op.Call.Args[0].(*ast.Ident); ok {
				if v, ok := c.pass.TypesInfo.Uses[id].(*types.Var); ok && c.unit.FnOf(id).Enclosing() == nil {
					delete(c.own, v)
				}
			}
		}
	}
}

func (c *contexts) note(left, right ast.Expr) {
	id, ok := left.(*ast.Ident)
	if !ok {
		return
	}
	v, ok := c.pass.TypesInfo.ObjectOf(id).(*types.Var)
	if !ok || !handles.IsContext(v.Type()) {
		return
	}
	b := c.unit.FnOf(id).Enclosing()
	if right == nil || c.isFresh(right) || b != nil && b.Fn != nil && v.Pos() < b.Fn.Node.Pos() {
		c.own[v] = true
	}
}

// isFresh reports whether e is a context that is derived from none of a caller.
func (c *contexts) isFresh(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	callee, ok := handles.Callee(c.pass.TypesInfo, call)
	if !ok || callee.Path != "context" {
		return false
	}
	switch callee.Name {
	case "Background", "TODO", "WithoutCancel":
		return true
	}
	return len(call.Args) > 0 && c.isFresh(call.Args[0])
}

func (c *contexts) judge(b *handles.Body) {
	var outer []*ast.Ident
	ast.Inspect(b.Fn.Block(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			f := c.unit.FnOf(n)
			return f.Role != handles.InBody || f.Body == nil || f.Body.Task == nil // judged by itself
		case *ast.CallExpr:
			c.rootless(b, n)
		case *ast.Ident:
			v, ok := c.pass.TypesInfo.Uses[n].(*types.Var)
			if ok && handles.IsContext(v.Type()) && !v.IsField() && c.isOuter(v, b) && c.isUsed(n) {
				outer = append(outer, n)
			}
		}
		return true
	})
	for i, id := range outer {
		d := analysis.Diagnostic{Pos: id.Pos(), End: id.End()}
		name, hint := ownName(b)
		edit.Messagef(&d, "body of task %s uses %s of %s, which does not end with the group; %s", b.Name(), id.Name, c.place(id, b), hint)
		if fix, ok := c.fix(b, outer, name); ok && i == 0 {
			d.SuggestedFixes = []analysis.SuggestedFix{fix}
		}
		c.pass.Report(d)
	}
}

// isOuter reports whether v is of a function around b, and not one with an end of
// its own.
func (c *contexts) isOuter(v *types.Var, b *handles.Body) bool {
	lit := b.Fn.Node
	inside := lit.Pos() <= v.Pos() && v.Pos() < lit.End()
	local := c.unit.Root.Pos() <= v.Pos() && v.Pos() < c.unit.Root.End()
	return local && !inside && !c.own[v]
}

// isUsed reports whether the context id is an argument or a receiver, and not only
// asked whether it has ended, or for what is in it.
func (c *contexts) isUsed(id *ast.Ident) bool {
	for _, d := range check.Directives(c.pass.Fset, c.file(id), "outer") {
		if d.Line == c.pass.Fset.Position(id.Pos()).Line && d.Text != "" {
			return false
		}
	}
	switch p := c.unit.Parent(id).(type) {
	case *ast.SelectorExpr:
		switch p.Sel.Name {
		case "Err", "Deadline", "Value":
			return false
		}
		return p.X == id
	case *ast.CallExpr:
		callee, _ := handles.Callee(c.pass.TypesInfo, p)
		return p.Fun != id && (callee.Path != "context" || callee.Name != "WithoutCancel" && callee.Name != "Cause")
	}
	return false
}

func (c *contexts) file(n ast.Node) *ast.File {
	for _, f := range c.pass.Files {
		if f.FileStart <= n.Pos() && n.Pos() < f.FileEnd {
			return f
		}
	}
	return nil
}

// rootless reports calls that begin with a context of nobody in a body.
func (c *contexts) rootless(b *handles.Body, call *ast.CallExpr) {
	op := c.unit.Op(call)
	if op == nil || op.Callee.Path != check.Asap || len(call.Args) == 0 {
		return
	}
	switch {
	case op.Callee.Recv == "Task" && (op.Callee.Name == "Await" || op.Callee.Name == "Get"):
	case op.Callee.Recv == "" && (op.Callee.Name == "New" || op.Callee.Name == "Run"):
	default:
		return
	}
	arg, ok := ast.Unparen(call.Args[0]).(*ast.CallExpr)
	if !ok {
		return
	}
	callee, ok := handles.Callee(c.pass.TypesInfo, arg)
	if !ok || !(callee.Path == "context" && (callee.Name == "Background" || callee.Name == "TODO") || callee.Name == "Context" && len(arg.Args) == 0) {
		return
	}
	for _, d := range check.Directives(c.pass.Fset, c.file(arg), "outer") {
		if d.Line == c.pass.Fset.Position(arg.Pos()).Line && d.Text != "" {
			return
		}
	}
	_, hint := ownName(b)
	d := analysis.Diagnostic{Pos: arg.Pos(), End: arg.End()}
	edit.Messagef(&d, "body of task %s calls %s with a context that does not end with the group; %s", b.Name(), op.Callee.Name, hint)
	c.pass.Report(d)
}

// ownName returns the name of the body's own context, and what to do with it.
func ownName(b *handles.Body) (name, hint string) {
	params := b.Fn.Type().Params.List
	if len(params) == 0 || len(params[0].Names) == 0 || params[0].Names[0].Name == "_" {
		return "", "name the body's own parameter"
	}
	name = params[0].Names[0].Name
	return name, "use the body's own, " + name
}

// fix names the body's parameter as what it uses, if nothing else is meant by that.
func (c *contexts) fix(b *handles.Body, outer []*ast.Ident, name string) (analysis.SuggestedFix, bool) {
	if name != "" {
		return analysis.SuggestedFix{}, false
	}
	first := c.pass.TypesInfo.Uses[outer[0]]
	ast.Inspect(b.Fn.Block(), func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == outer[0].Name {
			if obj := c.pass.TypesInfo.ObjectOf(id); obj != first {
				first = nil
			}
		}
		return true
	})
	var uses int
	ast.Inspect(b.Fn.Block(), func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && first != nil && c.pass.TypesInfo.Uses[id] == first {
			uses++
		}
		return true
	})
	if first == nil || uses != len(outer) || outer[0].Name != "ctx" {
		return analysis.SuggestedFix{}, false
	}
	var edits []analysis.TextEdit
	for i, p := range b.Fn.Type().Params.List {
		text := "_ "
		if i == 0 {
			text = "ctx "
		}
		switch {
		case len(p.Names) == 0:
			edits = append(edits, analysis.TextEdit{Pos: p.Type.Pos(), End: p.Type.Pos(), NewText: []byte(text)})
		case i == 0:
			edits = append(edits, analysis.TextEdit{Pos: p.Names[0].Pos(), End: p.Names[0].End(), NewText: []byte("ctx")})
		}
	}
	return analysis.SuggestedFix{Message: "Name the parameter ctx", TextEdits: edits}, true
}

// place says whose variable it is.
func (c *contexts) place(id *ast.Ident, b *handles.Body) string {
	v := c.pass.TypesInfo.Uses[id]
	for f := b.Fn.Parent; f != nil; f = f.Parent {
		if f.Node.Pos() <= v.Pos() && v.Pos() < f.Node.End() {
			switch {
			case f.Role == handles.InBody && f.Body != nil:
				return "task " + f.Body.Name()
			case f.Role == handles.Function:
				return f.Node.(*ast.FuncDecl).Name.Name
			}
			break
		}
	}
	return "the function around"
}
