// Package sharedtx finds transactions that bodies use at the same time.
package sharedtx

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/check"
	"github.com/asap-go/asap/asapvet/internal/handles"
	"github.com/asap-go/asap/asapvet/internal/order"
)

// Analyzer reports transactions and connections that two bodies use at once.
var Analyzer = check.New(check.Check{
	Name: "sharedtx",
	Doc: `report transactions that bodies use at the same time

A transaction, a connection or a session is for one goroutine at a time: the driver
answers "conn busy", or mixes up results. Bodies that share one are declared one after
the other, or use the pool.`,
	Imports:  []string{check.Asap},
	Requires: []*analysis.Analyzer{handles.Analyzer},
	Run: func(pass *analysis.Pass) error {
		for _, u := range handles.Of(pass).Units {
			judge(pass, u)
		}
		return nil
	},
})

// single are the types of what only one goroutine may use, by package and name.
var single = map[[2]string]string{
	{"database/sql", "Tx"}:                 "a transaction",
	{"database/sql", "Conn"}:               "a connection",
	{"github.com/jackc/pgx/v5", "Tx"}:      "a transaction",
	{"github.com/jackc/pgx/v5", "Conn"}:    "a connection",
	{"github.com/jackc/pgx/v4", "Tx"}:      "a transaction",
	{"github.com/jackc/pgx/v4", "Conn"}:    "a connection",
	{"github.com/jmoiron/sqlx", "Tx"}:      "a transaction",
	{"github.com/jmoiron/sqlx", "Conn"}:    "a connection",
	{"xorm.io/xorm", "Session"}:            "a session",
	{"github.com/go-xorm/xorm", "Session"}: "a session",
}

func judge(pass *analysis.Pass, u *handles.Unit) {
	o := order.Of(pass.TypesInfo, u)
	uses := map[*types.Var][]*ast.Ident{}
	var vars []*types.Var
	ast.Inspect(u.Root, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v, ok := pass.TypesInfo.Uses[id].(*types.Var)
		if !ok || v.IsField() || v.Pos() < u.Root.Pos() || v.Pos() >= u.Root.End() || kind(pass, u, v) == "" {
			return true
		}
		if uses[v] == nil {
			vars = append(vars, v)
		}
		uses[v] = append(uses[v], id)
		return true
	})
	for _, v := range vars {
		report(pass, u, o, v, uses[v])
	}
}

func report(pass *analysis.Pass, u *handles.Unit, o *order.Order, v *types.Var, uses []*ast.Ident) {
	for i, x := range uses {
		a := body(u, x, v)
		if a == nil {
			continue
		}
		for _, y := range uses[:i+1] {
			b := body(u, y, v)
			if b == nil || x != y && a == b || !o.AtOnce(a, b, v) || o.Tools(a.Fn).Locks && o.Tools(b.Fn).Locks {
				continue
			}
			if a == b {
				pass.Reportf(x.Pos(), "%s is used by task %s, which runs several times at once; %s is not for concurrent use", v.Name(), a.Name(), kind(pass, u, v))
			} else {
				pass.Reportf(x.Pos(), "%s is used by task %s and task %s at the same time; %s is not for concurrent use", v.Name(), b.Name(), a.Name(), kind(pass, u, v))
			}
			return
		}
	}
}

// body returns the body that uses v at id, nil if v is declared in it.
func body(u *handles.Unit, id *ast.Ident, v *types.Var) *handles.Body {
	f := u.FnOf(id).Runs()
	if f.Role != handles.InBody || f.Body == nil || f.Body.Task == nil {
		return nil
	}
	if n := f.Node; n.Pos() <= v.Pos() && v.Pos() < n.End() {
		return nil
	}
	return f.Body
}

// kind says what v is, if only one goroutine at a time may use it.
func kind(pass *analysis.Pass, u *handles.Unit, v *types.Var) string {
	t := types.Unalias(v.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return ""
	}
	if n.Obj().Pkg().Path() == "gorm.io/gorm" && n.Obj().Name() == "DB" && isTransaction(pass, u, v) {
		return "a transaction"
	}
	return single[[2]string{n.Obj().Pkg().Path(), n.Obj().Name()}]
}

// isTransaction reports whether v, of the type of a database of gorm, is what Begin
// returns, or what a function is given that Transaction calls.
func isTransaction(pass *analysis.Pass, u *handles.Unit, v *types.Var) bool {
	for _, f := range u.Fns {
		if t := f.Type(); t.Pos() <= v.Pos() && v.Pos() < t.End() {
			call, ok := u.Parent(f.Node).(*ast.CallExpr)
			return ok && isGorm(pass, call, "Transaction")
		}
	}
	found := false
	ast.Inspect(u.Root, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
			if id, ok := a.Lhs[0].(*ast.Ident); ok && pass.TypesInfo.ObjectOf(id) == v {
				if call, ok := a.Rhs[0].(*ast.CallExpr); ok && isGorm(pass, call, "Begin") {
					found = true
				}
			}
		}
		return true
	})
	return found
}

func isGorm(pass *analysis.Pass, call *ast.CallExpr, name string) bool {
	c, ok := handles.Callee(pass.TypesInfo, call)
	return ok && c.Path == "gorm.io/gorm" && c.Name == name
}
