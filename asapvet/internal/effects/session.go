package effects

import (
	"go/ast"
	"go/types"
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

// transactions notes the function literals of a body that run in a transaction: those
// given to what is called so, as they are or in a variable.
func (w *walker) transactions() {
	given := make(map[types.Object]bool)
	literals := func(n ast.Node) {
		switch n := n.(type) {
		case *ast.FuncLit:
			w.inTx = append(w.inTx, n)
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
						w.inTx = append(w.inTx, lit)
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
