// Package order knows what happens before what: which statements can follow each
// other in a function, and which bodies of groups can run at the same time.
package order

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/cfg"

	"github.com/asap-go/asap/asapvet/internal/handles"
)

// A Point is a node of a control flow graph: a statement or a condition.
type Point struct {
	Block *cfg.Block
	Index int
}

// Node returns the statement or condition at p.
func (p Point) Node() ast.Node { return p.Block.Nodes[p.Index] }

// Valid reports whether p is a point, and not the zero one for what was not found.
func (p Point) Valid() bool { return p.Block != nil }

// A Graph is the control flow graph of a function.
type Graph struct {
	cfg    *cfg.CFG
	points []Point
}

// NewGraph returns the graph of the statements of f.
func NewGraph(info *types.Info, f *handles.Fn) *Graph {
	g := &Graph{cfg: cfg.New(f.Block(), func(call *ast.CallExpr) bool { return returns(info, call) })}
	for _, b := range g.cfg.Blocks {
		if !b.Live {
			continue
		}
		for i := range b.Nodes {
			g.points = append(g.points, Point{b, i})
		}
	}
	return g
}

// returns reports whether a call may return. Only those that are known by name never
// do.
func returns(info *types.Info, call *ast.CallExpr) bool {
	fun := ast.Unparen(call.Fun)
	if id, ok := fun.(*ast.Ident); ok {
		if b, ok := info.Uses[id].(*types.Builtin); ok {
			return b.Name() != "panic"
		}
	}
	c, ok := handles.Callee(info, call)
	if !ok {
		return true
	}
	switch c.Name {
	case "Exit":
		return c.Path != "os" && c.Path != "syscall"
	case "Goexit":
		return c.Path != "runtime"
	case "Fatal", "Fatalf", "Fatalln", "Fatalw", "FailNow", "Skip", "Skipf", "SkipNow", "Panic", "Panicf", "Panicln", "Panicw":
		return false
	}
	return true
}

// Find returns the innermost point that n is in.
func (g *Graph) Find(n ast.Node) Point { return g.At(n.Pos()) }

// At returns the innermost point at pos.
func (g *Graph) At(pos token.Pos) Point {
	var best Point
	size := token.Pos(-1)
	for _, p := range g.points {
		n := p.Node()
		if n.Pos() <= pos && pos < end(n) && (size < 0 || end(n)-n.Pos() < size) {
			best, size = p, end(n)-n.Pos()
		}
	}
	return best
}

// end is the end of n, also of a return that is not written.
func end(n ast.Node) token.Pos {
	if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == 0 {
		return r.Pos() + 1
	}
	return n.End()
}

// Walk calls visit with each point that can follow from, in the order of a depth
// first search. What follows a point for which visit returns false is not visited
// by way of it. from itself is visited if it can follow itself.
func (g *Graph) Walk(from Point, visit func(Point) bool) {
	seen := map[*cfg.Block]bool{}
	var walk func(b *cfg.Block, i int)
	walk = func(b *cfg.Block, i int) {
		for ; i < len(b.Nodes); i++ {
			if !visit(Point{b, i}) {
				return
			}
		}
		for _, s := range b.Succs {
			if !seen[s] {
				seen[s] = true
				walk(s, 0)
			}
		}
	}
	if from.Valid() {
		walk(from.Block, from.Index+1)
	}
}

// Entry calls visit as Walk does, from the beginning of the function.
func (g *Graph) Entry(visit func(Point) bool) { g.Walk(Point{g.cfg.Blocks[0], -1}, visit) }

// Reaches reports whether to can follow from without a point of avoid between them.
// A point of avoid that is to is reached.
func (g *Graph) Reaches(from, to Point, avoid ...Point) bool {
	found := false
	g.Walk(from, func(p Point) bool {
		if p == to {
			found = true
		}
		return !found && !slices.Contains(avoid, p)
	})
	return found
}

// Exits reports whether p is where the function returns.
func Exits(p Point) bool {
	_, ok := p.Node().(*ast.ReturnStmt)
	return ok
}

// Implicit reports whether p is the return at the end of a function which is not
// written.
func Implicit(p Point, f *handles.Fn) bool {
	return Exits(p) && p.Node().Pos() == f.Block().Rbrace
}
