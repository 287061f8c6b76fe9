package early

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/cfg"

	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
)

// A state is what may be so of a group at a statement, one bit for each.
type state uint8

const (
	open      state = 1 << iota // not waited for
	unchecked                   // waited for, and nobody knows how it ended
	passed                      // Wait returned nil
	failed                      // Wait returned an error
	inspected                   // somebody has looked at the error
)

// A flow is the state of a group along the statements of a function.
type flow struct {
	info  *types.Info
	order *order.Order
	group *handles.Group
	graph *order.Graph
	errs  map[*types.Var]bool // that have the error of Wait
	waits map[order.Point][]*handles.Op
	def   order.Point
	in    map[*cfg.Block]state
}

func newFlow(info *types.Info, o *order.Order, g *handles.Group) *flow {
	f := &flow{
		info: info, order: o, group: g, graph: o.Graph(g.Fn),
		errs:  map[*types.Var]bool{},
		waits: map[order.Point][]*handles.Op{},
		in:    map[*cfg.Block]state{},
	}
	f.def = f.graph.Find(g.Defs[0])
	for _, op := range o.Unit.Ops {
		if op.Group() != g || op.Callee.Name != "Wait" && op.Callee.Name != "Stop" || !op.Fn.RunsIn(g.Fn) || op.Fn.DeferredIn(g.Fn) {
			continue
		}
		if _, ok := o.Unit.Parent(op.Call).(*ast.DeferStmt); ok {
			continue
		}
		p := f.graph.Find(op.Call)
		f.waits[p] = append(f.waits[p], op)
		if v := f.assigned(op); v != nil {
			f.errs[v] = true
		}
	}
	f.run()
	return f
}

// assigned returns the variable that the error of a Wait is assigned to, nil if it is
// not one.
func (f *flow) assigned(op *handles.Op) *types.Var {
	if a, ok := f.order.Unit.Parent(op.Call).(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
		for i, r := range a.Rhs {
			if r == op.Call {
				if id, ok := a.Lhs[i].(*ast.Ident); ok && id.Name != "_" {
					v, _ := f.info.ObjectOf(id).(*types.Var)
					return v
				}
			}
		}
	}
	return nil
}

func (f *flow) run() {
	if !f.def.Valid() {
		return
	}
	work := []*cfg.Block{}
	push := func(b *cfg.Block, s state) {
		if old := f.in[b]; old|s != old {
			f.in[b] = old | s
			work = append(work, b)
		}
	}
	leave := func(b *cfg.Block, s state) {
		for i, next := range b.Succs {
			push(next, f.edge(b, i, s))
		}
	}
	leave(f.def.Block, f.through(f.def.Block, f.def.Index+1, len(f.def.Block.Nodes), open))
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		leave(b, f.through(b, 0, len(b.Nodes), f.in[b]))
	}
}

// at returns the state where call is evaluated.
func (f *flow) at(call *ast.CallExpr) state {
	p := f.graph.Find(call)
	if !p.Valid() {
		return 0
	}
	s, from := f.in[p.Block], 0
	if p.Block == f.def.Block && p.Index >= f.def.Index && s == 0 {
		s, from = open, f.def.Index+1
	}
	s = f.through(p.Block, from, p.Index, s)
	for _, op := range f.waits[p] { // in the same statement
		if op.Call.Pos() < call.Pos() {
			if s = f.wait(op, s); s == unchecked {
				s = inspected
			}
		}
	}
	if s&(unchecked|failed) != 0 && f.mentioned(p.Node(), call) {
		s = s&^(unchecked|failed) | inspected // err != nil || t.Value() …
	}
	return s
}

// mentioned reports whether the error of Wait is in n before call.
func (f *flow) mentioned(n ast.Node, call *ast.CallExpr) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Pos() < call.Pos() {
			if v, ok := f.info.Uses[id].(*types.Var); ok && f.errs[v] {
				found = true
			}
		}
		return !found
	})
	return found
}

// through returns the state after the nodes from to to of b.
func (f *flow) through(b *cfg.Block, from, to int, s state) state {
	for i := from; i < to && s != 0; i++ {
		p := order.Point{Block: b, Index: i}
		if p == f.def {
			s = open
			continue
		}
		if ops := f.waits[p]; len(ops) > 0 {
			for _, op := range ops {
				s = f.wait(op, s)
			}
			continue
		}
		if s&(unchecked|failed) != 0 && f.inspects(p.Node()) {
			s = s&^(unchecked|failed) | inspected
		}
	}
	return s
}

// wait returns the state after a Wait or Stop.
func (f *flow) wait(op *handles.Op, s state) state {
	if op.Callee.Name == "Stop" {
		if s&^open == 0 {
			return inspected
		}
		return s&^open | inspected
	}
	switch p := f.order.Unit.Parent(op.Call).(type) {
	case *ast.ExprStmt:
		return unchecked
	case *ast.AssignStmt:
		if f.assigned(op) != nil {
			return unchecked
		}
		if id, ok := p.Lhs[0].(*ast.Ident); ok && id.Name == "_" {
			return unchecked
		}
	case *ast.BinaryExpr:
		if isNil(f.info, p.X) || isNil(f.info, p.Y) {
			return unchecked
		}
	}
	return inspected
}

// edge returns the state in the i-th successor of b.
func (f *flow) edge(b *cfg.Block, i int, s state) state {
	if len(b.Succs) != 2 || len(b.Nodes) == 0 {
		return s
	}
	cond, ok := b.Nodes[len(b.Nodes)-1].(ast.Expr)
	if !ok {
		return s
	}
	isErr, ok := f.compares(cond)
	if !ok {
		return s
	}
	if (i == 0) == isErr { // an error
		if s&unchecked != 0 {
			s |= failed
		}
		return s &^ (unchecked | passed)
	}
	if s&unchecked != 0 {
		s |= passed
	}
	return s &^ (unchecked | failed)
}

// compares reports whether cond compares the error of Wait with nil, and whether
// it is true if there is an error.
func (f *flow) compares(cond ast.Expr) (isErr, ok bool) {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok || b.Op != token.EQL && b.Op != token.NEQ {
		return false, false
	}
	x := b.X
	if isNil(f.info, x) {
		x = b.Y
	} else if !isNil(f.info, b.Y) {
		return false, false
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		v, _ := f.info.ObjectOf(x).(*types.Var)
		return b.Op == token.NEQ, v != nil && f.errs[v]
	case *ast.CallExpr:
		op := f.order.Unit.Op(x)
		return b.Op == token.NEQ, op != nil && op.Group() == f.group && op.Callee.Name == "Wait"
	}
	return false, false
}

// inspects reports whether n looks at the error of Wait in another way than by
// comparing it with nil or writing it to a log.
func (f *flow) inspects(n ast.Node) bool {
	if e, ok := n.(ast.Expr); ok {
		if _, ok := f.compares(e); ok {
			return false
		}
	}
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && (id.Name == "print" || id.Name == "println") {
				return false
			}
			if c, ok := handles.Callee(f.info, call); ok && (c.Path == "log" || c.Path == "fmt" && c.Name[0] == 'P' || c.Path == "log/slog") {
				return false
			}
		}
		if id, ok := n.(*ast.Ident); ok {
			if v, ok := f.info.Uses[id].(*types.Var); ok && f.errs[v] {
				found = true
			}
		}
		return !found
	})
	return found
}

func isNil(info *types.Info, e ast.Expr) bool { return info.Types[e].IsNil() }
