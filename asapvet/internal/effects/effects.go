// Package effects says of functions what they do to the world: whether they read, write,
// answer from a cache, or do what cannot be told.
//
// A summary is computed from the function's body and from those of what it calls. Where
// the bodies end, at the standard library and at other modules, a table and the verb of
// the method's name decide. What cannot be resolved is [Unknown], never a read.
package effects

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Effect is a set of what a function may do.
type Effect uint16

const (
	Reads   Effect = 1 << iota // asks somebody outside of the process, and changes nothing
	Cached                     // as Reads, but most often answered from memory
	ByName                     // as Reads, of which only the name is known
	Writes                     // changes something that others can see
	Unknown                    // may do anything
	Guard                      // decides whether what follows may be done at all
)

// Summary is what is known of a function. It is a fact about the function's object.
type Summary struct {
	Effects Effect
	Mutates uint64 // memory that it changes: bit 0 that of the receiver, bit 1 that of the first parameter, …
	Given   bool   // by a comment //asapvet:…, which has the last word
	Trail   string // how it comes to Writes or Unknown, for people
}

// AFact marks a Summary as a fact.
func (*Summary) AFact() {}

func (s *Summary) String() string {
	var b strings.Builder
	for i, name := range [...]string{"read", "cached", "named", "write", "unknown", "guard"} {
		if s.Effects&(1<<i) != 0 {
			fmt.Fprintf(&b, "+%s", name)
		}
	}
	if b.Len() == 0 {
		return "none"
	}
	return b.String()[1:]
}

// Has reports whether any of e is among the effects.
func (s Summary) Has(e Effect) bool { return s.Effects&e != 0 }

// IsRead reports whether it reads, uncached, and does nothing else.
func (s Summary) IsRead() bool {
	return s.Has(Reads|ByName) && !s.Has(Writes|Unknown|Guard) && s.Mutates == 0
}

// IsPure reports whether it neither reads nor writes what is outside, nor changes
// memory of others.
func (s Summary) IsPure() bool { return s.Effects == 0 && s.Mutates == 0 }

// Package is one whose functions are summarised.
type Package struct {
	Fset  *token.FileSet
	Files []*ast.File
	Types *types.Package
	Info  *types.Info
}

// Table has the summaries of the functions of some packages, and knows how to ask for
// others.
type Table struct {
	nodes   map[*types.Func]*node
	known   func(*types.Func) (Summary, bool) // of functions of other packages
	methods map[string][]*types.Named         // types by the names of their declared methods
}

// Of computes the summaries of the functions of packages. Interfaces are taken to be
// implemented by types of these packages: the more, the more is known. Known, which may
// be nil, has summaries of functions of others.
func Of(packages []*Package, known func(*types.Func) (Summary, bool)) *Table {
	t := &Table{
		nodes:   make(map[*types.Func]*node),
		known:   known,
		methods: make(map[string][]*types.Named),
	}
	for _, p := range packages {
		t.indexTypes(p)
	}
	for _, p := range packages {
		for _, f := range p.Files {
			t.declare(p, f)
		}
	}
	for _, n := range t.nodes {
		if n.body != nil {
			(&walker{t: t, n: n, p: n.pkg}).walk()
		}
	}
	t.solve()
	return t
}

// Func returns the summary of a function or of an interface's method.
func (t *Table) Func(f *types.Func) Summary {
	f = f.Origin()
	if n := t.node(f); n != nil {
		return n.sum
	}
	if t.known != nil {
		if s, ok := t.known(f); ok {
			return s
		}
	}
	return Summary{Effects: Unknown}
}

// Funcs calls f with each function of the packages, and each interface's method of
// theirs, of which something is known.
func (t *Table) Funcs(f func(*types.Func, Summary)) {
	for fn, n := range t.nodes {
		if n.body != nil || n.sum.Given || len(n.calls) > 0 {
			f(fn, n.sum)
		}
	}
}

// node is a function, or an interface's method that stands for its implementations.
type node struct {
	fn      *types.Func
	pkg     *Package
	body    *ast.BlockStmt
	decl    *ast.FuncDecl
	sum     Summary
	cached  bool // its reads are answered from a cache
	calls   []edge
	callers []*node
	queued  bool
}

// edge is a call from a node.
type edge struct {
	to   *node
	args []uint64 // args[i]: which of the caller's own memory the callee's bit i is
}

// declare makes the nodes of a file's functions and methods of interfaces.
func (t *Table) declare(p *Package, file *ast.File) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			fn, ok := p.Info.Defs[d.Name].(*types.Func)
			if !ok {
				continue
			}
			n := &node{fn: fn, pkg: p, body: d.Body, decl: d}
			if e, ok := given(d.Doc); ok {
				n.sum = Summary{Effects: e, Given: true}
				n.body = nil
			} else if d.Body == nil {
				n.sum.Effects = Unknown
			}
			t.nodes[fn] = n
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if ts, ok := s.(*ast.TypeSpec); ok {
					if it, ok := ts.Type.(*ast.InterfaceType); ok {
						t.declareInterface(p, it)
					}
				}
			}
		}
	}
}

func (t *Table) declareInterface(p *Package, it *ast.InterfaceType) {
	for _, m := range it.Methods.List {
		for _, name := range m.Names {
			fn, ok := p.Info.Defs[name].(*types.Func)
			if !ok {
				continue
			}
			n := &node{fn: fn, pkg: p}
			if e, ok := given(m.Doc); ok {
				n.sum = Summary{Effects: e, Given: true}
			} else if e, ok := given(m.Comment); ok {
				n.sum = Summary{Effects: e, Given: true}
			}
			t.nodes[fn] = n
		}
	}
}

// given returns what a comment //asapvet:read and the like says of a function.
func given(doc *ast.CommentGroup) (Effect, bool) {
	if doc == nil {
		return 0, false
	}
	for _, c := range doc.List {
		word, ok := strings.CutPrefix(c.Text, "//asapvet:")
		if !ok {
			continue
		}
		word, _, _ = strings.Cut(word, " ")
		switch word {
		case "read":
			return Reads, true
		case "write":
			return Writes, true
		case "cached":
			return Cached, true
		case "guard":
			return Guard, true
		}
	}
	return 0, false
}

// node returns the node of a function, which it makes for an interface's method from
// its implementations, or nil.
func (t *Table) node(f *types.Func) *node {
	n := t.nodes[f]
	if n != nil {
		return n
	}
	return nil
}

// solve joins the summaries of what is called into those of the callers until nothing
// changes.
func (t *Table) solve() {
	var queue []*node
	for _, n := range t.nodes {
		if n.sum.Given {
			continue
		}
		if n.body == nil && isInterfaceMethod(n.fn) {
			t.link(n)
		}
	}
	for _, n := range t.nodes {
		for _, e := range n.calls {
			e.to.callers = append(e.to.callers, n)
		}
		n.queued = true
		queue = append(queue, n)
	}
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		n.queued = false
		if n.sum.Given || !n.join() {
			continue
		}
		for _, c := range n.callers {
			if !c.queued {
				c.queued = true
				queue = append(queue, c)
			}
		}
	}
}

// join takes in what is known of the callees, and reports whether that changed
// anything. What a node does by itself was there before all were asked.
func (n *node) join() bool {
	before := n.sum
	effects, mutates := n.sum.Effects, n.sum.Mutates
	for _, e := range n.calls {
		s := &e.to.sum
		add := s.Effects &^ Guard
		if n.cached && add&(Reads|ByName) != 0 {
			add = add&^(Reads|ByName) | Cached
		}
		if more := add &^ effects; more&(Writes|Unknown) != 0 && len(n.sum.Trail) == 0 {
			n.sum.Trail = trail(e.to)
		}
		effects |= add
		if s.Mutates != 0 {
			for i, mine := range e.args {
				if s.Mutates&(1<<i) != 0 {
					mutates |= mine
				}
			}
		}
	}
	n.sum.Effects, n.sum.Mutates = effects, mutates
	return n.sum.Effects != before.Effects || n.sum.Mutates != before.Mutates
}

// trail says how a callee comes to what it does.
func trail(n *node) string {
	s := n.fn.Name()
	if n.sum.Trail != "" && len(n.sum.Trail) < 120 {
		s += " → " + n.sum.Trail
	}
	return s
}
