package effects

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// walker reads the body of one function.
type walker struct {
	t       *Table
	n       *node
	p       *Package
	roots   map[types.Object]uint64 // the receiver, the parameters, and what points into them
	locks   bool
	writes  uint64              // memory that is changed by an assignment
	global  string              // a package's variable that is changed
	method  string              // of the HTTP request that is made, "" unknown
	text    string              // a statement in SQL that writes
	callees map[*ast.Ident]bool // what names the function of a call
}

func (w *walker) walk() {
	w.roots = make(map[types.Object]uint64)
	w.callees = make(map[*ast.Ident]bool)
	sig := w.n.fn.Signature()
	if r := sig.Recv(); r != nil && r.Name() != "" {
		w.roots[r] = 1
	}
	for i := range sig.Params().Len() {
		if i < 62 {
			w.roots[sig.Params().At(i)] = 2 << i
		}
	}
	if cachedName(w.n.fn.Name()) || cachedName(recvName(w.n.fn)) {
		w.n.cached = true
	}
	ast.Inspect(w.n.body, w.prepare)
	ast.Inspect(w.n.body, w.visit)
	if w.locks { // what is changed under a lock is for many at once
		if w.writes&1 != 0 || w.global != "" {
			w.n.cached = true
		}
		w.writes &^= 1
		w.global = ""
	}
	w.n.sum.Mutates |= w.writes
	if w.global != "" {
		w.effect(Writes, "changes "+w.global)
	}
	if w.text != "" {
		w.effect(Writes, w.text)
	}
	if w.n.cached && w.n.sum.Has(Reads|ByName) {
		w.n.sum.Effects = w.n.sum.Effects&^(Reads|ByName) | Cached
	}
}

func (w *walker) effect(e Effect, trail string) {
	if e&(Writes|Unknown)&^w.n.sum.Effects != 0 && w.n.sum.Trail == "" {
		w.n.sum.Trail = trail
	}
	w.n.sum.Effects |= e
}

// prepare notes what the judgement of calls needs to know beforehand.
func (w *walker) prepare(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			if word := writingSQL(n.Value); word != "" {
				w.text = "has SQL that begins with " + word
			}
		}
	case *ast.CallExpr:
		name := calleeName(n)
		switch name {
		case "Lock", "RLock":
			w.locks = true
		case "NewRequest", "NewRequestWithContext":
			for _, a := range n.Args {
				if tv, ok := w.p.Info.Types[a]; ok && tv.Value != nil && tv.Value.Kind() == constant.String {
					switch m := constant.StringVal(tv.Value); m {
					case "GET", "HEAD":
						if w.method == "" {
							w.method = m
						}
					case "POST", "PUT", "PATCH", "DELETE":
						w.method = m
					}
				}
			}
		}
		if cacheCall(w.p.Info, n) {
			w.n.cached = true
		}
	case *ast.AssignStmt:
		w.alias(n)
	case *ast.RangeStmt:
		if root := w.rootOf(n.X); root != 0 && n.Value != nil {
			if id, ok := n.Value.(*ast.Ident); ok {
				if o := w.p.Info.Defs[id]; o != nil && points(o.Type()) {
					w.roots[o] |= root
				}
			}
		}
	}
	return true
}

// alias notes variables that point into what the caller can see.
func (w *walker) alias(n *ast.AssignStmt) {
	if len(n.Lhs) != len(n.Rhs) {
		return
	}
	for i, l := range n.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok {
			continue
		}
		o := objectOf(w.p.Info, id)
		if o == nil || !points(o.Type()) {
			continue
		}
		if v, ok := o.(*types.Var); !ok || isGlobal(v) {
			continue
		}
		r := ast.Unparen(n.Rhs[i])
		if u, ok := r.(*ast.UnaryExpr); ok && u.Op == token.AND {
			r = u.X
		}
		switch r.(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
			w.roots[o] |= w.rootOf(r)
		}
	}
}

// rootOf returns which memory of the caller an expression is in.
func (w *walker) rootOf(e ast.Expr) uint64 {
	o := RootVar(w.p.Info, e)
	if o == nil {
		return 0
	}
	return w.roots[o]
}

func (w *walker) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			for _, l := range n.Lhs {
				w.assign(l)
			}
		}
	case *ast.IncDecStmt:
		w.assign(n.X)
	case *ast.SendStmt:
		if w.rootOf(n.Chan) != 0 {
			w.effect(Writes, "sends on a channel")
		}
	case *ast.CallExpr:
		w.call(n)
	case *ast.Ident: // a function that is passed on is called
		if f, ok := w.p.Info.Uses[n].(*types.Func); ok && !w.isCallee(n) {
			if to := w.t.nodes[f.Origin()]; to != nil && to != w.n {
				w.n.calls = append(w.n.calls, edge{to: to})
			}
		}
	}
	return true
}

// isCallee is asked of identifiers that name functions: calls are seen before them, and
// mark their callee.
func (w *walker) isCallee(id *ast.Ident) bool { return w.callees[id] }

// assign notes the change of a variable.
func (w *walker) assign(l ast.Expr) {
	l = ast.Unparen(l)
	o := RootVar(w.p.Info, l)
	if o == nil {
		return
	}
	if isGlobal(o) {
		if o.Name() != "_" {
			w.global = o.Name()
		}
		return
	}
	root := w.roots[o]
	if root == 0 {
		return
	}
	if _, ok := l.(*ast.Ident); ok {
		return // the parameter itself
	}
	if Dereferences(w.p.Info, l) {
		w.writes |= root
	}
}

// call notes what a call does.
func (w *walker) call(c *ast.CallExpr) {
	info := w.p.Info
	if tv, ok := info.Types[c.Fun]; ok && (tv.IsType() || tv.IsBuiltin()) {
		if id, ok := ast.Unparen(c.Fun).(*ast.Ident); ok && tv.IsBuiltin() {
			switch id.Name {
			case "delete", "clear", "copy", "close":
				if len(c.Args) > 0 {
					w.mutate(c.Args[0])
				}
			}
		}
		return
	}
	if id := calleeIdent(c); id != nil {
		w.callees[id] = true
	}
	f := Callee(info, c)
	if f != nil {
		if to := w.t.nodes[f.Origin()]; to != nil {
			w.n.calls = append(w.n.calls, w.edge(c, f, to))
			return
		}
		if w.t.known != nil {
			if s, ok := w.t.known(f.Origin()); ok {
				w.take(c, f, s)
				return
			}
		}
	}
	s := w.t.leaf(w.p, c, f)
	if s.Has(Unknown) && w.method != "" && isRequest(calleeName(c)) {
		s.Effects &^= Unknown
		if w.method == "GET" || w.method == "HEAD" {
			s.Effects |= Reads
		} else {
			s.Effects |= Writes
		}
	}
	w.effect(s.Effects, s.Trail)
	if s.Mutates&1 != 0 {
		if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
			w.mutate(sel.X)
		}
	}
	for i, a := range c.Args {
		if s.Mutates&(2<<min(i, 61)) != 0 {
			w.mutate(a)
		}
	}
}

// take joins in a summary that is known already.
func (w *walker) take(c *ast.CallExpr, f *types.Func, s Summary) {
	t := s.Trail
	if t != "" {
		t = f.Name() + " → " + t
	} else {
		t = f.Name()
	}
	w.effect(s.Effects&^Guard, t)
	e := w.edge(c, f, nil)
	for i, mine := range e.args {
		if s.Mutates&(1<<i) != 0 {
			w.writes |= mine
		}
	}
}

// mutate notes that what an argument points to is changed.
func (w *walker) mutate(a ast.Expr) {
	if u, ok := ast.Unparen(a).(*ast.UnaryExpr); ok && u.Op == token.AND {
		if _, ok := ast.Unparen(u.X).(*ast.Ident); ok {
			return // the address of a variable of this function's own
		}
		a = u.X
		w.writes |= w.rootIfShared(a)
		return
	}
	if tv, ok := w.p.Info.Types[a]; ok && tv.Type != nil && !points(tv.Type) && !isInvalid(tv.Type) {
		if !Dereferences(w.p.Info, a) {
			return
		}
	}
	w.writes |= w.rootOf(a)
}

// rootIfShared is rootOf an expression whose address is taken: nothing when that is in
// a copy that is the function's own.
func (w *walker) rootIfShared(a ast.Expr) uint64 {
	if !Dereferences(w.p.Info, a) {
		return 0
	}
	return w.rootOf(a)
}

// edge says which memory the arguments of a call are.
func (w *walker) edge(c *ast.CallExpr, f *types.Func, to *node) edge {
	e := edge{to: to}
	sig := f.Signature()
	e.args = make([]uint64, 1, len(c.Args)+1)
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok && sig.Recv() != nil {
		e.args[0] = w.rootOf(sel.X)
	}
	for _, a := range c.Args {
		if len(e.args) == 63 {
			break
		}
		e.args = append(e.args, w.shared(a))
	}
	return e
}

// shared returns the memory of the caller that a callee can change through an argument.
func (w *walker) shared(a ast.Expr) uint64 {
	a = ast.Unparen(a)
	if u, ok := a.(*ast.UnaryExpr); ok && u.Op == token.AND {
		return w.rootIfShared(u.X)
	}
	if tv, ok := w.p.Info.Types[a]; ok && tv.Type != nil && !points(tv.Type) {
		return 0
	}
	return w.rootOf(a)
}

// RootVar returns the variable that an expression is a part of: x of x.f[i].g.
func RootVar(info *types.Info, e ast.Expr) *types.Var {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.SelectorExpr:
			if v, ok := info.Uses[x.Sel].(*types.Var); ok && isGlobal(v) {
				return v
			}
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.TypeAssertExpr:
			e = x.X
		case *ast.UnaryExpr:
			if x.Op != token.AND {
				return nil
			}
			e = x.X
		case *ast.Ident:
			v, _ := objectOf(info, x).(*types.Var)
			return v
		default:
			return nil
		}
	}
}

// Dereferences reports whether an assignable expression is behind a pointer, a map or
// a slice, so that who else has these sees it change.
func Dereferences(info *types.Info, e ast.Expr) bool {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			return true
		case *ast.IndexExpr:
			if t := typeOf(info, x.X); t == nil || points(t) {
				return true
			}
			e = x.X
		case *ast.SelectorExpr:
			if t := typeOf(info, x.X); t == nil || points(t) {
				return true
			}
			e = x.X
		default:
			return false
		}
	}
}

func typeOf(info *types.Info, e ast.Expr) types.Type {
	t := info.TypeOf(e)
	if t == nil || isInvalid(t) {
		return nil
	}
	return t
}

// points reports whether a value of a type shares memory with its copies.
func points(t types.Type) bool {
	if t == nil {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Slice, *types.Interface, *types.Chan:
		return true
	case *types.Basic:
		return u.Kind() == types.Invalid
	}
	return false
}

func objectOf(info *types.Info, id *ast.Ident) types.Object {
	if o := info.Defs[id]; o != nil {
		return o
	}
	return info.Uses[id]
}

func isGlobal(v *types.Var) bool {
	return v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}

// Callee returns the function that is called, nil if it is a value or cannot be told.
func Callee(info *types.Info, c *ast.CallExpr) *types.Func {
	if id := calleeIdent(c); id != nil {
		f, _ := info.Uses[id].(*types.Func)
		return f
	}
	return nil
}

func calleeIdent(c *ast.CallExpr) *ast.Ident {
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		return f
	case *ast.SelectorExpr:
		return f.Sel
	case *ast.IndexExpr:
		return calleeIdent(&ast.CallExpr{Fun: f.X})
	case *ast.IndexListExpr:
		return calleeIdent(&ast.CallExpr{Fun: f.X})
	}
	return nil
}

func calleeName(c *ast.CallExpr) string {
	if id := calleeIdent(c); id != nil {
		return id.Name
	}
	return ""
}

func recvName(f *types.Func) string {
	r := f.Signature().Recv()
	if r == nil {
		return ""
	}
	t := r.Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

func writingSQL(lit string) string {
	s := strings.TrimLeft(lit[1:], " \t\r\n(")
	for _, word := range [...]string{"INSERT INTO ", "UPDATE ", "DELETE FROM ", "TRUNCATE ", "ALTER TABLE ", "DROP TABLE ", "CREATE TABLE ",
		"insert into ", "delete from ", "update "} {
		if rest, ok := strings.CutPrefix(s, word); ok {
			if word == "UPDATE " || word == "update " {
				if !strings.Contains(strings.ToLower(rest), "set") {
					continue
				}
			}
			return strings.ToUpper(strings.TrimSpace(word))
		}
	}
	return ""
}
