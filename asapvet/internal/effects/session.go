package effects

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"
)

// Some programs put a transaction into the context, and their stores run on it if it is
// there. Whether the reads of such a store may run at the same time depends on who calls.

// handles are the last words of types that statements run on.
var handles = []string{"tx", "txn", "transaction", "dbtx", "idb", "db", "ormer", "querier", "queryer", "executor", "transactor"}

// fromContext reports whether an expression takes what statements run on out of a
// context: ctx.Value(key).(*sql.Tx).
func fromContext(info *types.Info, e *ast.TypeAssertExpr) bool {
	c, ok := ast.Unparen(e.X).(*ast.CallExpr)
	if !ok || calleeName(c) != "Value" || e.Type == nil {
		return false
	}
	t := receiverType(info, c)
	if t == nil || !IsContext(t) {
		return false
	}
	asked := e.Type
	if p, ok := asked.(*ast.StarExpr); ok {
		asked = p.X
	}
	id := calleeIdent(&ast.CallExpr{Fun: asked})
	if id == nil {
		return false
	}
	switch typePath(info.TypeOf(e.Type)) {
	case "database/sql", "github.com/jmoiron/sqlx":
		if id.Name == "DB" { // which many may use
			return false
		}
	}
	return endsIn(id.Name, handles) || runsStatements(info.TypeOf(e.Type))
}

// runsStatements reports whether a type has the methods of what statements run on.
func runsStatements(t types.Type) bool {
	if t == nil || isInvalid(t) {
		return false
	}
	for _, name := range [...]string{"QueryRowContext", "QueryContext", "ExecContext", "QueryRow", "Rollback"} {
		if f, _, _ := types.LookupFieldOrMethod(t, true, nil, name); f != nil {
			return true
		}
	}
	return false
}

// isFromContext is fromContext for functions of other modules, by their names.
func isFromContext(name string) bool {
	w := words(name)
	n := len(w)
	if n < 2 || w[n-1] != "context" && w[n-1] != "ctx" || !slices.Contains(w, "from") {
		return false
	}
	return slices.ContainsFunc(w[:n-1], func(x string) bool { return slices.Contains(handles, x) })
}

// IsTransactionName reports whether what is called so runs a function in a transaction,
// or under a lock.
func IsTransactionName(name string) bool {
	w := words(name)
	for i, x := range w {
		switch x {
		case "tx", "transaction", "transact", "transactional", "atomically", "atomic", "txn":
			return true
		case "lock", "locked":
			return i > 0 || len(w) == 1
		}
	}
	return false
}

// IsTransaction reports whether an expression is a transaction, by its name or by its type.
// What is called transaction may be somebody's payment: it must be something that one
// asks.
func IsTransaction(info *types.Info, e ast.Expr) bool {
	t := info.TypeOf(e)
	if t == nil {
		return false
	}
	if _, ok := t.Underlying().(*types.Signature); ok {
		return false
	}
	if endsIn(typeName(types.Unalias(t)), []string{"tx", "txn"}) {
		return true
	}
	id := calleeIdent(&ast.CallExpr{Fun: e})
	if id == nil {
		return false
	}
	return endsIn(id.Name, []string{"tx", "txn", "trx"}) || endsIn(id.Name, []string{"transaction"}) && canBeAsked(t)
}

// canBeAsked reports whether a type may have methods that are given a context.
func canBeAsked(t types.Type) bool {
	if isInvalid(t) {
		return true
	}
	if _, ok := t.Underlying().(*types.Basic); ok {
		return false
	}
	set := types.NewMethodSet(t)
	for method := range set.Methods() {
		if f, ok := method.Obj().(*types.Func); ok && (takesContext(f) || f.Name() == "Commit" || f.Name() == "Exec") {
			return true
		}
	}
	return false
}

// Transacts reports whether a type has a method that runs a function in a transaction
// which is of that type, too: who has such a value in a parameter may have either.
func Transacts(t types.Type) bool {
	if t == nil || isInvalid(t) {
		return false
	}
	set := types.NewMethodSet(t)
	for method := range set.Methods() {
		f, ok := method.Obj().(*types.Func)
		if !ok || !IsTransactionName(f.Name()) {
			continue
		}
		for v := range f.Signature().Params().Variables() {
			run, ok := v.Type().Underlying().(*types.Signature)
			if !ok {
				continue
			}
			for w := range run.Params().Variables() {
				if types.Identical(w.Type(), t) {
					return true
				}
			}
		}
	}
	return false
}

// passes notes the parameters of a callee, its receiver among them, that are given
// transactions, or what the caller has in its own.
func (w *walker) passes(c *ast.CallExpr, f *types.Func) {
	sig := f.Signature()
	pass := func(e ast.Expr, to *types.Var) {
		if to == nil {
			return
		}
		e = ast.Unparen(e)
		if IsTransaction(w.p.Info, e) {
			w.t.transactions[to] = true
			return
		}
		if id, ok := e.(*ast.Ident); ok {
			if v, ok := w.p.Info.Uses[id].(*types.Var); ok && (v.Kind() == types.ParamVar || v.Kind() == types.RecvVar) {
				w.t.passed[v] = append(w.t.passed[v], to)
			}
		}
	}
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok && sig.Recv() != nil {
		pass(sel.X, sig.Recv())
	}
	for i, a := range c.Args {
		if i < sig.Params().Len() {
			pass(a, sig.Params().At(i))
		}
	}
}

// passOn notes that what an interface's method is given its implementations are given.
func (t *Table) passOn(from, to *types.Func) {
	a, b := from.Signature(), to.Signature()
	t.passed[a.Recv()] = append(t.passed[a.Recv()], b.Recv())
	for i := range min(a.Params().Len(), b.Params().Len()) {
		t.passed[a.Params().At(i)] = append(t.passed[a.Params().At(i)], b.Params().At(i))
	}
}

// spreadTransactions marks the parameters that may be given a transaction.
func (t *Table) spreadTransactions() {
	queue := slices.Collect(maps.Keys(t.transactions))
	for len(queue) > 0 {
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, to := range t.passed[v] {
			if !t.transactions[to] {
				t.transactions[to] = true
				queue = append(queue, to)
			}
		}
	}
}

// MayBeTransaction reports whether a parameter or a receiver is given a transaction
// somewhere, by what is known of these packages.
func (t *Table) MayBeTransaction(v *types.Var) bool { return t.transactions[v] }

// transactions notes the function literals of a body that run in a transaction: those
// given to what is called so, as they are or in a variable.
func (w *walker) transactions() {
	given := make(map[types.Object]bool)
	literals := func(n ast.Node) {
		switch n := n.(type) {
		case *ast.FuncLit:
			w.runInTx(n)
		case *ast.Ident:
			given[w.p.Info.Uses[n]] = true
		case *ast.SelectorExpr:
			given[w.p.Info.Uses[n.Sel]] = true
		}
	}
	ast.Inspect(w.n.body, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if ok && IsTransactionName(calleeName(c)) {
			for _, a := range c.Args {
				literals(ast.Unparen(a))
			}
		}
		return true
	})
	if len(given) == 0 && len(w.inTx) == 0 {
		return
	}
	delete(given, nil)
	ast.Inspect(w.n.body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if id, ok := l.(*ast.Ident); ok && i < len(n.Rhs) && given[objectOf(w.p.Info, id)] {
					if lit, ok := ast.Unparen(n.Rhs[i]).(*ast.FuncLit); ok {
						w.runInTx(lit)
					}
				}
			}
		case *ast.Ident:
			if f, ok := w.p.Info.Uses[n].(*types.Func); ok && given[f] {
				if to := w.t.nodes[f.Origin()]; to != nil {
					to.inTx = true
				}
			}
		}
		return true
	})
}

// runInTx notes a literal that runs in a transaction, which it is given, most often.
func (w *walker) runInTx(lit *ast.FuncLit) {
	w.inTx = append(w.inTx, lit)
	for _, field := range lit.Type.Params.List {
		for _, name := range field.Names {
			if v, ok := w.p.Info.Defs[name].(*types.Var); ok && canBeAsked(v.Type()) && !IsContext(v.Type()) {
				w.t.transactions[v] = true
			}
		}
	}
}

// mayBeInTransaction reports whether a position is in a literal that runs in one.
func (w *walker) mayBeInTransaction(n ast.Node) bool {
	return slices.ContainsFunc(w.inTx, func(lit *ast.FuncLit) bool { return lit.Pos() <= n.Pos() && n.End() <= lit.End() })
}

// spread marks all that is called from within transactions.
func (t *Table) spread() {
	var queue []*node
	for _, n := range t.nodes {
		if n.inTx {
			queue = append(queue, n)
		}
	}
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, e := range n.calls {
			if !e.to.inTx {
				e.to.inTx = true
				queue = append(queue, e.to)
			}
		}
	}
}

// InTransaction reports whether a function is called from within a transaction, by what
// is known of these packages.
func (t *Table) InTransaction(f *types.Func) bool {
	n := t.nodes[f.Origin()]
	return n != nil && n.inTx
}
