package order

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/cfg"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
)

// Order knows the order of what happens in a unit.
type Order struct {
	Unit   *handles.Unit
	info   *types.Info
	graphs map[*handles.Fn]*Graph
}

// Of returns the order of u.
func Of(info *types.Info, u *handles.Unit) *Order {
	return &Order{u, info, map[*handles.Fn]*Graph{}}
}

// Graph returns the graph of the statements of f. What runs inline is part of a
// statement there.
func (o *Order) Graph(f *handles.Fn) *Graph {
	g := o.graphs[f]
	if g == nil {
		g = NewGraph(o.info, f)
		o.graphs[f] = g
	}
	return g
}

// Ends returns where in the statements of f the group g is waited for. A call in a
// defer is none.
func (o *Order) Ends(g *handles.Group, f *handles.Fn) []Point {
	var points []Point
	for _, op := range o.Unit.Ops {
		if op.Group() == g && (op.Callee.Name == "Wait" || op.Callee.Name == "Stop") && op.Fn.RunsIn(f) && !o.deferred(op, f) {
			points = append(points, o.Graph(f).Find(op.Call))
		}
	}
	return points
}

func (o *Order) deferred(op *handles.Op, f *handles.Fn) bool {
	_, ok := o.Unit.Parent(op.Call).(*ast.DeferStmt)
	return ok || op.Fn.DeferredIn(f)
}

// syncs returns where in the statements of f the task t, and its group, are known
// to have ended: Wait, Stop, Await of it or of what depends on it.
func (o *Order) syncs(b *handles.Body, f *handles.Fn) []Point {
	points := o.Ends(b.Group, f)
	if b.Task == nil {
		return points
	}
	for _, op := range o.Unit.Ops {
		if op.Callee.Path == check.Asap && op.Callee.Name == "Await" && op.Fn.RunsIn(f) && !o.deferred(op, f) {
			if t := op.Task(); t != nil && (t == b.Task || o.depends(t, b.Task, map[*handles.Task]bool{})) {
				points = append(points, o.Graph(f).Find(op.Call))
			}
		}
	}
	return points
}

// depends reports whether t waits for on, by a declaration or an await, also a
// conditional one, or whether that is not known.
func (o *Order) depends(t, on *handles.Task, seen map[*handles.Task]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if t.Unknown || t.Escapes {
		return true
	}
	for _, e := range t.Edges {
		if e.To == on || o.depends(e.To, on, seen) {
			return true
		}
	}
	for _, b := range t.Bodies {
		if b.Unknown {
			return true
		}
		for _, a := range b.Awaits {
			if a == on || o.depends(a, on, seen) {
				return true
			}
		}
	}
	return false
}

// Known reports whether the order of b can be told at all.
func Known(b *handles.Body) bool {
	if b.Group == nil || b.Group.Escapes || b.Group.Serial || b.Fn == nil {
		return false
	}
	return b.Task == nil || !b.Task.Escapes && !b.Task.Unknown
}

// AtOnce reports whether a and b can certainly run at the same time: nothing that is
// declared or waited for puts one before the other. With b == a it reports
// whether the body can run beside itself. Both have to do with the same v.
func (o *Order) AtOnce(a, b *handles.Body, v *types.Var) bool {
	if !Known(a) || !Known(b) {
		return false
	}
	if a == b {
		return o.repeats(a, v)
	}
	a, b = o.siblings(a, b)
	if a == nil || a == b || !Known(a) || !Known(b) {
		return false
	}
	if a.Task != nil && b.Task != nil {
		if a.Task == b.Task {
			return a.Call == b.Call && a.Task.Method == "Race"
		}
		if o.depends(a.Task, b.Task, map[*handles.Task]bool{}) || o.depends(b.Task, a.Task, map[*handles.Task]bool{}) {
			return false
		}
	}
	if a.Call == b.Call { // functions of a Race
		return true
	}
	f := common(o.Unit.FnOf(a.Call), o.Unit.FnOf(b.Call))
	if f == nil {
		return false
	}
	g := o.Graph(f)
	fresh := o.declaration(g, v)
	return o.after(f, a, g.Find(b.Call), fresh) || o.after(f, b, g.Find(a.Call), fresh)
}

// common returns the function among whose statements both f and g run, outside of
// its defers, or nil.
func common(f, g *handles.Fn) *handles.Fn {
	for root := f; root != nil; root = root.Parent {
		if g.RunsIn(root) {
			if f.DeferredIn(root) || g.DeferredIn(root) {
				return nil
			}
			return root
		}
		if root.Role != handles.Inline && root.Role != handles.Deferred {
			return nil
		}
	}
	return nil
}

// siblings returns the bodies that a and b are or are in, whose groups are made in
// the same function; nil if one is in the other.
func (o *Order) siblings(a, b *handles.Body) (x, y *handles.Body) {
	for x = a; x != nil; x = o.around(x) {
		for y = b; y != nil; y = o.around(y) {
			if common(o.Unit.FnOf(x.Call), o.Unit.FnOf(y.Call)) != nil {
				return x, y
			}
		}
	}
	return nil, nil
}

func (o *Order) around(b *handles.Body) *handles.Body { return o.Unit.FnOf(b.Call).Enclosing() }

// repeats reports whether the call that declares b runs again, in the same group
// and with the same v, before b has ended.
func (o *Order) repeats(b *handles.Body, v *types.Var) bool {
	if b.Many {
		return true
	}
	f := o.Unit.FnOf(b.Call)
	g := o.Graph(f)
	return o.after(f, b, g.Find(b.Call), o.declaration(g, v))
}

// after reports whether to can follow the declaration of b before b has ended, and
// never does after it has ended, in the same group. Stops are further points that
// end the search. All are points of the statements of f.
func (o *Order) after(f *handles.Fn, b *handles.Body, to Point, stops []Point) bool {
	g := o.Graph(f)
	from := g.Find(b.Call)
	if !from.Valid() || !to.Valid() || slices.Contains(stops, to) {
		return false
	}
	syncs := o.syncs(b, f)
	avoid := append([]Point(nil), stops...)
	for _, def := range b.Group.Defs {
		if p := g.Find(def); p.Valid() && o.Unit.FnOf(def).RunsIn(f) {
			avoid = append(avoid, p)
		}
	}
	if !g.Reaches(from, to, append(syncs, avoid...)...) || slices.Contains(syncs, to) {
		return false
	}
	for _, s := range syncs {
		if g.Reaches(from, s, avoid...) && g.Reaches(s, to, avoid...) {
			return false
		}
	}
	return true
}

// During reports whether the node, a part of the statements of the function that
// declares b, can run while b does, and never after b. v is the variable that both
// have to do with: where it is declared anew, the search ends.
func (o *Order) During(b *handles.Body, node ast.Node, v *types.Var) bool {
	f := common(o.Unit.FnOf(b.Call), o.Unit.FnOf(node))
	if !Known(b) || f == nil {
		return false
	}
	g := o.Graph(f)
	return o.after(f, b, g.Find(node), o.declaration(g, v))
}

// Declarer returns the body that is b, or that b is in, which the function f
// declares, or nil.
func (o *Order) Declarer(b *handles.Body, f *handles.Fn) *handles.Body {
	for ; b != nil; b = o.around(b) {
		if common(o.Unit.FnOf(b.Call), f) != nil {
			return b
		}
	}
	return nil
}

// declaration returns where v is declared, if that is a point of g: of the variable of
// a loop, which is another one each time, where its body begins.
func (o *Order) declaration(g *Graph, v *types.Var) []Point {
	if v == nil {
		return nil
	}
	for _, b := range g.cfg.Blocks {
		var body *ast.BlockStmt
		switch s := b.Stmt.(type) {
		case *ast.ForStmt:
			body = s.Body
		case *ast.RangeStmt:
			body = s.Body
		}
		inBody := b.Kind == cfg.KindForBody || b.Kind == cfg.KindRangeBody
		if inBody && body != nil && len(b.Nodes) > 0 && b.Stmt.Pos() <= v.Pos() && v.Pos() < body.Pos() {
			return []Point{{b, 0}}
		}
	}
	if p := g.At(v.Pos()); p.Valid() {
		return []Point{p}
	}
	return nil
}
