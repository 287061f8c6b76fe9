package effects

import (
	"go/ast"
	"go/types"
)

// canFail reports whether the function in a variable returns an error.
func canFail(v *types.Var) bool {
	sig, ok := v.Type().Underlying().(*types.Signature)
	if !ok {
		return true
	}
	r := sig.Results()
	return r.Len() > 0 && (isInvalid(r.At(r.Len()-1).Type()) || IsError(r.At(r.Len()-1).Type()))
}

func returnsError(f *types.Func) bool {
	r := f.Signature().Results()
	return r.Len() > 0 && (isInvalid(r.At(r.Len()-1).Type()) || IsError(r.At(r.Len()-1).Type()))
}

// IsError reports whether a type is error.
func IsError(t types.Type) bool {
	n, ok := t.(*types.Named)
	return ok && n.Obj().Pkg() == nil && n.Obj().Name() == "error"
}

// IsContext reports whether a type is context.Context.
func IsContext(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "context" && n.Obj().Name() == "Context"
}

// HasContext reports whether a call is given a context.
func HasContext(info *types.Info, c *ast.CallExpr) bool {
	for _, a := range c.Args {
		if t := info.TypeOf(a); t != nil && IsContext(t) {
			return true
		}
	}
	return false
}

// calledVar returns the variable whose value is called.
func calledVar(info *types.Info, c *ast.CallExpr) *types.Var {
	if id := calleeIdent(c); id != nil {
		v, _ := info.Uses[id].(*types.Var)
		return v
	}
	return nil
}

func isInvalidResult(f *types.Func) bool {
	r := f.Signature().Results()
	return r.Len() == 1 && isInvalid(r.At(0).Type())
}

// Call returns what one call does, as seen from where it stands. Mutates then speaks of
// its receiver and arguments.
func (t *Table) Call(p *Package, c *ast.CallExpr) Summary {
	if tv, ok := p.Info.Types[c.Fun]; ok && (tv.IsType() || tv.IsBuiltin()) {
		if id, ok := ast.Unparen(c.Fun).(*ast.Ident); ok && tv.IsBuiltin() {
			switch id.Name {
			case "delete", "clear", "copy":
				return Summary{Mutates: 2}
			case "close", "panic", "recover", "print", "println":
				return Summary{Effects: Writes, Trail: id.Name}
			}
		}
		return Summary{}
	}
	f := Callee(p.Info, c)
	if f != nil {
		s, ok := Summary{}, false
		if n := t.nodes[f.Origin()]; n != nil {
			s, ok = n.sum, true
		} else if t.known != nil {
			s, ok = t.known(f.Origin())
		}
		if ok {
			if s.Given {
				return s
			}
			e := edge{}
			for _, a := range c.Args {
				if m := constantString(p.Info, a); m == "GET" || m == "HEAD" {
					e.asks = true
				}
			}
			if isCacheStore(f) {
				e.only, e.cached = Reads|ByName|Cached, true
				s.Mutates = 0
			}
			if onlyTells(p.Info, c, f) {
				return Summary{}
			}
			s.Effects = e.of(s.Effects)
			return s
		}
	}
	if f == nil {
		f = t.functionIn(p.Info, c)
		if f != nil {
			if n := t.nodes[f.Origin()]; n != nil {
				return n.sum
			}
		} else if n := t.fieldNode(p.Info, c); n != nil {
			return n.sum
		} else if v := calledVar(p.Info, c); v != nil && !isSilentChain(p.Info, c) && HasContext(p.Info, c) && canFail(v) {
			return Summary{Effects: Unknown, Trail: "calls the function in " + v.Name()}
		}
	}
	return t.leaf(p, c, f)
}

// WritesHere reports whether a call, of what has no body here, writes to the outside:
// the function that it stands in is one of a store.
func (t *Table) WritesHere(p *Package, c *ast.CallExpr) bool {
	if tv, ok := p.Info.Types[c.Fun]; ok && (tv.IsType() || tv.IsBuiltin()) {
		return false
	}
	f := Callee(p.Info, c)
	if f != nil && t.nodes[f.Origin()] != nil {
		return false
	}
	if f == nil && calledVar(p.Info, c) != nil {
		return false
	}
	for _, a := range c.Args {
		if lit, ok := ast.Unparen(a).(*ast.BasicLit); ok && len(lit.Value) > 2 && writingSQL(lit.Value) != "" {
			return true
		}
	}
	path := chainPath(p.Info, c)
	if f != nil && f.Pkg() != nil {
		path = f.Pkg().Path()
	}
	switch path {
	case "net/http", "fmt", "os", "io":
		return false
	}
	if path != "" && !isStandard(path) && !lib(path, []string{"sql", "orm", "gorm", "bun", "pgx", "sqlx", "xorm", "beego", "mongo", "gocql", "ent"}) {
		return false
	}
	return verb(calleeName(c)) == writes && t.leaf(p, c, f).Has(Writes)
}
