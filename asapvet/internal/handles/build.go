package handles

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
)

// Analyzer makes the Model that the checks share.
var Analyzer = &analysis.Analyzer{
	Name:       "asaphandles",
	Doc:        "Find the groups, tasks and bodies of asap and errgroup.",
	ResultType: reflect.TypeFor[*Model](),
	Run: func(pass *analysis.Pass) (any, error) {
		m := &Model{Pass: pass}
		if check.Imports(pass.Pkg, check.Asap, check.Flow, check.Errgroup) {
			for _, file := range pass.Files {
				if !ast.IsGenerated(file) {
					m.addFile(file, func(root ast.Node) bool { return mentions(pass.TypesInfo, root) })
				}
			}
		}
		return m, nil
	},
}

// Whole returns the Model of all functions of a package, also of those that have
// nothing to do with the libraries.
func Whole(pass *analysis.Pass) *Model {
	m := &Model{Pass: pass}
	for _, file := range pass.Files {
		m.addFile(file, func(ast.Node) bool { return true })
	}
	return m
}

func (m *Model) addFile(file *ast.File, wanted func(ast.Node) bool) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Body != nil && wanted(d) {
				m.add(d)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.VAR && len(v.Values) > 0 && wanted(v) {
					m.add(v)
				}
			}
		}
	}
}

// Of returns the Model of the package of pass.
func Of(pass *analysis.Pass) *Model { return pass.ResultOf[Analyzer].(*Model) }

func (m *Model) add(root ast.Node) {
	u := &Unit{
		Root:    root,
		info:    m.Pass.TypesInfo,
		parents: map[ast.Node]ast.Node{},
		fns:     map[ast.Node]*Fn{},
		values:  map[*types.Var][]value{},
		params:  map[*types.Var]any{},
		vars:    map[*types.Var]any{},
		calls:   map[*ast.CallExpr]any{},
		ops:     map[*ast.CallExpr]*Op{},
	}
	u.walk()
	u.roles()
	for _, op := range u.Ops {
		u.resolve(op.Call)
	}
	for _, op := range u.Ops {
		op.Recv = u.receiver(op.Call)
		u.await(op)
	}
	u.escapes()
	m.Units = append(m.Units, u)
}

// mentions reports whether anything of the libraries is selected in root.
func mentions(info *types.Info, root ast.Node) bool {
	found := false
	ast.Inspect(root, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && !found {
			if obj := info.Uses[sel.Sel]; obj != nil && obj.Pkg() != nil {
				switch obj.Pkg().Path() {
				case check.Asap, check.Flow, check.Errgroup:
					found = true
				}
			}
		}
		return !found
	})
	return found
}

// A value is what is assigned to a variable: the result of an expression, of
// which one of several, or something that is not known.
type value struct {
	expr  ast.Expr // nil if not known
	index int
	node  ast.Node // the statement
}

// A use is a mention of a variable that may be a handle.
type use struct {
	id *ast.Ident
	v  *types.Var
}

// walk notes parents, functions, calls, assignments and mentions.
func (u *Unit) walk() {
	var stack []ast.Node
	var fn *Fn
	ast.Inspect(u.Root, func(n ast.Node) bool {
		if n == nil {
			last := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if f := u.fns[last]; f != nil {
				fn = f.Parent
			}
			return true
		}
		if len(stack) > 0 {
			u.parents[n] = stack[len(stack)-1]
		}
		stack = append(stack, n)
		switch n := n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			f := &Fn{Node: n, Parent: fn}
			if _, ok := n.(*ast.FuncDecl); ok {
				f.Role = Function
			}
			u.fns[n] = f
			u.Fns = append(u.Fns, f)
			fn = f
		case *ast.CallExpr:
			c, ok := Callee(u.info, n)
			if ok && (c.Path == check.Asap || c.Path == check.Flow || c.Path == check.Errgroup) {
				op := &Op{Call: n, Callee: c, Fn: fn}
				u.ops[n] = op
				u.Ops = append(u.Ops, op)
			}
		case *ast.AssignStmt:
			u.assign(n, n.Lhs, n.Rhs)
		case *ast.ValueSpec:
			var names []ast.Expr
			for _, id := range n.Names {
				names = append(names, id)
			}
			u.assign(n, names, n.Values)
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if v := u.varOf(e); v != nil {
					u.values[v] = append(u.values[v], value{node: n})
				}
			}
		case *ast.Ident:
			if v, ok := u.info.ObjectOf(n).(*types.Var); ok && !v.IsField() && isHandle(v.Type()) {
				u.uses = append(u.uses, use{n, v})
			}
		}
		return true
	})
}

func (u *Unit) assign(node ast.Node, left, right []ast.Expr) {
	for i, l := range left {
		v := u.varOf(l)
		if v == nil {
			continue
		}
		switch {
		case len(right) == len(left):
			u.values[v] = append(u.values[v], value{right[i], 0, node})
		case len(right) == 1:
			u.values[v] = append(u.values[v], value{right[0], i, node})
		case len(right) == 0 && IsErrgroup(v.Type()) && !isPointer(v.Type()):
			u.values[v] = append(u.values[v], value{node: node}) // var g errgroup.Group
		}
	}
}

func (u *Unit) varOf(e ast.Expr) *types.Var {
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := u.info.ObjectOf(id).(*types.Var)
	return v
}

func isPointer(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.Pointer)
	return ok
}

func isHandle(t types.Type) bool {
	n := named(t)
	if n == nil || n.Obj().Pkg() == nil {
		return false
	}
	switch n.Obj().Pkg().Path() {
	case check.Asap:
		switch n.Obj().Name() {
		case "Group", "Task", "Exit", "And2", "And3":
			return true
		}
	case check.Errgroup:
		return n.Obj().Name() == "Group"
	}
	return false
}
