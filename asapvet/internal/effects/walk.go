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
	inTx    []*ast.FuncLit             // literals that run in a transaction
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
	w.transactions()
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
		default:
			if !strings.Contains(name, "Request") {
				break
			}
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
	case *ast.TypeAssertExpr:
		if fromContext(w.p.Info, n) {
			w.n.sum.Session = true
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
			w.passes(c, f.Origin())
			if w.mayBeInTransaction(c) {
				to.inTx = true
			}
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
	if isFromContext(calleeName(c)) {
		w.n.sum.Session = true
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
	w.n.sum.Session = w.n.sum.Session || s.Session
	for i, mine := range e.args {
		if s.Mutates&(1<<i) != 0 {
			w.writes |= mine
		}
	}
	w.mutated(c, "")
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
	if isRequest(f.Name()) && (w.method == "GET" || w.method == "HEAD") { // made before
		e.asks = true
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
