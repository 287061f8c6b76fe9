package waterfall

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
)

// mutatesShared reports whether a call changes memory that others have: its receiver,
// or what a pointer among its arguments leads to.
func (f *finder) mutatesShared(c *callStep, sum effects.Summary) bool {
	if sum.Mutates&1 != 0 {
		return true
	}
	for i, a := range c.expr.Args {
		if sum.Mutates&(2<<min(i, 61)) == 0 {
			continue
		}
		switch x := ast.Unparen(a).(type) {
		case *ast.CompositeLit, *ast.CallExpr, *ast.BasicLit:
			continue
		case *ast.UnaryExpr:
			if _, ok := ast.Unparen(x.X).(*ast.CompositeLit); ok {
				continue
			}
		}
		return true
	}
	return false
}

// declineName declines calls by their name: names only make it more silent.
func (f *finder) declineName(st *step, c *callStep) {
	w := effects.Words(c.name)
	for i, x := range w {
		switch x {
		case "lock", "locked", "ensure", "must", "prompt", "ask", "confirm", "choose":
			st.demote(site.Declined, c.name+" does more than read, by its name")
			return
		case "select", "resolve", "acquire", "reserve", "claim", "next", "pop", "consume", "init", "initialize":
			if i == 0 {
				st.demote(site.Declined, c.name+" may do more than read, by its name")
				return
			}
		case "create", "update", "delete", "insert":
			if i == 0 || w[i-1] == "or" || w[i-1] == "for" || w[i-1] == "and" {
				st.demote(site.Declined, c.name+" writes, by its name")
				return
			}
		case "authorize", "authenticate", "verify", "validate", "check", "require", "allowed":
			st.demote(site.Low, c.name+" is a check, by its name")
			return
		}
	}
	switch c.name {
	case "ReadFile", "ReadDir", "Stat", "Lstat":
		c.cheap = c.name + " looks at files"
	}
	if effects.IsWriteName(c.name) {
		st.demote(site.Declined, c.name+" writes, by its name")
		return
	}
	if len(w) > 0 {
		switch w[len(w)-1] {
		case "license", "licence", "permission", "permissions", "entitlement", "entitlements":
			st.demote(site.Low, c.name+" looks up a license or a permission")
			return
		case "settings", "setting", "config", "flag", "flags", "features", "feature":
			c.cheap = c.name + " looks up settings"
			return
		case "cached", "cache":
			c.cheap = c.name + " answers from a cache"
			return
		}
	}
	if sel, ok := ast.Unparen(c.expr.Fun).(*ast.SelectorExpr); ok {
		for _, x := range effects.Words(lastName(sel.X)) {
			switch x {
			case "licensing", "license", "licenses", "permissions", "authz", "rbac":
				st.demote(site.Low, c.name+" looks up a license or a permission")
				return
			case "settings", "setting", "config", "features", "flags", "property", "properties", "preference", "preferences":
				c.cheap = c.name + " looks up settings"
				return
			}
		}
	}
}

// lastName returns the last name of a chain of selectors.
func lastName(e ast.Expr) string {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.CallExpr:
		return nameOf(x)
	}
	return ""
}

// declineResults declines guards, and results that have to be closed.
func (f *finder) declineResults(st *step, c *callStep) {
	used := false
	for i, l := range c.stmt.Lhs {
		if i == len(c.stmt.Lhs)-1 {
			break
		}
		if id, ok := l.(*ast.Ident); !ok || id.Name != "_" {
			used = true
		}
	}
	if !used {
		st.demote(site.Declined, "the value of "+c.name+" is discarded: a guard")
	} else if w := f.declineUse(c); w != "" {
		st.demote(site.Declined, w)
	}
	tuple, ok := f.p.Info.TypeOf(c.expr).(*types.Tuple)
	if !ok {
		return
	}
	for v := range tuple.Variables() {
		t := v.Type()
		name := typeName(t)
		if hasClose(t) {
			st.demote(site.Declined, "the result of "+c.name+" has to be closed")
			return
		}
		w := effects.Words(name)
		if len(w) == 0 {
			continue
		}
		if isPlain(t) {
			continue
		}
		switch w[len(w)-1] {
		case "rows", "row", "iterator", "iter", "cursor", "reader", "stream", "scanner":
			st.demote(site.Declined, "the result of "+c.name+" has to be closed")
			return
		case "client", "conn", "connection", "pool", "session", "tx", "transaction", "handle":
			st.demote(site.Declined, "the result of "+c.name+" is a handle, not an answer")
			return
		}
		if _, ok := t.Underlying().(*types.Chan); ok {
			st.demote(site.Declined, "the result of "+c.name+" is a channel")
		}
		if _, ok := t.Underlying().(*types.Signature); ok {
			st.demote(site.Declined, "the result of "+c.name+" is a function")
		}
	}
}

// isPlain reports whether a type is a struct with fields and without methods, or a pointer
// to one: a generated UsersRow, say. Those of packages that are missing have no fields.
func isPlain(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	return ok && s.NumFields() > 0 && types.NewMethodSet(types.NewPointer(t)).Len() == 0
}

func hasClose(t types.Type) bool {
	if t == nil {
		return false
	}
	if _, ok := t.Underlying().(*types.Basic); ok {
		return false
	}
	o, _, _ := types.LookupFieldOrMethod(t, true, nil, "Close")
	if f, ok := o.(*types.Func); ok && f.Signature().Params().Len() == 0 {
		return true
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for v := range s.Fields() { // as http.Response has
		if v.Name() == "Body" && types.IsInterface(v.Type()) && hasClose(v.Type()) {
			return true
		}
	}
	return typePathOf(t) == "net/http" && typeName(t) == "Response"
}

// declineArguments declines transactions, connections and the like.
func (f *finder) declineArguments(st *step, c *callStep) {
	found := false
	ast.Inspect(c.expr, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok || found {
			return !found
		}
		switch e.(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.CallExpr:
			t := f.p.Info.TypeOf(e)
			found = t != nil && isExclusive(t) || f.exclusive[effects.RootVar(f.p.Info, e)]
			if _, call := e.(*ast.CallExpr); !call && t != nil {
				if _, fn := t.Underlying().(*types.Signature); !fn {
					found = found || isExclusiveName(lastName(e)) || effects.IsTransaction(f.p.Info, e)
				}
			}
		}
		return !found
	})
	if found {
		st.demote(site.Declined, c.name+" uses a transaction, a connection or a session")
	} else if w := f.perhapsTransaction(c); w != "" {
		st.demote(site.Low, w)
	}
}

// perhapsTransaction says which of the function's parameters a call uses that may be a
// transaction: somebody gives the function one, or its type is one that transactions
// have as well.
func (f *finder) perhapsTransaction(c *callStep) string {
	why := ""
	ast.Inspect(c.expr, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || why != "" {
			return why == ""
		}
		v, ok := f.p.Info.Uses[id].(*types.Var)
		switch {
		case !ok || v.Kind() != types.ParamVar && v.Kind() != types.RecvVar:
		case f.table.MayBeTransaction(v):
			why = "somebody gives " + f.decl.Name.Name + " a transaction in " + v.Name()
		case v.Kind() == types.ParamVar && effects.Transacts(v.Type()):
			why = v.Name() + " may be a transaction, by its type"
		}
		return true
	})
	return why
}

// exclusiveVars returns the variables of a function that are made from a transaction, a
// connection or a session, as by queries := New(conn).
func (f *finder) exclusiveVars(d *ast.FuncDecl) map[*types.Var]bool {
	made := make(map[*types.Var]bool)
	ast.Inspect(d.Body, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok {
			return true
		}
		for _, r := range a.Rhs {
			c, ok := ast.Unparen(r).(*ast.CallExpr)
			if !ok || len(c.Args) == 0 {
				continue
			}
			for _, arg := range c.Args {
				t := f.p.Info.TypeOf(arg)
				if t == nil || !isExclusive(t) && !isExclusiveName(lastName(arg)) && !made[effects.RootVar(f.p.Info, arg)] {
					continue
				}
				for _, l := range a.Lhs {
					if v := effects.RootVar(f.p.Info, l); v != nil && !isErrorLike(v) {
						made[v] = true
					}
				}
			}
		}
		return true
	})
	delete(made, nil)
	return made
}

func isExclusiveName(name string) bool {
	switch name {
	case "conn", "sess", "session":
		return true
	}
	w := effects.Words(name)
	if len(w) == 0 {
		return false
	}
	switch w[len(w)-1] {
	case "tx", "txn", "trx":
		return true
	}
	return false
}

// isExclusive reports whether a type is one that one at a time may use.
func isExclusive(t types.Type) bool {
	w := effects.Words(typeName(t))
	if len(w) == 0 {
		return false
	}
	switch w[len(w)-1] {
	case "tx", "txn", "transaction":
		return true
	case "conn", "session":
		p := typePathOf(t)
		return strings.Contains(p, "sql") || strings.Contains(p, "pgx") || strings.Contains(p, "xorm") || strings.Contains(p, "db") || strings.Contains(p, "mongo")
	case "rows":
		return true
	}
	return false
}

func typeName(t types.Type) string {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

func typePathOf(t types.Type) string {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil {
		return n.Obj().Pkg().Path()
	}
	return ""
}
