package waterfall

import (
	"go/ast"
	"go/token"
	"go/types"

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
	asked   map[*types.Var]bool // what a check's conditions read
	checked *ast.IfStmt         // the check, without what stands in its header
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
	session bool   // it runs on what its context has, perhaps a transaction
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

func newStep(s ast.Stmt) *step {
	return &step{stmt: s, tier: site.High, reads: make(map[*types.Var]bool), changed: make(map[*types.Var]bool), fresh: make(map[*types.Var]bool),
		asked: make(map[*types.Var]bool)}
}

// end is where the code of a step ends, without the check after a call in the header
// of an if.
func (s *step) end() token.Pos {
	if s.call != nil {
		return s.call.stmt.End()
	}
	return s.stmt.End()
}

// classify returns the steps of a statement: two for an if whose header has the call.
func (f *finder) classify(s ast.Stmt) []*step {
	st := newStep(s)
	if f.isSeq(s) {
		st.stop = true
		return []*step{st}
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		if c := f.callOf(s); c != nil && (f.candidate(st, c) || st.stop) {
			return []*step{st}
		}
	case *ast.IfStmt:
		if steps := f.callAndCheck(s); steps != nil {
			return steps
		}
		if f.errorCheck(st, s) || st.stop {
			return []*step{st}
		}
	case *ast.SwitchStmt:
		if chain := asChain(s); chain != nil && (f.errorCheck(st, chain) || st.stop) {
			return []*step{st}
		}
	case *ast.ReturnStmt, *ast.BranchStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt, *ast.SelectStmt, *ast.LabeledStmt:
		st.stop = true
		return []*step{st}
	}
	f.glue(st, s)
	return []*step{st}
}

// callAndCheck returns the steps of if x, err = f(ctx); err != nil { … }, nil for
// another statement.
func (f *finder) callAndCheck(s *ast.IfStmt) []*step {
	init, ok := s.Init.(*ast.AssignStmt)
	if !ok {
		return nil
	}
	c := f.callOf(init)
	if c == nil {
		return nil
	}
	st := newStep(s)
	if !f.candidate(st, c) {
		if st.stop {
			return []*step{st}
		}
		return nil
	}
	check := newStep(s)
	rest := *s
	rest.Init = nil
	if !f.errorCheck(check, &rest) && !check.stop {
		f.glue(check, &rest)
	}
	return []*step{st, check}
}

// asChain returns switch { case a: …; case b: … } as if a { … } else if b { … }, nil if
// it has more than that.
func asChain(s *ast.SwitchStmt) *ast.IfStmt {
	if s.Init != nil || s.Tag != nil || len(s.Body.List) == 0 {
		return nil
	}
	var first, last *ast.IfStmt
	for _, c := range s.Body.List {
		c := c.(*ast.CaseClause)
		if len(c.List) == 0 || jumps(c.Body) {
			return nil
		}
		cond := c.List[0]
		for _, e := range c.List[1:] {
			cond = &ast.BinaryExpr{X: cond, Op: token.LOR, Y: e}
		}
		next := &ast.IfStmt{If: c.Pos(), Cond: cond, Body: &ast.BlockStmt{Lbrace: c.Colon, List: c.Body, Rbrace: c.End()}}
		if first == nil {
			first = next
		} else {
			last.Else = next
		}
		last = next
	}
	return first
}

// jumps reports whether statements have a break or a fallthrough.
func jumps(list []ast.Stmt) bool {
	found := false
	for _, s := range list {
		ast.Inspect(s, func(n ast.Node) bool {
			if b, ok := n.(*ast.BranchStmt); ok && (b.Tok == token.BREAK || b.Tok == token.FALLTHROUGH) {
				found = true
			}
			return !found
		})
	}
	return found
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
	c.session = sum.Session
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
