package order

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/handles"
)

// An Access is a mention of a variable that reads or writes it.
type Access struct {
	Var   *types.Var
	Path  string // the field, ".Name", or "[]" for what is in a map, "*" for a pointee
	Write bool
	ID    *ast.Ident
	Fn    *handles.Fn
}

// Conflicts reports whether a and b at once are a race.
func (a Access) Conflicts(b Access) bool {
	if a.Var != b.Var || !a.Write && !b.Write {
		return false
	}
	if len(a.Path) > len(b.Path) {
		a, b = b, a
	}
	rest, ok := strings.CutPrefix(b.Path, a.Path)
	// Who reads a pointer or a map has not read what is behind it.
	return ok && (a.Write || !strings.ContainsAny(rest, "*["))
}

// Accesses returns what the functions of a unit do with local variables that are
// declared outside of the function literal that does it. What has its address taken
// there is left out.
func (o *Order) Accesses() []Access {
	var all []Access
	ast.Inspect(o.Unit.Root, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v, ok := o.info.Uses[id].(*types.Var)
		if !ok || v.IsField() || v.Pos() < o.Unit.Root.Pos() || v.Pos() >= o.Unit.Root.End() {
			return true
		}
		if a, ok := o.access(id, v); ok {
			all = append(all, a)
		}
		return true
	})
	return all
}

// access says what is done to v where id is.
func (o *Order) access(id *ast.Ident, v *types.Var) (Access, bool) {
	a := Access{Var: v, ID: id, Fn: o.Unit.FnOf(id)}
	var n ast.Node = id
	t := v.Type()
	for {
		parent := o.Unit.Parent(n)
		switch p := parent.(type) {
		case *ast.ParenExpr:
			n = p
			continue
		case *ast.SelectorExpr:
			sel := o.info.Selections[p]
			if sel == nil || p.X != n {
				return a, false
			}
			if sel.Kind() != types.FieldVal {
				// A method: with a pointer receiver nobody knows what it does.
				if sig, ok := sel.Obj().Type().(*types.Signature); ok && sig.Recv() != nil && isPointer(sig.Recv().Type()) && !isPointer(t) {
					return a, false
				}
				return a, true
			}
			if t != nil && isPointer(t) {
				a.Path += "*"
			}
			a.Path += "." + p.Sel.Name
			n, t = p, o.info.TypeOf(p)
			continue
		case *ast.StarExpr:
			if p.X != n {
				return a, false
			}
			a.Path += "*"
			n, t = p, o.info.TypeOf(p)
			continue
		case *ast.IndexExpr:
			if p.X != n {
				return a, true // the index, or the variable of a type
			}
			if t == nil {
				return a, false
			}
			if _, ok := t.Underlying().(*types.Map); !ok {
				return a, false // elements of slices are told apart by nobody
			}
			a.Path += "[]"
			a.Write = o.isAssigned(p)
			return a, true
		case *ast.UnaryExpr:
			if p.Op == token.AND {
				return a, false
			}
			return a, true
		case *ast.SliceExpr:
			if _, ok := t.Underlying().(*types.Array); ok && p.X == n {
				return a, false // takes its address
			}
			return a, true
		case *ast.CallExpr:
			if f, ok := p.Fun.(*ast.Ident); ok && len(p.Args) > 0 && p.Args[0] == n {
				if b, ok := o.info.Uses[f].(*types.Builtin); ok {
					switch b.Name() {
					case "delete":
						a.Path += "[]"
						a.Write = true
					case "len":
						if _, ok := t.Underlying().(*types.Map); ok {
							a.Path += "[]"
						}
					case "clear":
						if _, ok := t.Underlying().(*types.Map); ok {
							a.Path += "[]"
							a.Write = true
						}
					}
				}
			}
			return a, true
		}
		if r, ok := parent.(*ast.RangeStmt); ok && r.X == n && t != nil {
			if _, ok := t.Underlying().(*types.Map); ok {
				a.Path += "[]"
			}
		}
		a.Write = o.isAssigned(n)
		return a, true
	}
}

// isAssigned reports whether n is what a statement assigns to.
func (o *Order) isAssigned(n ast.Node) bool {
	switch p := o.Unit.Parent(n).(type) {
	case *ast.AssignStmt:
		for _, l := range p.Lhs {
			if l == n {
				return true
			}
		}
	case *ast.IncDecStmt:
		return true
	case *ast.RangeStmt:
		return p.Tok == token.ASSIGN && (p.Key == n || p.Value == n)
	}
	return false
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// Tools are what a function uses that can put its steps in an order.
type Tools struct {
	Locks    bool // locks, sync, atomic
	Sends    bool // sends on or closes a channel, cancels a context
	Receives bool // from a channel
	Done     bool // from that of a context
}

// Tools returns what is used in f.
func (o *Order) Tools(f *handles.Fn) Tools { return ToolsOf(o.info, f.Node) }

// ToolsOf returns what is used in n.
func ToolsOf(info *types.Info, n ast.Node) Tools {
	var t Tools
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SendStmt:
			t.Sends = true
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				if call, ok := ast.Unparen(n.X).(*ast.CallExpr); ok && isDone(call) {
					t.Done = true
				} else {
					t.Receives = true
				}
			}
		case *ast.RangeStmt:
			if tv := info.TypeOf(n.X); tv != nil {
				switch tv.Underlying().(type) {
				case *types.Chan:
					t.Receives = true
				case *types.Signature:
					t.Locks = true // an iterator of somebody's
				}
			}
		case *ast.CallExpr:
			t.call(info, n)
		}
		return true
	})
	return t
}

func isDone(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Done"
}

func isBuiltin(info *types.Info, call *ast.CallExpr) bool {
	id, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok {
		return false
	}
	_, ok = info.Uses[id].(*types.Builtin)
	return ok
}

func (t *Tools) call(info *types.Info, call *ast.CallExpr) {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		if b, ok := info.Uses[f].(*types.Builtin); ok && b.Name() == "close" {
			t.Sends = true
		}
		if _, ok := info.Uses[f].(*types.Var); ok {
			t.Sends = true // may cancel a context or close a channel
		}
	case *ast.SelectorExpr:
		switch f.Sel.Name {
		case "Lock", "RLock", "TryLock", "WithLock", "Unlock", "Acquire", "Release", "Signal", "Broadcast", "Load", "Store", "Swap", "CompareAndSwap":
			t.Locks = true
		}
	}
	for _, arg := range call.Args { // a channel that is handed on
		if tv, ok := info.Types[arg]; ok && tv.IsValue() && !isBuiltin(info, call) {
			if _, ok := tv.Type.Underlying().(*types.Chan); ok {
				t.Sends, t.Receives = true, true
			}
		}
	}
	if c, ok := handles.Callee(info, call); ok && (c.Path == "sync" || c.Path == "sync/atomic" || c.Path == "testing/synctest" || strings.HasSuffix(c.Path, "/semaphore")) {
		t.Locks = true
	}
}

// Ordered reports whether what uses t and u may have put its steps in order.
func (t Tools) Ordered(u Tools) bool {
	return t.Locks && u.Locks || t.Sends && (u.Receives || u.Done) || (t.Receives || t.Done) && u.Sends
}
