package waterfall

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
)

// step is what a statement is to a run of calls.
type step struct {
	stmt    ast.Stmt
	stop    bool      // the run ends before it
	call    *callStep // it is one of the calls
	check   bool      // it looks at a call's error or result, and leaves
	leaves  bool      // a check that leaves whenever there is an error
	tier    site.Tier // the highest tier whose runs it may be in
	why     []string  // why not in higher ones
	reads   map[*types.Var]bool
	changed map[*types.Var]bool
	fresh   map[*types.Var]bool // those of changed that it declares
}

// callStep is a statement that is a call of the form x, err := f(ctx, …).
type callStep struct {
	stmt    *ast.AssignStmt
	expr    *ast.CallExpr
	name    string
	results []*types.Var // nil for what is discarded
	err     *types.Var
	ctx     string // the context's text
	ctxVar  *types.Var
	uses    map[*types.Var]bool
	deep    bool   // it changes memory of what its receiver has
	cheap   string // why it takes no time, most often
	why     string // how it is known that it reads
}

// demote lowers the highest tier of a step.
func (s *step) demote(t site.Tier, why string) {
	if t <= s.tier {
		s.tier = t
	}
	s.why = append(s.why, why)
}

func (f *finder) classify(s ast.Stmt, errs []*types.Var) *step {
	st := &step{stmt: s, tier: site.High, reads: make(map[*types.Var]bool), changed: make(map[*types.Var]bool), fresh: make(map[*types.Var]bool)}
	if f.isSeq(s) {
		st.stop = true
		return st
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		if c := f.callOf(s); c != nil {
			if f.candidate(st, c) {
				return st
			}
			if st.stop {
				return st
			}
		}
	case *ast.IfStmt:
		if f.errorCheck(st, s) || st.stop {
			return st
		}
	case *ast.ReturnStmt, *ast.BranchStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt, *ast.SelectStmt, *ast.LabeledStmt:
		st.stop = true
		return st
	}
	f.glue(st, s)
	return st
}

// callOf returns the parts of a statement that assigns one or more values and an error.
func (f *finder) callOf(s *ast.AssignStmt) *callStep {
	if len(s.Rhs) != 1 || len(s.Lhs) < 2 || s.Tok != token.ASSIGN && s.Tok != token.DEFINE {
		return nil
	}
	e, ok := ast.Unparen(s.Rhs[0]).(*ast.CallExpr)
	if !ok {
		return nil
	}
	c := &callStep{stmt: s, expr: e, name: nameOf(e), uses: make(map[*types.Var]bool)}
	for _, l := range s.Lhs {
		id, ok := ast.Unparen(l).(*ast.Ident)
		if !ok {
			v := effects.RootVar(f.p.Info, l)
			c.results = append(c.results, v)
			continue
		}
		c.results = append(c.results, f.varOf(id))
	}
	if last, ok := ast.Unparen(s.Lhs[len(s.Lhs)-1]).(*ast.Ident); ok && last.Name != "_" {
		c.err = f.varOf(last)
		if c.err == nil || !isErrorLike(c.err) {
			return nil
		}
	} else if !ok {
		return nil
	} else if t, ok := f.p.Info.TypeOf(e).(*types.Tuple); !ok || !effects.IsError(t.At(t.Len()-1).Type()) {
		return nil
	}
	return c
}

func (f *finder) varOf(id *ast.Ident) *types.Var {
	if v, ok := f.p.Info.Defs[id].(*types.Var); ok {
		return v
	}
	v, _ := f.p.Info.Uses[id].(*types.Var)
	return v
}

// isErrorLike reports whether a variable is an error, or would be if its type were known.
func isErrorLike(v *types.Var) bool {
	if effects.IsError(v.Type()) {
		return true
	}
	b, ok := v.Type().(*types.Basic)
	return ok && b.Kind() == types.Invalid && strings.HasPrefix(strings.ToLower(v.Name()), "err")
}

// candidate fills in a step that is a call of a run; it returns false if the call is
// none, and st.stop if it ends one.
func (f *finder) candidate(st *step, c *callStep) bool {
	info := f.p.Info
	sum := f.table.Call(f.p, c.expr)
	if sum.IsPure() && !f.contextual(c) {
		return false
	}
	if !f.context(c) {
		st.stop = sum.Has(effects.Writes|effects.Unknown|effects.Guard) || sum.Mutates != 0
		return false
	}
	readName := effects.IsReadName(c.name)
	switch {
	case sum.Has(effects.Guard):
		st.demote(site.Declined, c.name+" is a guard")
	case sum.Has(effects.Writes):
		if !readName {
			st.stop = true
			return false
		}
		st.demote(site.Declined, c.name+" writes: "+sum.Trail)
	case sum.Has(effects.Unknown):
		if !readName {
			st.stop = true
			return false
		}
		st.demote(site.Likely, "that "+c.name+" only reads is known by its name; it calls "+sum.Trail)
		c.why = "by its name"
	case sum.Has(effects.Reads):
		c.why = "by what it calls"
	case sum.Has(effects.ByName):
		if !readName {
			st.stop = true
			return false
		}
		st.demote(site.Likely, "that "+c.name+" only reads is known by its name")
		c.why = "by its name"
	case sum.Has(effects.Cached):
		c.cheap = c.name + " answers from a cache"
	default: // it does nothing outside
		c.cheap = c.name + " asks nobody"
	}
	if sum.Given {
		c.why = "by its comment"
	}
	if f.mutatesShared(c, sum) {
		how := ""
		if fn := effects.Callee(info, c.expr); fn != nil {
			how = f.table.Mutation(fn)
		}
		st.demote(site.Declined, c.name+" changes what it is given: "+how)
	} else if sum.Mutates&effects.Deep != 0 {
		c.deep = true
	}
	f.declineName(st, c)
	f.declineResults(st, c)
	f.declineArguments(st, c)
	// What it uses, and what it gives.
	f.uses(c.expr, c.uses)
	delete(c.uses, c.ctxVar)
	for v := range c.uses {
		st.reads[v] = true
	}
	for i, v := range c.results {
		if v == nil || v == c.err {
			continue
		}
		st.changed[v] = true
		if id, ok := ast.Unparen(c.stmt.Lhs[i]).(*ast.Ident); ok && info.Defs[id] != nil {
			st.fresh[v] = true
		}
	}
	ast.Inspect(c.expr, func(n ast.Node) bool { // calls in its arguments
		if inner, ok := n.(*ast.CallExpr); ok && inner != c.expr {
			if s := f.table.Call(f.p, inner); s.Has(effects.Writes|effects.Guard) || s.Mutates != 0 && !effects.IsSilent(info, inner) {
				st.demote(site.Declined, "an argument of "+c.name+" has an effect: "+nameOf(inner))
			} else if s.Has(effects.Unknown) {
				st.demote(site.Likely, "an argument of "+c.name+" calls "+nameOf(inner))
			}
		}
		if _, ok := n.(*ast.FuncLit); ok {
			st.demote(site.Declined, c.name+" is given a function")
			return false
		}
		return true
	})
	st.call = c
	return true
}

// contextual reports whether a call is given a context at all.
func (f *finder) contextual(c *callStep) bool {
	return f.table.Call(f.p, c.expr).Effects != 0
}

// context finds the context that the call is given: a variable, or r.Context().
func (f *finder) context(c *callStep) bool {
	info := f.p.Info
	plain := true
	ast.Inspect(c.expr, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			return false
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		for _, a := range call.Args {
			t := info.TypeOf(a)
			if t == nil || !effects.IsContext(t) {
				continue
			}
			text := types.ExprString(a)
			if c.ctx != "" && c.ctx != text {
				plain = false
			}
			c.ctx = text
			switch a := ast.Unparen(a).(type) {
			case *ast.Ident:
				c.ctxVar = f.varOf(a)
			case *ast.CallExpr:
				sel, ok := ast.Unparen(a.Fun).(*ast.SelectorExpr)
				if !ok || sel.Sel.Name != "Context" || len(a.Args) > 0 {
					plain = false
					continue
				}
				id, ok := ast.Unparen(sel.X).(*ast.Ident)
				if !ok {
					plain = false
					continue
				}
				c.ctxVar = f.varOf(id)
			case *ast.SelectorExpr:
				plain = false
			default:
				plain = false
			}
		}
		return true
	})
	return c.ctx != "" && plain
}

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
			case "settings", "setting", "config", "features", "flags":
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
	if p := typePathOf(t); p == "net/http" && typeName(t) == "Response" {
		return true
	}
	return false
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
					found = found || isExclusiveName(lastName(e))
				}
			}
		}
		return !found
	})
	if found {
		st.demote(site.Declined, c.name+" uses a transaction, a connection or a session")
	}
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
	case "tx", "txn", "Tx", "dbTx", "sqlTx", "conn", "sess", "session":
		return true
	}
	return strings.HasSuffix(name, "Tx")
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

// uses notes the variables that an expression reads.
func (f *finder) uses(n ast.Node, into map[*types.Var]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v, ok := f.p.Info.Uses[id].(*types.Var); ok && !v.IsField() {
				into[v] = true
			}
		}
		return true
	})
}

// checksError reports whether a condition asks for an error.
func checksError(info *types.Info, cond ast.Expr) bool {
	found := false
	ast.Inspect(cond, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v, ok := info.Uses[id].(*types.Var); ok && isErrorLike(v) {
				found = true
			}
		}
		return !found
	})
	return found && !isNilError(info, cond)
}

// isNilError reports whether a condition holds only if there is no error.
func isNilError(info *types.Info, cond ast.Expr) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok {
		return false
	}
	switch b.Op {
	case token.LAND:
		return isNilError(info, b.X) || isNilError(info, b.Y)
	case token.EQL:
		id, ok := ast.Unparen(b.X).(*ast.Ident)
		if !ok {
			return false
		}
		v, ok := info.Uses[id].(*types.Var)
		return ok && isErrorLike(v) && isNil(b.Y)
	}
	return false
}

func isNil(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && id.Name == "nil"
}

// isNotNilError reports whether a condition is err != nil and no more, or that or more.
func isNotNilError(info *types.Info, cond ast.Expr) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok {
		return false
	}
	switch b.Op {
	case token.LOR:
		return isNotNilError(info, b.X) || isNotNilError(info, b.Y)
	case token.NEQ:
		id, ok := ast.Unparen(b.X).(*ast.Ident)
		if !ok {
			return false
		}
		v, ok := info.Uses[id].(*types.Var)
		return ok && isErrorLike(v) && isNil(b.Y)
	}
	return false
}

// errorCheck fills in a step that looks at the error of a call, or whether its result is
// nil, and leaves.
func (f *finder) errorCheck(st *step, s *ast.IfStmt) bool {
	info := f.p.Info
	if s.Init != nil {
		return false
	}
	if isNilError(info, s.Cond) {
		if leaves(s.Body.List) {
			st.demote(site.Declined, "it leaves when there is no error: what follows is a fallback")
			f.effectsOfBranch(st, s.Body.List)
			f.uses(s.Cond, st.reads)
			return !st.stop
		}
		st.demote(site.Declined, "a value is used only if there is no error")
		f.effectsOfBranch(st, s.Body.List)
		if s.Else != nil {
			st.stop = true
		}
		return !st.stop
	}
	asks := checksError(info, s.Cond)
	if !asks && !isNilCheck(s.Cond) {
		return false
	}
	f.callsOf(st, s.Cond, true)
	if st.stop {
		return true
	}
	if !asks && !leaves(s.Body.List) {
		return false
	}
	st.check = true
	st.leaves = leaves(s.Body.List) && isNotNilError(info, s.Cond)
	f.uses(s.Cond, st.reads)
	f.effectsOfBranch(st, s.Body.List)
	switch e := s.Else.(type) {
	case *ast.IfStmt:
		inner := &step{stmt: e, tier: site.High, reads: st.reads, changed: st.changed, fresh: st.fresh}
		if checksError(info, e.Cond) && f.errorCheck(inner, e) {
			st.tier = min(st.tier, inner.tier)
			st.why = append(st.why, inner.why...)
			st.stop = st.stop || inner.stop
			st.leaves = leaves(s.Body.List) && inner.leaves
			return true
		}
		f.glue(st, e)
	case *ast.BlockStmt:
		f.glue(st, e)
	}
	return true
}

// isNilCheck reports whether a condition is x == nil.
func isNilCheck(cond ast.Expr) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok || b.Op != token.EQL || !isNil(b.Y) {
		return false
	}
	_, ok = ast.Unparen(b.X).(*ast.Ident)
	return ok
}

// leaves reports whether a list of statements never goes on to what follows it.
func leaves(list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch s := list[len(list)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.BREAK || s.Tok == token.CONTINUE || s.Tok == token.GOTO
	case *ast.IfStmt:
		if b, ok := s.Else.(*ast.BlockStmt); ok {
			return leaves(s.Body.List) && leaves(b.List)
		}
	case *ast.ExprStmt:
		if c, ok := s.X.(*ast.CallExpr); ok {
			switch nameOf(c) {
			case "panic", "Fatal", "Fatalf", "Fatalln", "Exit", "Panic", "Panicf":
				return true
			}
		}
	}
	return false
}

// effectsOfBranch looks at what an error branch does but return, log, and write a
// response.
func (f *finder) effectsOfBranch(st *step, list []ast.Stmt) {
	for _, s := range list {
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ReturnStmt:
				return false // how the error is told is not asked
			case *ast.GoStmt, *ast.DeferStmt, *ast.SendStmt:
				st.demote(site.Declined, "an error branch has effects of its own")
				return false
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					f.change(st, l)
				}
			case *ast.IncDecStmt:
				f.change(st, n.X)
			case *ast.CallExpr:
				sum := f.table.Call(f.p, n)
				if sum.IsPure() || effects.IsSilent(f.p.Info, n) || f.tells(n) {
					return true
				}
				st.demote(site.Declined, "an error branch has effects of its own: "+nameOf(n))
			}
			return true
		})
	}
}

// tells reports whether a call passes on an error or writes a response.
func (f *finder) tells(c *ast.CallExpr) bool {
	for _, a := range c.Args {
		t := f.p.Info.TypeOf(a)
		if t == nil {
			continue
		}
		if effects.IsError(t) || typeName(t) == "ResponseWriter" {
			return true
		}
		if id, ok := ast.Unparen(a).(*ast.Ident); ok {
			if v := f.varOf(id); v != nil && isErrorLike(v) {
				return true
			}
		}
	}
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
		if t := f.p.Info.TypeOf(sel.X); t != nil && (effects.IsError(t) || typeName(t) == "ResponseWriter") {
			return true
		}
	}
	switch nameOf(c) {
	case "panic", "Fatal", "Fatalf", "Fatalln", "Exit", "Panic", "Panicf":
		return true
	}
	return false
}

// glue fills in a step that only computes.
func (f *finder) glue(st *step, n ast.Node) {
	f.uses(n, st.reads)
	f.callsOf(st, n, false)
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				f.change(st, l)
			}
		case *ast.IncDecStmt:
			f.change(st, n.X)
		case *ast.RangeStmt:
			if n.Key != nil {
				f.change(st, n.Key)
			}
			if n.Value != nil {
				f.change(st, n.Value)
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				f.change(st, id)
			}
		case *ast.ReturnStmt, *ast.GoStmt, *ast.DeferStmt, *ast.SendStmt, *ast.SelectStmt:
			st.stop = true
			return false
		case *ast.BranchStmt:
			if n.Tok == token.GOTO || n.Label != nil {
				st.stop = true
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				st.stop = true
			}
		}
		return !st.stop
	})
}

// callsOf looks at the calls within: they end the run unless they only compute or tell.
func (f *finder) callsOf(st *step, n ast.Node, cond bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if st.stop {
			return false
		}
		if lit, ok := n.(*ast.FuncLit); ok && !f.computes(lit) {
			st.stop = true
			return false
		}
		c, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if effects.IsSilent(f.p.Info, c) || cond && f.tells(c) {
			return true
		}
		if _, ok := ast.Unparen(c.Fun).(*ast.FuncLit); ok {
			return true
		}
		sum := f.table.Call(f.p, c)
		if sum.Effects != 0 {
			st.stop = true
			return false
		}
		if sum.Mutates&1 != 0 {
			if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
				f.change(st, sel.X)
			}
		}
		for i, a := range c.Args {
			if sum.Mutates&(2<<min(i, 61)) != 0 {
				f.change(st, a)
			}
		}
		return true
	})
}

// computes reports whether a function literal calls nothing of effect.
func (f *finder) computes(lit *ast.FuncLit) bool {
	ok := true
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		if c, is := n.(*ast.CallExpr); is && !effects.IsSilent(f.p.Info, c) && f.table.Call(f.p, c).Effects != 0 {
			ok = false
		}
		return ok
	})
	return ok
}

// change notes that a step changes a variable, or what it leads to.
func (f *finder) change(st *step, l ast.Expr) {
	l = ast.Unparen(l)
	v := effects.RootVar(f.p.Info, l)
	if v == nil {
		return
	}
	if isErrorLike(v) {
		return
	}
	st.changed[v] = true
	if id, ok := l.(*ast.Ident); ok && f.p.Info.Defs[id] != nil {
		st.fresh[v] = true
	}
}

// isSeq reports whether a comment //asapvet:seq stands at the statement.
func (f *finder) isSeq(s ast.Stmt) bool {
	line := f.line(s.Pos())
	for _, g := range f.file.Comments {
		for _, c := range g.List {
			if strings.HasPrefix(c.Text, "//asapvet:seq") {
				if at := f.line(c.Pos()); at == line || at == line-1 {
					return true
				}
			}
		}
	}
	return false
}
