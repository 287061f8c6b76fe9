package handles

import (
	"go/ast"
	"go/types"

	"github.com/asap-go/asap/asapvet/internal/check"
)

// roles says of each literal when it runs, and names the handles that the
// build functions are given.
func (u *Unit) roles() {
	for _, f := range u.Fns {
		lit, ok := f.Node.(*ast.FuncLit)
		if !ok {
			continue
		}
		parent, child := u.parents[lit], ast.Node(lit)
		for {
			p, ok := parent.(*ast.ParenExpr)
			if !ok {
				break
			}
			parent, child = u.parents[p], p
		}
		switch p := parent.(type) {
		case *ast.CallExpr:
			f.Role = u.roleIn(p, child, f)
		case *ast.ReturnStmt:
			if f.Parent != nil && f.Parent.Role == Build && f.Parent.Group.Made == "Run" {
				f.Role, f.Group = After, f.Parent.Group
			}
		}
	}
}

// roleIn returns the role of f, which is the function or an argument of call.
func (u *Unit) roleIn(call *ast.CallExpr, child ast.Node, f *Fn) Role {
	if call.Fun == child {
		switch u.parents[call].(type) {
		case *ast.GoStmt:
			return Other
		case *ast.DeferStmt:
			return Deferred
		}
		return Inline
	}
	op := u.ops[call]
	if op == nil {
		return Other
	}
	c := op.Callee
	switch {
	case c.Path == check.Errgroup && (c.Name == "Go" || c.Name == "TryGo"):
		return InBody
	case c.Path == check.Asap && c.Recv == "" && c.Name == "Blocking":
		return Inline
	case c.Path == check.Asap && c.Recv == "" && c.Name == "Run", c.Path == check.Flow && c.Name == "Define":
		f.Group = &Group{Defs: []ast.Node{call}, Fn: f, Made: c.Name}
		u.options(f.Group, call, 2)
		u.Groups = append(u.Groups, f.Group)
		if v := u.param(f, 0); v != nil {
			f.Group.Var = v
			u.params[v] = f.Group
		}
		if v := u.param(f, 1); v != nil && c.Name == "Define" {
			t := &Task{Call: call, Method: "Define", Var: v, Group: f.Group, Fn: f}
			u.params[v] = t
		}
		return Build
	case c.Path == check.Asap && declares[c.Name] && c.Recv != "":
		return InBody
	}
	return Other
}

// declares has the methods whose functions are bodies.
var declares = map[string]bool{
	"Go": true, "Do": true, "Optional": true, "Then": true, "Race": true, "Map": true, "MapOptional": true,
}

// param returns the variable of the parameter of that index, nil if it has no name.
func (u *Unit) param(f *Fn, index int) *types.Var {
	for _, field := range f.Type().Params.List {
		n := max(len(field.Names), 1)
		if index < n {
			if len(field.Names) == 0 || field.Names[index].Name == "_" {
				return nil
			}
			v, _ := u.info.Defs[field.Names[index]].(*types.Var)
			return v
		}
		index -= n
	}
	return nil
}

// options notes what the options of a group say, which are the arguments from first on.
func (u *Unit) options(g *Group, call *ast.CallExpr, first int) {
	g.Unknown = g.Unknown || call.Ellipsis.IsValid()
	for _, arg := range call.Args[min(first, len(call.Args)):] {
		name := ""
		opt, ok := ast.Unparen(arg).(*ast.CallExpr)
		if ok {
			if c, ok := Callee(u.info, opt); ok && c.Path == check.Asap && c.Recv == "" {
				name = c.Name
			}
		}
		switch name {
		case "Settled":
			g.Settled = true
		case "Limit":
			g.Limited = true
			if one := u.info.Types[opt.Args[0]].Value; one != nil && one.String() == "1" {
				g.Serial = true
			}
		case "Name", "Observe", "Around", "SharedLimit":
			if name == "SharedLimit" {
				g.Limited = true
			}
		default:
			g.Unknown = true
		}
	}
}
