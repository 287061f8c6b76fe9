package handles

import (
	"go/ast"
	"go/types"

	"github.com/asap-go/asap/asapvet/internal/check"
)

// resolve returns the *Group, *Task, *Exit or And that expr is, or nil.
func (u *Unit) resolve(expr ast.Expr) any {
	switch e := ast.Unparen(expr).(type) {
	case *ast.Ident:
		if v, ok := u.info.ObjectOf(e).(*types.Var); ok {
			return u.ofVar(v)
		}
	case *ast.CallExpr:
		if h, ok := u.calls[e]; ok {
			return h
		}
		if u.ops[e] == nil && !u.isNewErrgroup(e) {
			return nil
		}
		u.calls[e] = nil // ends a cycle
		h := u.declare(e)
		u.calls[e] = h
		return h
	}
	return nil
}

// ofVar returns the handle that v has from its only assignment. An errgroup may have
// several.
func (u *Unit) ofVar(v *types.Var) any {
	if h, ok := u.params[v]; ok {
		return h
	}
	if h, ok := u.vars[v]; ok {
		return h
	}
	u.vars[v] = nil
	values := u.values[v]
	if IsErrgroup(v.Type()) {
		h := u.errgroup(v, values)
		if h != nil {
			u.vars[v] = h
			return h
		}
		return nil
	}
	if len(values) != 1 || values[0].expr == nil || values[0].index != 0 {
		return nil
	}
	h := u.resolve(values[0].expr)
	switch h := h.(type) {
	case *Group:
		if h.Var != nil && h.Var != v {
			h.Escapes = true // has two names
		} else {
			h.Var = v
		}
	case *Task:
		if h.Var != nil && h.Var != v {
			h.Escapes = true
		} else {
			h.Var = v
		}
	case *Exit:
		if h.Var != nil && h.Var != v {
			h.Escapes = true
		} else {
			h.Var = v
		}
	}
	u.vars[v] = h
	return h
}

// errgroup returns the group that v is, with a definition for each assignment.
func (u *Unit) errgroup(v *types.Var, values []value) *Group {
	if len(values) == 0 {
		return nil
	}
	g := &Group{Errgroup: true, Var: v}
	for _, val := range values {
		g.Fn = u.FnOf(val.node)
		g.Defs = append(g.Defs, val.node)
		switch e := val.expr.(type) {
		case nil:
			if _, ok := val.node.(*ast.ValueSpec); !ok {
				return nil
			}
		case *ast.CallExpr:
			c, _ := Callee(u.info, e)
			switch {
			case c.Path == check.Errgroup && c.Name == "WithContext":
				g.Made = "WithContext"
				g.Context = u.derived(val)
			case !u.isNewErrgroup(e):
				return nil
			}
		case *ast.UnaryExpr:
			if _, ok := e.X.(*ast.CompositeLit); !ok {
				return nil
			}
		case *ast.CompositeLit:
		default:
			return nil
		}
	}
	u.Groups = append(u.Groups, g)
	return g
}

// derived returns the variable of the context of errgroup.WithContext.
func (u *Unit) derived(val value) *types.Var {
	var e ast.Expr
	switch n := val.node.(type) {
	case *ast.AssignStmt:
		if len(n.Lhs) == 2 {
			e = n.Lhs[1]
		}
	case *ast.ValueSpec:
		if len(n.Names) == 2 {
			e = n.Names[1]
		}
	}
	if id, ok := e.(*ast.Ident); ok && id.Name == "_" {
		return nil
	}
	return u.varOf(e)
}

func (u *Unit) isNewErrgroup(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	if !ok || len(call.Args) != 1 {
		return false
	}
	b, ok := u.info.Uses[id].(*types.Builtin)
	return ok && b.Name() == "new" && IsErrgroup(u.info.TypeOf(call.Args[0]))
}

// receiver returns the handle that call is a method of.
func (u *Unit) receiver(call *ast.CallExpr) any {
	fun := ast.Unparen(call.Fun)
	switch i := fun.(type) {
	case *ast.IndexExpr:
		fun = i.X
	case *ast.IndexListExpr:
		fun = i.X
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	return u.resolve(sel.X)
}

// declare returns what call makes.
func (u *Unit) declare(call *ast.CallExpr) any {
	op := u.ops[call]
	if op == nil {
		return nil
	}
	c := op.Callee
	switch {
	case c.Path == check.Errgroup:
		g, ok := u.receiver(call).(*Group)
		if (c.Name == "Go" || c.Name == "TryGo") && len(call.Args) == 1 {
			u.body(call, call.Args[0], nil, g)
		} else if ok && c.Name == "SetLimit" && len(call.Args) == 1 {
			g.Limited = true
			if one := u.info.Types[call.Args[0]].Value; one != nil && one.String() == "1" {
				g.Serial = true
			}
		}
		return nil
	case c.Path != check.Asap:
		return nil
	case c.Recv == "" && c.Name == "New":
		g := &Group{Defs: []ast.Node{call}, Fn: op.Fn, Made: "New"}
		u.options(g, call, 1)
		u.Groups = append(u.Groups, g)
		return g
	case c.Recv == "Group" && c.Name == "NewExit":
		x := &Exit{Call: call}
		x.Group, _ = u.receiver(call).(*Group)
		u.Exits = append(u.Exits, x)
		return x
	case c.Recv == "Task" && c.Name == "Undo":
		return u.receiver(call)
	case c.Name == "And":
		var and And
		switch r := u.receiver(call).(type) {
		case *Task:
			and.Tasks = []*Task{r}
		case And:
			and.Tasks = append(and.Tasks, r.Tasks...)
		default:
			and.Tasks = []*Task{nil}
		}
		t, _ := u.resolve(call.Args[0]).(*Task)
		and.Tasks = append(and.Tasks, t)
		return and
	case c.Recv != "" && (declares[c.Name] || c.Name == "Input" || c.Name == "Gather"):
		return u.task(op)
	}
	return nil
}
