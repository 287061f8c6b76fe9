package waterfall

import (
	"go/ast"
	"go/types"
	"slices"

	"github.com/asap-go/asap/asapvet/internal/effects"
	"github.com/asap-go/asap/asapvet/internal/site"
)

// scope is what surrounds a list of statements.
type scope struct {
	low      []string
	declined []string
}

func (s scope) lower(why string) scope {
	s.low = append(slices.Clip(s.low), why)
	return s
}

func (s scope) decline(why string) scope {
	s.declined = append(slices.Clip(s.declined), why)
	return s
}

// block looks at a list of statements, and at those in it.
func (f *finder) block(list []ast.Stmt, sc scope) {
	f.segments(list, sc)
	if importsErrgroup(f.file) {
		f.barriers(list, sc)
	}
	for _, s := range list {
		f.inner(s, sc)
	}
}

// inner looks at the lists of statements within a statement.
func (f *finder) inner(s ast.Stmt, sc scope) {
	switch s := s.(type) {
	case *ast.BlockStmt:
		f.block(s.List, sc)
		return
	case *ast.LabeledStmt:
		f.inner(s.Stmt, sc)
		return
	case *ast.IfStmt:
		f.literals(s.Init, sc)
		f.literals(s.Cond, sc)
		inside := sc
		if checksError(f.p.Info, s.Cond) {
			inside = sc.decline("it is in an error branch: a fallback")
		}
		f.block(s.Body.List, inside)
		if s.Else != nil {
			f.inner(s.Else, sc)
		}
		return
	case *ast.ForStmt:
		f.block(s.Body.List, sc.lower("it is in a loop"))
		return
	case *ast.RangeStmt:
		f.literals(s.X, sc)
		f.block(s.Body.List, sc.lower("it is in a loop"))
		return
	case *ast.SwitchStmt:
		f.block(s.Body.List, sc)
		return
	case *ast.TypeSwitchStmt:
		f.block(s.Body.List, sc)
		return
	case *ast.SelectStmt:
		f.block(s.Body.List, sc)
		return
	case *ast.CaseClause:
		f.block(s.Body, sc)
		return
	case *ast.CommClause:
		f.block(s.Body, sc)
		return
	}
	f.literals(s, sc)
}

// literals looks at the function literals in a statement or an expression.
func (f *finder) literals(n ast.Node, sc scope) {
	if n == nil {
		return
	}
	var calls []*ast.CallExpr // around
	ast.Inspect(n, func(m ast.Node) bool {
		switch m := m.(type) {
		case *ast.CallExpr:
			calls = append(calls, m)
		case *ast.FuncLit:
			inside := scope{low: f.low, declined: sc.declined}
			if slices.Contains(sc.low, "it is in a loop") {
				inside = inside.lower("it is in a loop")
			}
			for _, c := range calls {
				if c.Pos() <= m.Pos() && m.End() <= c.End() && c.Fun != ast.Expr(m) {
					switch around := nameOf(c); {
					case effects.IsTransactionName(around):
						inside = inside.decline("it is in a transaction")
					case isRepeated(around):
						inside = inside.lower("the function around it runs more than once")
					}
				}
			}
			f.block(m.Body.List, inside)
			return false
		}
		return true
	})
}

// segments finds the sites in one list of statements: first those of the highest tier,
// then what these have left.
func (f *finder) segments(list []ast.Stmt, sc scope) {
	candidates := 0
	var steps []*step
	for _, s := range list {
		for _, st := range f.classify(s) {
			steps = append(steps, st)
			if st.call != nil {
				candidates++
			}
		}
	}
	if candidates < 2 {
		return
	}
	taken := make(map[*callStep]bool)
	for tier := site.High; tier >= site.Declined; tier-- {
		var run []*step
		var kept []*site.Site
		at := 0 // where the run ends
		flush := func() {
			if s := f.site(run, tier, sc); s != nil {
				kept = append(kept, s)
				f.plans[s] = plan{file: f.file, decl: f.decl, steps: steps[at-len(run) : at]}
			}
			run = nil
		}
		for i, st := range steps {
			at = i
			if st.stop || st.tier < tier || st.call != nil && taken[st.call] {
				flush()
				continue
			}
			if len(run) > 0 && !f.fits(run, st, tier) {
				flush()
			}
			if len(run) > 0 || st.call != nil {
				run = append(run, st)
			}
		}
		at = len(steps)
		flush()
		for _, s := range kept {
			for _, st := range steps {
				if st.call != nil && slices.ContainsFunc(s.Calls, func(c site.Call) bool { return c.Pos == st.call.expr.Pos() }) {
					taken[st.call] = true
				}
			}
		}
		f.sites = append(f.sites, kept...)
	}
}

// fits reports whether a step may follow the run: its context is the same, and what it
// uses has not been changed since the run began.
func (f *finder) fits(run []*step, st *step, tier site.Tier) bool {
	if st.call == nil {
		return true
	}
	first := run[0].call
	if st.call.ctx != first.ctx {
		return false
	}
	for _, r := range run {
		for v := range r.changed {
			if v == first.ctxVar {
				return false
			}
			if !r.fresh[v] && st.call.uses[v] && r.taints(run, v) == 0 {
				return false
			}
		}
	}
	return true
}

// taints reports whether what a step gives to v comes from the calls of the run: then it
// is a dependence, not a change.
func (s *step) taints(run []*step, v *types.Var) int {
	n := 0
	for _, r := range run {
		if r == s {
			break
		}
		if r.call == nil {
			continue
		}
		for _, res := range r.call.results {
			if s.reads[res] {
				n++
			}
		}
	}
	if s.call != nil {
		n++
	}
	return n
}
