package waterfall

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"github.com/asap-go/asap/asapvet/internal/effects"
)

// moved is a call that becomes a task.
type moved struct {
	*callStep
	at    int              // its index among the steps
	deps  []*moved         // in the order of declaration
	of    map[*moved][]int // which of a dependency's results it uses
	types []types.Type     // of its values
	task  string           // the variable
	name  string           // of the task
	text  string           // the call
	value string           // the text of the task's type
	pack  string           // the name of the struct, if there are two values
	parts []string         // the names of its fields
}

// movable returns the calls that can start before the first of them: those whose
// arguments are there by then, or are the results of others of them.
func (x *fixer) movable() ([]*moved, error) {
	var best []*moved
	reason := errors.New("fewer than two calls can be moved")
	for start, st := range x.steps {
		if st.call == nil {
			continue
		}
		calls, err := x.movableFrom(start)
		if err != nil {
			reason = err
		}
		if len(calls) > len(best) {
			best = calls
		}
	}
	if len(best) < 2 || !independent(best) {
		return nil, reason
	}
	return best, nil
}

func independent(calls []*moved) bool {
	for j, c := range calls {
		for _, o := range calls[:j] {
			if !c.needs(o) && c.cheap == "" && o.cheap == "" {
				return true
			}
		}
	}
	return false
}

func (x *fixer) movableFrom(start int) (calls []*moved, reason error) {
	reason = errors.New("fewer than two calls can be moved")
	from := make(map[*types.Var]*moved) // whose result a variable is, by now
	index := make(map[*types.Var]int)
	touched := make(map[*types.Var]bool) // changed otherwise
	for at := start; at < len(x.steps); at++ {
		st := x.steps[at]
		c := st.call
		if c == nil {
			for v := range st.changed {
				touched[v] = true
			}
			continue
		}
		m, err := x.move(at, c, from, index, touched)
		if err != nil {
			reason = err
			if at == start {
				return nil, reason
			}
			for v := range st.changed {
				touched[v] = true
				delete(from, v)
			}
			continue
		}
		calls = append(calls, m)
		for i, v := range c.results[:len(c.results)-1] {
			if v == nil {
				continue
			}
			if _, ok := ast.Unparen(c.stmt.Lhs[i]).(*ast.Ident); !ok {
				touched[v] = true // a field
				continue
			}
			delete(touched, v)
			from[v], index[v] = m, i
		}
	}
	return calls, reason
}

// move reports whether one call can be moved, and what it needs then.
func (x *fixer) move(at int, c *callStep, from map[*types.Var]*moved, index map[*types.Var]int, touched map[*types.Var]bool) (*moved, error) {
	tuple, ok := x.p.Info.TypeOf(c.expr).(*types.Tuple)
	if !ok || tuple.Len() < 2 {
		return nil, errors.New("the results of " + c.name + " are not known")
	}
	if !effects.IsError(tuple.At(tuple.Len() - 1).Type()) {
		return nil, errors.New("the last result of " + c.name + " is no error")
	}
	if tuple.Len() > 3 {
		return nil, errors.New(c.name + " has more than two values beside its error")
	}
	if c.err == nil {
		return nil, errors.New("the error of " + c.name + " is discarded")
	}
	if !x.leavesWithoutValue(at, c) {
		return nil, errors.New("the value of " + c.name + " is used beside an error")
	}
	if c.expr.Ellipsis.IsValid() {
		if id, ok := ast.Unparen(c.expr.Args[len(c.expr.Args)-1]).(*ast.Ident); !ok || touched[x.varOf(id)] {
			return nil, errors.New(c.name + " spreads what is built between")
		}
	}
	m := &moved{callStep: c, at: at, of: make(map[*moved][]int)}
	for i := range tuple.Len() - 1 {
		m.types = append(m.types, tuple.At(i).Type())
	}
	used := make([]*types.Var, 0, len(c.uses))
	for v := range c.uses {
		used = append(used, v)
	}
	slices.SortFunc(used, func(a, b *types.Var) int { return int(a.Pos() - b.Pos()) })
	for _, v := range used {
		if touched[v] {
			return nil, fmt.Errorf("%s uses %s, which is made or changed between", c.name, v.Name())
		}
		if d := from[v]; d != nil {
			if !slices.Contains(m.deps, d) {
				m.deps = append(m.deps, d)
			}
			m.of[d] = append(m.of[d], index[v])
		}
	}
	if touched[c.ctxVar] {
		return nil, errors.New("the context is changed between")
	}
	slices.SortFunc(m.deps, func(a, b *moved) int { return a.at - b.at })
	return m, nil
}

// leavesWithoutValue reports whether the checks after a call leave whenever there is an
// error, and none of them uses a value of the call if there is one.
func (x *fixer) leavesWithoutValue(at int, c *callStep) bool {
	for _, st := range x.steps[at+1:] {
		if !st.check || !st.asked[c.err] || x.usesValue(st.checked, c) {
			return false
		}
		if st.leaves {
			return true
		}
		for s := ast.Stmt(st.checked); s != nil; {
			i, ok := s.(*ast.IfStmt)
			if !ok || !leaves(i.Body.List) {
				return false
			}
			s = i.Else
		}
	}
	return false
}

// usesValue reports whether a check uses a value of a call, in a way that matters if
// there is an error as well: to ask whether it is nil or empty does not.
func (x *fixer) usesValue(s *ast.IfStmt, c *callStep) bool {
	used := false
	value := func(id *ast.Ident) bool {
		v := x.p.Info.Uses[id]
		return v != nil && slices.ContainsFunc(c.results, func(r *types.Var) bool { return r != c.err && types.Object(r) == v })
	}
	named := func() bool { // a bare return has them
		return slices.ContainsFunc(c.results, func(r *types.Var) bool { return r != nil && r != c.err && r.Kind() == types.ResultVar })
	}
	visit := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			used = used || len(n.Results) == 0 && named()
		case *ast.BinaryExpr:
			if isNil(n.Y) {
				if _, ok := ast.Unparen(n.X).(*ast.Ident); ok {
					return false
				}
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "len" {
				if _, ok := ast.Unparen(n.Args[0]).(*ast.Ident); ok {
					return false
				}
			}
		case *ast.Ident:
			used = used || value(n)
		}
		return !used
	}
	for s != nil && !used {
		ast.Inspect(s.Cond, visit)
		ast.Inspect(s.Body, visit)
		s, _ = s.Else.(*ast.IfStmt) // what is in a last else has no error
	}
	return used
}
