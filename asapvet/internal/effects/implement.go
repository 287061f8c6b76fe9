package effects

import (
	"go/types"
	"path"
	"strings"
)

// indexTypes notes the types of a package that may implement interfaces.
func (t *Table) indexTypes(p *Package) {
	if p.Types == nil || isDouble(path.Base(p.Types.Path())) {
		return
	}
	scope := p.Types.Scope()
	for _, name := range scope.Names() {
		tn, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || tn.IsAlias() || isDouble(name) {
			continue
		}
		named, ok := tn.Type().(*types.Named)
		if !ok || types.IsInterface(named) {
			continue
		}
		if strings.HasSuffix(p.Fset.Position(tn.Pos()).Filename, "_test.go") {
			continue
		}
		for m := range named.Methods() {
			t.methods[m.Name()] = append(t.methods[m.Name()], named)
		}
	}
}

// isDouble reports whether a name is that of what stands in for the real thing in tests.
func isDouble(name string) bool {
	name = strings.ToLower(name)
	for _, s := range [...]string{"mock", "fake", "stub", "dummy", "spy", "inmem"} {
		if strings.Contains(name, s) {
			return true
		}
	}
	return strings.HasSuffix(name, "test") || strings.HasPrefix(name, "test")
}

func isInterfaceMethod(f *types.Func) bool {
	recv := f.Signature().Recv()
	return recv != nil && types.IsInterface(recv.Type())
}

// link makes an interface's method call its implementations.
func (t *Table) link(n *node) {
	iface, ok := n.fn.Signature().Recv().Type().Underlying().(*types.Interface)
	if !ok {
		n.sum.Effects |= Unknown
		return
	}
	for _, named := range t.methods[n.fn.Name()] {
		if !implements(named, iface, n.fn) {
			continue
		}
		for m := range named.Methods() {
			if m.Name() != n.fn.Name() {
				continue
			}
			to := t.nodes[m.Origin()]
			if to == nil {
				continue
			}
			e := edge{to: to}
			for i := range min(m.Signature().Params().Len()+1, 63) {
				e.args = append(e.args, 1<<i)
			}
			n.calls = append(n.calls, e)
		}
	}
	if len(n.calls) == 0 { // somebody else's
		switch {
		case !takesContext(n.fn) && !returnsError(n.fn) && verb(n.fn.Name()) != writes:
			// what has no context and cannot fail computes
		case verb(n.fn.Name()) == reads:
			n.sum.Effects |= ByName
		default:
			n.sum.Effects |= Unknown
			n.sum.Trail = n.fn.Name() + ", which nothing implements here"
		}
	}
}

func takesContext(f *types.Func) bool {
	for v := range f.Signature().Params().Variables() {
		if IsContext(v.Type()) {
			return true
		}
	}
	return false
}

// implements reports whether a type implements an interface. Where signatures have
// types of packages that could not be found, the names of the methods decide.
func implements(named *types.Named, iface *types.Interface, method *types.Func) bool {
	ptr := types.NewPointer(named)
	if named.TypeParams().Len() > 0 {
		return sameNames(ptr, iface)
	}
	if types.Implements(ptr, iface) {
		return true
	}
	return sameNames(ptr, iface) && (hasInvalid(iface) || hasInvalidMethods(named))
}

func sameNames(ptr types.Type, iface *types.Interface) bool {
	for m := range iface.Methods() {
		o, _, _ := types.LookupFieldOrMethod(ptr, false, m.Pkg(), m.Name())
		f, ok := o.(*types.Func)
		if !ok || f.Signature().Params().Len() != m.Signature().Params().Len() {
			return false
		}
	}
	return iface.NumMethods() > 0
}

func hasInvalid(iface *types.Interface) bool {
	for m := range iface.Methods() {
		if invalidSignature(m.Signature()) {
			return true
		}
	}
	return false
}

func hasInvalidMethods(named *types.Named) bool {
	for m := range named.Methods() {
		if invalidSignature(m.Signature()) {
			return true
		}
	}
	return false
}

func invalidSignature(s *types.Signature) bool {
	for _, tuple := range [...]*types.Tuple{s.Params(), s.Results()} {
		for v := range tuple.Variables() {
			if isInvalid(v.Type()) {
				return true
			}
		}
	}
	return false
}

// isInvalid reports whether a type is, or is made of, one that could not be found.
func isInvalid(t types.Type) bool {
	switch t := t.(type) {
	case *types.Basic:
		return t.Kind() == types.Invalid
	case *types.Pointer:
		return isInvalid(t.Elem())
	case *types.Slice:
		return isInvalid(t.Elem())
	case *types.Array:
		return isInvalid(t.Elem())
	case *types.Map:
		return isInvalid(t.Key()) || isInvalid(t.Elem())
	case *types.Chan:
		return isInvalid(t.Elem())
	case *types.Signature:
		return invalidSignature(t)
	}
	return false
}
