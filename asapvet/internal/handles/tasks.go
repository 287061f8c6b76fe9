package handles

import (
	"go/ast"
	"go/types"
	"slices"

	"github.com/asap-go/asap/asapvet/internal/check"
)

// task returns the task that op declares.
func (u *Unit) task(op *Op) *Task {
	call, name := op.Call, op.Callee.Name
	t := &Task{Call: call, Method: name, Fn: op.Fn, Optional: name == "Optional", Unknown: call.Ellipsis.IsValid()}
	u.Tasks = append(u.Tasks, t)
	need := func(dep *Task) {
		if dep == nil {
			t.Unknown = true
			return
		}
		t.Edges = append(t.Edges, Edge{dep, true})
	}
	switch r := u.receiver(call).(type) {
	case *Group:
		t.Group = r
	case *Task:
		t.Group = r.Group
		need(r)
	case And:
		for _, dep := range r.Tasks {
			need(dep)
			if t.Group == nil && dep != nil {
				t.Group = dep.Group
			}
		}
	default:
		t.Unknown = true
	}
	args := call.Args
	if len(args) == 0 {
		return t
	}
	switch name {
	case "Input":
		return t
	case "Gather":
		for _, a := range args[1:] {
			dep, _ := u.resolve(a).(*Task)
			need(dep)
		}
		return t
	case "Race":
		for _, a := range args[1:] {
			u.body(call, a, t, t.Group)
		}
		return t
	case "Map", "MapOptional":
		if len(args) < 3 {
			return t
		}
		dep, _ := u.resolve(args[1]).(*Task)
		need(dep)
		u.body(call, args[2], t, t.Group).Many = true
		u.taskOptions(t, args[3:])
		return t
	}
	if len(args) >= 2 {
		u.body(call, args[1], t, t.Group)
		u.taskOptions(t, args[2:])
	}
	return t
}

// body notes that expr is a body of t, or of an errgroup.
func (u *Unit) body(call *ast.CallExpr, expr ast.Expr, t *Task, g *Group) *Body {
	b := &Body{Expr: expr, Call: call, Task: t, Group: g}
	u.Bodies = append(u.Bodies, b)
	if t != nil {
		t.Bodies = append(t.Bodies, b)
	}
	switch e := ast.Unparen(expr).(type) {
	case *ast.FuncLit:
		b.Fn = u.fns[e]
		b.Fn.Body = b
		if v := u.param(b.Fn, 0); v != nil && IsContext(v.Type()) {
			b.Context = v
		}
	case *ast.SelectorExpr:
		if e.Sel.Name == "Await" && IsAsap(u.info.TypeOf(e.X), "Task") {
			b.await(u.resolve(e.X))
		}
	}
	return b
}

func (b *Body) await(h any) {
	if t, ok := h.(*Task); ok {
		b.Awaits = append(b.Awaits, t)
	} else {
		b.Unknown = true
	}
}

// await notes what the body around op waits for.
func (u *Unit) await(op *Op) {
	if op.Callee.Path != check.Asap || op.Callee.Name != "Await" {
		return
	}
	for f := op.Fn; f != nil; f = f.Parent {
		if f.Role == InBody && f.Body != nil {
			f.Body.await(op.Recv)
		}
	}
}

func (u *Unit) taskOptions(t *Task, args []ast.Expr) {
	for _, arg := range args {
		opt, ok := ast.Unparen(arg).(*ast.CallExpr)
		if !ok {
			t.Unknown = true
			continue
		}
		c, ok := Callee(u.info, opt)
		if !ok || c.Path != check.Asap || c.Recv != "" {
			t.Unknown = true
			continue
		}
		t.Options = append(t.Options, &Option{c.Name, opt})
		switch c.Name {
		case "MayFail":
			t.MayFail = true
		case "Needs", "After", "AfterEnd":
			t.Unknown = t.Unknown || opt.Ellipsis.IsValid()
			for _, a := range opt.Args {
				dep, ok := u.resolve(a).(*Task)
				if !ok {
					t.Unknown = true
					continue
				}
				t.Edges = append(t.Edges, Edge{dep, c.Name == "Needs"})
			}
		}
	}
}

// escapes marks the handles of which something else may know.
func (u *Unit) escapes() {
	for _, use := range u.uses {
		h := u.ofVar(use.v)
		if h == nil || u.stays(use) {
			continue
		}
		switch h := h.(type) {
		case *Group:
			h.Escapes = true
		case *Task:
			h.Escapes = true
		case *Exit:
			h.Escapes = true
		case And:
			for _, t := range h.Tasks {
				if t != nil {
					t.Escapes = true
				}
			}
		}
	}
	for call := range u.calls { // what is not kept in a variable is handed on
		u.handedOn(call)
	}
	for _, g := range u.Groups {
		if g.Var != nil && g.Var.Pkg() != nil && g.Var.Parent() == g.Var.Pkg().Scope() {
			g.Escapes = true
		}
	}
}

// handedOn marks what call makes if the call itself is where it escapes.
func (u *Unit) handedOn(call *ast.CallExpr) {
	parent := u.above(call)
	switch p := parent.(type) {
	case *ast.ExprStmt, *ast.SelectorExpr:
		return
	case *ast.AssignStmt:
		for i, r := range p.Rhs {
			if ast.Unparen(r) == call && len(p.Lhs) == len(p.Rhs) {
				if _, ok := p.Lhs[i].(*ast.Ident); ok {
					return
				}
			}
		}
	case *ast.ValueSpec:
		return
	case *ast.CallExpr:
		if u.takesTasks(p) {
			return
		}
	case *ast.ReturnStmt:
		if f := u.FnOf(call); f.Role == Build && f.Group.Made == "Define" {
			return
		}
	}
	switch h := u.calls[call].(type) {
	case *Group:
		h.Escapes = true
	case *Task:
		h.Escapes = true
	case *Exit:
		h.Escapes = true
	}
}

func (u *Unit) above(n ast.Node) ast.Node {
	p := u.parents[n]
	for {
		paren, ok := p.(*ast.ParenExpr)
		if !ok {
			return p
		}
		p = u.parents[paren]
	}
}

// takesTasks reports whether call takes tasks and keeps them within the group.
func (u *Unit) takesTasks(call *ast.CallExpr) bool {
	op := u.ops[call]
	if op == nil || op.Callee.Path != check.Asap {
		return false
	}
	switch op.Callee.Name {
	case "And", "Gather", "Needs", "After", "AfterEnd", "Map", "MapOptional":
		return true
	}
	return false
}

// stays reports whether nobody else gets hold of the handle that is mentioned.
func (u *Unit) stays(use use) bool {
	if !u.seen(use) {
		return false
	}
	switch p := u.above(use.id).(type) {
	case *ast.SelectorExpr:
		switch pp := u.above(p).(type) {
		case *ast.CallExpr:
			if ast.Unparen(pp.Fun) == p {
				return true
			}
			op := u.ops[pp] // h.Go("user", user.Await)
			return op != nil && op.Callee.Path == check.Asap && declares[op.Callee.Name] && p.Sel.Name == "Await"
		case *ast.IndexExpr, *ast.IndexListExpr:
			return true // a method with its types
		case *ast.ReturnStmt:
			f := u.FnOf(pp) // return user.Value, in Run
			return f.Role == Build && f.Group.Made == "Run"
		}
		return false
	case *ast.CallExpr:
		return u.takesTasks(p)
	case *ast.AssignStmt:
		for i, l := range p.Lhs {
			if l == use.id {
				return true
			}
			if len(p.Lhs) == len(p.Rhs) && ast.Unparen(p.Rhs[i]) == use.id {
				id, ok := l.(*ast.Ident)
				return ok && id.Name == "_"
			}
		}
		return false
	case *ast.ValueSpec:
		return slices.Contains(p.Names, use.id)
	case *ast.Field:
		return true // the parameter itself
	case *ast.BinaryExpr:
		return true
	case *ast.ReturnStmt:
		f := u.FnOf(p)
		return f.Role == Build && f.Group.Made == "Define"
	}
	return false
}

// seen reports whether every function between the mention and the declaration of the
// variable is one of which is known when it runs.
func (u *Unit) seen(use use) bool {
	for f := u.FnOf(use.id); f != nil; f = f.Parent {
		if declaredIn(use.v, f) {
			return true
		}
		if f.Role == Other {
			return false
		}
	}
	return true
}

func declaredIn(v *types.Var, f *Fn) bool { return f.Node.Pos() <= v.Pos() && v.Pos() < f.Node.End() }
