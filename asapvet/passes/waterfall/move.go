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
	if len(x.steps) <= at+1 || !x.steps[at+1].leaves || !x.asksOf(x.steps[at+1], c.err) {
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

// asksOf reports whether a check asks for the error in v.
func (x *fixer) asksOf(st *step, v *types.Var) bool {
	s, ok := st.stmt.(*ast.IfStmt)
	if !ok {
		return false
	}
	found := false
	ast.Inspect(s.Cond, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && x.p.Info.Uses[id] == v {
			found = true
		}
		return true
	})
	return found
}
