package effects

import (
	"go/ast"
	"go/types"
)

// declareValues notes the functions that are values of variables.
func (t *Table) declareValues(p *Package, s *ast.ValueSpec) {
	for i, name := range s.Names {
		v, ok := p.Info.Defs[name].(*types.Var)
		if !ok || i >= len(s.Values) {
			continue
		}
		if id := calleeIdent(&ast.CallExpr{Fun: s.Values[i]}); id != nil {
			if f, ok := p.Info.Uses[id].(*types.Func); ok {
				t.values[v] = f
			}
		}
	}
}

// functionIn returns the function that the called variable has, nil if that is not known.
func (t *Table) functionIn(info *types.Info, c *ast.CallExpr) *types.Func {
	if v := calledVar(info, c); v != nil {
		return t.values[v]
	}
	return nil
}

// fillFields notes the functions that a file puts into fields of structs.
func (t *Table) fillFields(p *Package, file *ast.File) {
	put := func(field *ast.Ident, value ast.Expr) {
		v, ok := p.Info.Uses[field].(*types.Var)
		if !ok || !v.IsField() {
			return
		}
		if _, ok := v.Type().Underlying().(*types.Signature); !ok || isNilIdent(value) {
			return
		}
		n := t.makeField(p, v)
		if lit, ok := ast.Unparen(value).(*ast.FuncLit); ok {
			fn := types.NewFunc(lit.Pos(), p.Types, v.Name(), types.NewSignatureType(nil, nil, nil, nil, nil, false))
			t.nodes[fn] = &node{fn: fn, pkg: p, body: lit.Body, made: true}
			n.calls = append(n.calls, edge{to: t.nodes[fn]})
			return
		}
		if id := calleeIdent(&ast.CallExpr{Fun: value}); id != nil {
			if f, ok := p.Info.Uses[id].(*types.Func); ok {
				if to := t.nodes[f.Origin()]; to != nil {
					n.calls = append(n.calls, edge{to: to})
					return
				}
			}
			if from, ok := p.Info.Uses[id].(*types.Var); ok && from.IsField() { // a copy
				if to := t.makeField(p, from); to != n {
					n.calls = append(n.calls, edge{to: to})
				}
				return
			}
		}
		if id, ok := ast.Unparen(value).(*ast.Ident); ok {
			if from, ok := p.Info.Uses[id].(*types.Var); ok && from.Kind() == types.ParamVar {
				t.params[from] = append(t.params[from], n)
				return
			}
		}
		if canFail(v) {
			n.sum.Effects |= Unknown
			n.sum.Trail = "calls the function in " + v.Name()
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok {
				put(id, n.Value)
			}
		case *ast.AssignStmt:
			if len(n.Lhs) == len(n.Rhs) {
				for i, l := range n.Lhs {
					if sel, ok := l.(*ast.SelectorExpr); ok {
						put(sel.Sel, n.Rhs[i])
					}
				}
			}
		}
		return true
	})
}

// makeField returns the node of a field of a function's type.
func (t *Table) makeField(p *Package, v *types.Var) *node {
	n := t.fields[v]
	if n == nil {
		n = &node{fn: types.NewFunc(v.Pos(), v.Pkg(), v.Name(), types.NewSignatureType(nil, nil, nil, nil, nil, false)), pkg: p, made: true}
		t.fields[v], t.nodes[n.fn] = n, n
	}
	return n
}

// fillParams notes what the parameters are given that end up in fields: a constructor's
// functions. One that nobody here gives is not known.
func (t *Table) fillParams(packages []*Package) {
	if len(t.params) == 0 {
		return
	}
	given := make(map[*types.Var]bool)
	for _, p := range packages {
		for _, file := range p.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				f := Callee(p.Info, c)
				if f == nil {
					return true
				}
				params := f.Origin().Signature().Params()
				for i, a := range c.Args {
					if i >= params.Len() {
						break
					}
					for _, field := range t.params[params.At(i)] {
						given[params.At(i)] = true
						t.fill(p, field, a, canFail(params.At(i)))
					}
				}
				return true
			})
		}
	}
	for v, fields := range t.params {
		for _, field := range fields {
			if !given[v] && canFail(v) {
				field.sum.Effects |= Unknown
				field.sum.Trail = "calls the function in " + field.fn.Name()
			}
		}
	}
}

// fillRest says that nothing is known of fields which nobody here fills but by copies of
// them. Those that are not exported stay nil.
func (t *Table) fillRest() {
	for v, n := range t.fields {
		if len(n.calls) == 0 && n.sum.Effects == 0 && v.Exported() && canFail(v) {
			n.sum.Effects |= Unknown
			n.sum.Trail = "calls the function in " + v.Name()
		}
	}
}

// fill notes that the function of a value may be the one in a field.
func (t *Table) fill(p *Package, field *node, value ast.Expr, fails bool) {
	if isNilIdent(value) {
		return
	}
	if _, ok := ast.Unparen(value).(*ast.FuncLit); ok && fails {
		// Its body counts where it stands, as that of any literal that is passed on; what
		// it does when it is called later is not known.
		field.sum.Effects |= Unknown
		field.sum.Trail = "calls a literal in " + field.fn.Name()
		return
	}
	if id := calleeIdent(&ast.CallExpr{Fun: value}); id != nil {
		if f, ok := p.Info.Uses[id].(*types.Func); ok {
			if to := t.nodes[f.Origin()]; to != nil {
				field.calls = append(field.calls, edge{to: to})
				return
			}
		}
	}
	if !fails {
		return // as what is known of other functions
	}
	field.sum.Effects |= Unknown
	field.sum.Trail = "calls the function in " + field.fn.Name()
}

// fieldNode returns the node of the field whose function is called, nil if nobody here
// puts one there.
func (t *Table) fieldNode(info *types.Info, c *ast.CallExpr) *node {
	v := calledVar(info, c)
	if v == nil || !v.IsField() {
		return nil
	}
	return t.fields[v]
}

func isNilIdent(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && id.Name == "nil"
}
