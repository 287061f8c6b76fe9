package load

import (
	"go/ast"
	"go/token"
	"go/types"
)

// borrowed are the names of types that files use of packages which were not found, by
// the package. Such a package gets a type without fields or methods for each, or an
// empty interface: so it is known of an expression at least where its type comes from.
type borrowed map[*unit]map[string]bool // true: an interface

// borrow notes what u's files use of packages without files.
func (b borrowed) borrow(u *unit) {
	for _, f := range u.files {
		if f == nil {
			continue
		}
		missing := make(map[string]*unit)
		for _, s := range f.Imports {
			i := u.imports[importPath(s)]
			if i == nil || len(i.files) > 0 {
				continue
			}
			name := guessName(lastElement(i.path))
			if s.Name != nil {
				name = s.Name.Name
			}
			missing[name] = i
		}
		if len(missing) == 0 {
			continue
		}
		note := func(e ast.Expr, iface bool) {
			for {
				switch x := e.(type) {
				case *ast.StarExpr:
					e = x.X
				case *ast.ParenExpr:
					e = x.X
				case *ast.ArrayType:
					e = x.Elt
				case *ast.Ellipsis:
					e = x.Elt
				case *ast.SelectorExpr:
					id, ok := x.X.(*ast.Ident)
					if !ok || missing[id.Name] == nil {
						return
					}
					i := missing[id.Name]
					if b[i] == nil {
						b[i] = make(map[string]bool)
					}
					b[i][x.Sel.Name] = b[i][x.Sel.Name] || iface
					return
				default:
					return
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.InterfaceType:
				for _, m := range n.Methods.List {
					if len(m.Names) == 0 {
						note(m.Type, true)
					}
				}
			case *ast.Field:
				note(n.Type, false)
			case *ast.ValueSpec:
				note(n.Type, false)
			case *ast.TypeSpec:
				note(n.Type, false)
			case *ast.CompositeLit:
				note(n.Type, false)
			case *ast.MapType:
				note(n.Key, false)
				note(n.Value, false)
			case *ast.ArrayType:
				note(n.Elt, false)
			case *ast.TypeAssertExpr:
				note(n.Type, false)
			}
			return true
		})
	}
}

// lend declares the types in the packages that were not found.
func (b borrowed) lend() {
	for u, names := range b {
		u.types = types.NewPackage(u.path, guessName(lastElement(u.path)))
		for name, iface := range names {
			var under types.Type = types.NewStruct(nil, nil)
			if iface {
				under = types.NewInterfaceType(nil, nil).Complete()
			}
			tn := types.NewTypeName(token.NoPos, u.types, name, nil)
			types.NewNamed(tn, under, nil)
			u.types.Scope().Insert(tn)
		}
		u.types.MarkComplete()
	}
}
