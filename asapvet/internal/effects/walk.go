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
	writes  uint64                     // memory that is changed by an assignment
	global  string                     // a package's variable that is changed
	method  string                     // of the HTTP request that is made, "" unknown
	text    string                     // a statement in SQL that writes
	callees map[*ast.Ident]bool        // what names the function of a call
	copied  map[types.Object]token.Pos // where a parameter gets another value, whatever happens
	once    map[*ast.FuncLit]bool      // literals that run once in the life of the process
}

func (w *walker) walk() {
	w.roots = make(map[types.Object]uint64)
	w.callees = make(map[*ast.Ident]bool)
	w.copied = make(map[types.Object]token.Pos)
	w.once = make(map[*ast.FuncLit]bool)
	sig := w.n.fn.Signature()
	if r := sig.Recv(); r != nil && r.Name() != "" {
		w.roots[r] = 1
	}
	for i := range sig.Params().Len() {
		if i < 62 {
			w.roots[sig.Params().At(i)] = 2 << i
		}
	}
	w.copies()
	if cachedName(w.n.fn.Name()) || cachedName(recvName(w.n.fn)) {
		w.n.cached = true
	}
	ast.Inspect(w.n.body, w.prepare)
	ast.Inspect(w.n.body, w.visit)
	if w.locks { // what is changed under a lock is for many at once
		if w.writes&1 != 0 || w.global != "" {
			w.n.cached = true
		}
		w.writes &^= 1 | Deep
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
			w.operation(n.Value)
			if word := writingSQL(n.Value); word != "" {
				w.text = "has SQL that begins with " + word
			}
		}
	case *ast.Ident:
		if c, ok := w.p.Info.Uses[n].(*types.Const); ok && c.Val().Kind() == constant.String {
			w.operation("`" + constant.StringVal(c.Val()))
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
		if isOnce(name) {
			for _, a := range n.Args {
				if lit, ok := ast.Unparen(a).(*ast.FuncLit); ok && (name != "Do" || strings.Contains(typeName(receiverType(w.p.Info, n)), "Once")) {
					w.once[lit] = true
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

// operation notes what an operation of GraphQL does.
func (w *walker) operation(lit string) {
	if len(lit) < 10 {
		return
	}
	switch s := strings.TrimLeft(lit[1:], " \t\r\n"); {
	case strings.HasPrefix(s, "query ") && strings.Contains(s, "{"):
		if w.method == "" {
			w.method = "GET"
		}
	case strings.HasPrefix(s, "mutation ") && strings.Contains(s, "{"):
		w.method = "POST"
	}
}

// copies notes parameters that the function replaces by something of its own.
func (w *walker) copies() {
	for _, s := range w.n.body.List {
		a, ok := s.(*ast.AssignStmt)
		if !ok || len(a.Lhs) == 0 {
			continue
		}
		for i, l := range a.Lhs {
			id, ok := l.(*ast.Ident)
			if !ok {
				continue
			}
			o := w.p.Info.Uses[id]
			if o == nil || w.roots[o] == 0 {
				continue
			}
			if len(a.Rhs) == len(a.Lhs) {
				c, ok := ast.Unparen(a.Rhs[i]).(*ast.CallExpr)
				if !ok || calleeName(c) == "append" {
					continue
				}
			}
			w.copied[o] = a.End()
		}
	}
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
	if at := w.copied[o]; at != 0 && at <= e.Pos() {
		return 0
	}
	return w.roots[o]
}

func (w *walker) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncLit:
		if w.once[n] { // only what it reads counts
			before, writes, global, calls := w.n.sum, w.writes, w.global, len(w.n.calls)
			w.once[n] = false
			ast.Inspect(n.Body, w.visit)
			for i := range w.n.calls[calls:] {
				e := &w.n.calls[calls+i]
				e.only, e.args, e.once = Reads|ByName|Cached, nil, true
			}
			if w.n.sum.Has(Unknown) {
				w.n.sum.Effects |= ByName
			}
			w.n.sum.Effects &= before.Effects | Reads | ByName | Cached
			w.n.sum.Trail, w.writes, w.global = before.Trail, writes, global
			return false
		}
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			for _, l := range n.Lhs {
				w.assign(l)
			}
		}
	case *ast.IncDecStmt:
		w.assign(n.X)
	case *ast.SendStmt:
		if w.rootOf(n.Chan)&1 != 0 && !isSemaphore(w.p.Info.TypeOf(n.Chan)) {
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
	root := w.rootOf(l)
	if root == 0 {
		return
	}
	if _, ok := l.(*ast.Ident); ok {
		return // the parameter itself
	}
	if Dereferences(w.p.Info, l) {
		w.writes |= root
		w.mutated(l, "assignment")
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
	if f == nil {
		f = w.t.functionIn(info, c)
	}
	if f == nil {
		if n := w.t.fieldNode(info, c); n != nil {
			w.n.calls = append(w.n.calls, edge{to: n})
			return
		}
	}
	if f != nil {
		if to := w.t.nodes[f.Origin()]; to != nil {
			if onlyTells(info, c, f) {
				return
			}
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
			if _, own := ast.Unparen(sel.X).(*ast.Ident); own {
				w.mutate(sel.X)
			} else if w.rootOf(sel.X) != 0 {
				w.writes |= Deep
				w.mutated(sel.X, "call")
			}
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
	e := w.edge(c, f, nil)
	s.Effects = e.of(s.Effects)
	t := s.Trail
	if t != "" {
		t = f.Name() + " → " + t
	} else {
		t = f.Name()
	}
	w.effect(s.Effects, t)
	for i, mine := range e.args {
		if s.Mutates&(1<<i) != 0 {
			w.writes |= mine
		}
	}
	w.mutated(c, "")
}

// mutated notes what changed memory first.
func (w *walker) mutated(n ast.Node, what string) {
	if w.writes != 0 && w.n.mut == "" {
		w.n.mut = what + " at " + w.p.Fset.Position(n.Pos()).String()
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
		w.mutated(a, "address passed")
		return
	}
	if tv, ok := w.p.Info.Types[a]; ok && tv.Type != nil && !points(tv.Type) && !isInvalid(tv.Type) {
		if !Dereferences(w.p.Info, a) {
			return
		}
	}
	w.writes |= w.rootOf(a)
	w.mutated(a, "passed")
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
		if _, own := ast.Unparen(sel.X).(*ast.Ident); !own && e.args[0] != 0 {
			e.args[0] = Deep
		}
	}
	for _, a := range c.Args {
		if len(e.args) == 63 {
			break
		}
		e.args = append(e.args, w.shared(a))
		if m := constantString(w.p.Info, a); m == "GET" || m == "HEAD" {
			e.asks = true
		}
	}
	if isCacheStore(f) { // what it keeps is nobody's to see
		e.only, e.args, e.cached = Reads|ByName|Cached, nil, true
	}
	return e
}

func constantString(info *types.Info, e ast.Expr) string {
	if tv, ok := info.Types[e]; ok && tv.Value != nil && tv.Value.Kind() == constant.String {
		return constant.StringVal(tv.Value)
	}
	return ""
}

// isCacheStore reports whether a function is of a cache, which is not to say that it
// is of something that uses one.
func isCacheStore(f *types.Func) bool {
	name := recvName(f)
	if name == "" && f.Pkg() != nil {
		name = f.Pkg().Name()
	}
	for _, w := range words(name) {
		if w == "cache" || w == "cacher" || w == "lru" {
			return true
		}
	}
	return f.Pkg() != nil && (f.Pkg().Name() == "cache" || f.Pkg().Name() == "lru")
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

// isOnce reports whether what is called so calls its function once.
func isOnce(name string) bool {
	switch name {
	case "Do", "DoOnce", "Once", "OnceValue", "OnceValues", "OnceFunc", "GetInstance", "Singleton":
		return true
	}
	return false
}

func receiverType(info *types.Info, c *ast.CallExpr) types.Type {
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
		return info.TypeOf(sel.X)
	}
	return nil
}

// isSemaphore reports whether a type is chan struct{}: what is sent says nothing.
func isSemaphore(t types.Type) bool {
	if t == nil {
		return false
	}
	c, ok := t.Underlying().(*types.Chan)
	if !ok {
		return false
	}
	s, ok := c.Elem().Underlying().(*types.Struct)
	return ok && s.NumFields() == 0
}

// onlyTells reports whether a call of a function with a body only logs, counts or
// traces: its names say so, and it has no result that one could want.
func onlyTells(info *types.Info, c *ast.CallExpr, f *types.Func) bool {
	if !isSilentChain(info, c) {
		return false
	}
	for v := range f.Signature().Results().Variables() {
		if !lib(typePath(v.Type()), silent) && !endsIn(typeName(v.Type()), silent) && !IsContext(v.Type()) {
			return false
		}
	}
	return true
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
