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

	"golang.org/x/tools/go/types/typeutil"
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
	Mutates uint64 // memory that it changes: bit 0 that of the receiver, bit 1 that of the first parameter, …, and Deep
	Given   bool   // by a comment //asapvet:…, which has the last word
	Session bool   // it takes what its statements run on from its context, where a transaction may be
	Trail   string // how it comes to Writes or Unknown, for people
}

// Deep is the bit of Mutates for memory of what the receiver or a parameter has, a
// service say, that a method of that changes by itself.
const Deep = 1 << 63

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
	nodes     map[*types.Func]*node
	known     func(*types.Func) (Summary, bool) // of functions of other packages
	methods   map[string][]*types.Named         // types by their methods' names, and by names and signatures
	embedding []*types.Named                    // types with methods that embed others
	classes   map[string][]*class               // interfaces that have the same methods
	params    map[*types.Var][]*node            // the fields that get what is in a parameter
	fields    map[*types.Var]*node              // what is known to be in a field of a function's type
	values    map[*types.Var]*types.Func        // functions that are what a package's variable has from the start

	transactions map[*types.Var]bool         // parameters and receivers that may be given one
	passed       map[*types.Var][]*types.Var // where what is in a parameter is passed on to

	signatures typeutil.Map // each that was seen, as a number
}

// Of computes the summaries of the functions of packages. Interfaces are taken to be
// implemented by types of these packages: the more, the more is known. Known, which may
// be nil, has summaries of functions of others.
func Of(packages []*Package, known func(*types.Func) (Summary, bool)) *Table {
	t := &Table{
		nodes:   make(map[*types.Func]*node),
		known:   known,
		methods: make(map[string][]*types.Named),
		classes: make(map[string][]*class),
		values:  make(map[*types.Var]*types.Func),
		fields:  make(map[*types.Var]*node),
		params:  make(map[*types.Var][]*node),

		transactions: make(map[*types.Var]bool),
		passed:       make(map[*types.Var][]*types.Var),
	}
	for _, p := range packages {
		t.indexTypes(p)
	}
	for _, p := range packages {
		for _, f := range p.Files {
			t.declare(p, f)
		}
	}
	for _, p := range packages {
		for _, f := range p.Files {
			t.fillFields(p, f)
		}
	}
	t.fillParams(packages)
	t.fillRest()
	for _, n := range t.nodes {
		if n.body != nil {
			(&walker{t: t, n: n, p: n.pkg}).walk()
		}
	}
	t.solve()
	t.spread()
	t.spreadTransactions()
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
		if !n.made && (n.body != nil || n.sum.Given || len(n.calls) > 0) {
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
	made    bool   // it stands for a field, or for a literal in one
	inTx    bool   // it is called from within a transaction
	mut     string // how it comes to Mutates, for who works on this
}

// edge is a call from a node.
type edge struct {
	to     *node
	args   []uint64 // args[i]: which of the caller's own memory the callee's bit i is
	only   Effect   // if not 0, the effects of the callee that count
	cached bool     // what the callee reads it reads from a cache, most often
	asks   bool     // it is told to GET
	once   bool     // it is called once in the life of the process
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
				switch s := s.(type) {
				case *ast.TypeSpec:
					if it, ok := s.Type.(*ast.InterfaceType); ok {
						t.declareInterface(p, it)
					}
				case *ast.ValueSpec:
					t.declareValues(p, s)
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

// Mutation says how a function comes to change memory, for who works on this package.
func (t *Table) Mutation(f *types.Func) string {
	if n := t.nodes[f.Origin()]; n != nil {
		return n.mut
	}
	return ""
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
