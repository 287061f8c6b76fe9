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
	Mutates uint64 // memory that it changes: bit 0 that of the receiver, bit 1 that of the first parameter, …, and Deep
	Given   bool   // by a comment //asapvet:…, which has the last word
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

// declareValues notes the functions that are values of variables.
func (t *Table) declareValues(p *Package, s *ast.ValueSpec) {
	for i, name := range s.Names {
		v, ok := p.Info.Defs[name].(*types.Var)
		if !ok || i >= len(s.Values) {
			continue
		}
		if id := calleeIdent(&ast.CallExpr{Fun: s.Values[i]}); id != nil {
			if f, ok := p.Info.Uses[id].(*types.Func); ok {
				t.values[v] = f
			}
		}
	}
}

// functionIn returns the function that the called variable has, nil if that is not known.
func (t *Table) functionIn(info *types.Info, c *ast.CallExpr) *types.Func {
	if v := calledVar(info, c); v != nil {
		return t.values[v]
	}
	return nil
}

// fillFields notes the functions that a file puts into fields of structs.
func (t *Table) fillFields(p *Package, file *ast.File) {
	put := func(field *ast.Ident, value ast.Expr) {
		v, ok := p.Info.Uses[field].(*types.Var)
		if !ok || !v.IsField() {
			return
		}
		if _, ok := v.Type().Underlying().(*types.Signature); !ok || isNilIdent(value) {
			return
		}
		n := t.fields[v]
		if n == nil {
			n = &node{fn: types.NewFunc(v.Pos(), v.Pkg(), v.Name(), types.NewSignatureType(nil, nil, nil, nil, nil, false)), pkg: p, made: true}
			t.fields[v], t.nodes[n.fn] = n, n
		}
		if lit, ok := ast.Unparen(value).(*ast.FuncLit); ok {
			fn := types.NewFunc(lit.Pos(), p.Types, v.Name(), types.NewSignatureType(nil, nil, nil, nil, nil, false))
			t.nodes[fn] = &node{fn: fn, pkg: p, body: lit.Body, made: true}
			n.calls = append(n.calls, edge{to: t.nodes[fn]})
			return
		}
		if id := calleeIdent(&ast.CallExpr{Fun: value}); id != nil {
			if f, ok := p.Info.Uses[id].(*types.Func); ok {
				if to := t.nodes[f.Origin()]; to != nil {
					n.calls = append(n.calls, edge{to: to})
					return
				}
			}
		}
		if id, ok := ast.Unparen(value).(*ast.Ident); ok {
			if from, ok := p.Info.Uses[id].(*types.Var); ok && from.Kind() == types.ParamVar {
				t.params[from] = append(t.params[from], n)
				return
			}
		}
		if canFail(v) {
			n.sum.Effects |= Unknown
			n.sum.Trail = "calls the function in " + v.Name()
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok {
				put(id, n.Value)
			}
		case *ast.AssignStmt:
			if len(n.Lhs) == len(n.Rhs) {
				for i, l := range n.Lhs {
					if sel, ok := l.(*ast.SelectorExpr); ok {
						put(sel.Sel, n.Rhs[i])
					}
				}
			}
		}
		return true
	})
}

// fillParams notes what the parameters are given that end up in fields: a constructor's
// functions. One that nobody here gives is not known.
func (t *Table) fillParams(packages []*Package) {
	if len(t.params) == 0 {
		return
	}
	given := make(map[*types.Var]bool)
	for _, p := range packages {
		for _, file := range p.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				f := Callee(p.Info, c)
				if f == nil {
					return true
				}
				params := f.Origin().Signature().Params()
				for i, a := range c.Args {
					if i >= params.Len() {
						break
					}
					for _, field := range t.params[params.At(i)] {
						given[params.At(i)] = true
						t.fill(p, field, a)
					}
				}
				return true
			})
		}
	}
	for v, fields := range t.params {
		for _, field := range fields {
			if !given[v] && canFail(v) {
				field.sum.Effects |= Unknown
				field.sum.Trail = "calls the function in " + field.fn.Name()
			}
		}
	}
}

// fill notes that the function of a value may be the one in a field.
func (t *Table) fill(p *Package, field *node, value ast.Expr) {
	if isNilIdent(value) {
		return
	}
	if _, ok := ast.Unparen(value).(*ast.FuncLit); ok {
		// Its body counts where it stands, as that of any literal that is passed on; what
		// it does when it is called later is not known.
		field.sum.Effects |= Unknown
		field.sum.Trail = "calls a literal in " + field.fn.Name()
		return
	}
	if id := calleeIdent(&ast.CallExpr{Fun: value}); id != nil {
		if f, ok := p.Info.Uses[id].(*types.Func); ok {
			if to := t.nodes[f.Origin()]; to != nil {
				field.calls = append(field.calls, edge{to: to})
				return
			}
		}
	}
	field.sum.Effects |= Unknown
	field.sum.Trail = "calls the function in " + field.fn.Name()
}

// fieldNode returns the node of the field whose function is called, nil if nobody here
// puts one there.
func (t *Table) fieldNode(info *types.Info, c *ast.CallExpr) *node {
	v := calledVar(info, c)
	if v == nil || !v.IsField() {
		return nil
	}
	return t.fields[v]
}

func isNilIdent(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && id.Name == "nil"
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

// solve joins the summaries of what is called into those of the callers until nothing
// changes.
func (t *Table) solve() {
	var queue []*node
	for _, n := range t.nodes {
		if n.sum.Given || n.made {
			continue
		}
		if n.body == nil && isInterfaceMethod(n.fn) {
			t.link(n)
		}
	}
	for _, classes := range t.classes {
		for _, c := range classes {
			for _, n := range c.methods {
				t.nodes[n.fn] = n
			}
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
		add := e.of(s.Effects)
		if n.cached && add&(Reads|ByName) != 0 {
			add = add&^(Reads|ByName) | Cached
		}
		if more := add &^ effects; more&(Writes|Unknown) != 0 && len(n.sum.Trail) == 0 {
			n.sum.Trail = trail(e.to)
		}
		effects |= add
		if s.Mutates&Deep != 0 && len(e.args) > 0 && e.args[0] != 0 {
			mutates |= Deep
		}
		if s.Mutates != 0 {
			for i, mine := range e.args {
				if s.Mutates&(1<<i) != 0 {
					mutates |= mine
					if mine != 0 && n.mut == "" {
						n.mut = e.to.fn.Name() + " < " + e.to.mut
					}
				}
			}
		}
	}
	n.sum.Effects, n.sum.Mutates = effects, mutates
	return n.sum.Effects != before.Effects || n.sum.Mutates != before.Mutates
}

// of returns what the caller of a function with effects s has of it.
func (e *edge) of(s Effect) Effect {
	s &^= Guard
	if e.asks && s&(Unknown|Writes) != 0 {
		s = s&^(Unknown|Writes) | Reads
	}
	if e.once && s&Unknown != 0 {
		s |= ByName
	}
	if e.only != 0 {
		s &= e.only
	}
	if e.cached && s&(Reads|ByName) != 0 {
		s = s&^(Reads|ByName) | Cached
	}
	return s
}

// trail says how a callee comes to what it does.
func trail(n *node) string {
	s := n.fn.Name()
	if n.sum.Trail != "" && len(n.sum.Trail) < 120 {
		s += " → " + n.sum.Trail
	}
	return s
}
