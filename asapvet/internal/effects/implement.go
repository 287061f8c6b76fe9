package effects

import (
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
)

// indexTypes notes the types of a package that may implement interfaces.
func (t *Table) indexTypes(p *Package) {
	if p.Types == nil || isDouble(path.Base(p.Types.Path())) || isForTests(p.Types.Path()) {
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
		if st, ok := named.Underlying().(*types.Struct); ok {
			embeds := false
			double := false
			for f := range st.Fields() {
				embeds = embeds || f.Embedded()
				double = double || isDoubleField(f)
			}
			if double {
				continue
			}
			if embeds && named.NumMethods() > 0 {
				t.embedding = append(t.embedding, named)
			}
		}
		for m := range named.Methods() {
			t.methods[m.Name()] = append(t.methods[m.Name()], named)
			key := m.Name() + "?"
			if named.TypeParams().Len() == 0 && !invalidSignature(m.Signature()) {
				key = m.Name() + t.signatureKey(m.Signature())
			}
			t.methods[key] = append(t.methods[key], named)
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

// isDoubleField reports whether a field is what only doubles have, whatever they are
// called: testify's mock.Mock, or gomock's controller.
func isDoubleField(f *types.Var) bool {
	name, pkg := typeName(f.Type()), path.Base(typePath(f.Type()))
	return f.Embedded() && name == "Mock" && pkg == "mock" || name == "Controller" && pkg == "gomock"
}

// isForTests reports whether a package is kept where only tests look, by its path.
func isForTests(pkg string) bool {
	parts := strings.Split(pkg, "/")
	if strings.Contains(parts[0], ".") {
		parts = parts[min(3, len(parts)):] // not the repository's own name
	}
	return slices.ContainsFunc(parts, func(p string) bool {
		switch p {
		case "mock", "mocks", "fake", "fakes", "testing", "testutil", "testutils", "testhelper", "testhelpers":
			return true
		}
		return false
	})
}

func isInterfaceMethod(f *types.Func) bool {
	recv := f.Signature().Recv()
	return recv != nil && types.IsInterface(recv.Type())
}

// signatureKey is the same for signatures that are, whatever aliases they are written
// with.
func (t *Table) signatureKey(s *types.Signature) string {
	n, ok := t.signatures.At(s).(int)
	if !ok {
		n = t.signatures.Len()
		t.signatures.Set(s, n)
	}
	return "(" + strconv.Itoa(n)
}

// class is what interfaces with the same methods share: their implementations.
type class struct {
	iface   *types.Interface
	methods map[string]*node
	impls   []*types.Named
}

// implementations returns the types that implement an interface: those that declare the
// method of it that the fewest types have, or get it from what they embed.
func (t *Table) implementations(iface *types.Interface) []*types.Named {
	var rarest *types.Func
	var candidates []*types.Named
	for m := range iface.Methods() {
		list := t.methods[m.Name()]
		if !invalidSignature(m.Signature()) {
			list = slices.Concat(t.methods[m.Name()+t.signatureKey(m.Signature())], t.methods[m.Name()+"?"])
		}
		if rarest == nil || len(list) < len(candidates) {
			rarest, candidates = m, list
		}
	}
	if rarest == nil {
		return nil
	}
	for _, named := range t.embedding {
		o, index, _ := types.LookupFieldOrMethod(types.NewPointer(named), false, rarest.Pkg(), rarest.Name())
		if _, ok := o.(*types.Func); ok && len(index) > 1 {
			candidates = append(candidates, named)
		}
	}
	var impls []*types.Named
	for _, named := range candidates {
		if implements(named, iface) {
			impls = append(impls, named)
		}
	}
	return impls
}

// classOf returns the class of an interface.
func (t *Table) classOf(iface *types.Interface) *class {
	var b strings.Builder
	for m := range iface.Methods() {
		b.WriteString(m.Name())
		b.WriteString(t.signatureKey(m.Signature()))
	}
	key := b.String()
	for _, c := range t.classes[key] {
		if types.Identical(c.iface, iface) {
			return c
		}
	}
	c := &class{iface: iface, methods: make(map[string]*node), impls: t.implementations(iface)}
	t.classes[key] = append(t.classes[key], c)
	return c
}

// link makes an interface's method call its implementations.
func (t *Table) link(n *node) {
	iface, ok := n.fn.Signature().Recv().Type().Underlying().(*types.Interface)
	if !ok {
		n.sum.Effects |= Unknown
		return
	}
	c := t.classOf(iface)
	shared := c.methods[n.fn.Name()]
	if shared == nil {
		shared = &node{fn: types.NewFunc(n.fn.Pos(), n.fn.Pkg(), n.fn.Name(), n.fn.Signature()), pkg: n.pkg, made: true}
		c.methods[n.fn.Name()] = shared
		t.linkClass(shared, c.impls)
	}
	n.calls = append(n.calls, forward(shared, n.fn))
	t.passOn(n.fn, shared.fn)
}

// forward is the edge of a method to one that does the same with the same arguments.
func forward(to *node, f *types.Func) edge {
	e := edge{to: to}
	for i := range min(f.Signature().Params().Len()+1, 63) {
		e.args = append(e.args, 1<<i)
	}
	return e
}

// linkClass makes a class's method call the implementations.
func (t *Table) linkClass(n *node, impls []*types.Named) {
	name := n.fn.Name()
	for _, named := range impls {
		o, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), false, named.Obj().Pkg(), name)
		if m, ok := o.(*types.Func); ok {
			if to := t.nodes[m.Origin()]; to != nil {
				n.calls = append(n.calls, forward(to, m))
				t.passOn(n.fn, m.Origin())
			}
		}
	}
	if len(n.calls) == 0 { // somebody else's
		switch {
		case !takesContext(n.fn) && (t.known == nil || !returnsError(n.fn)) && verb(name) != writes:
			// What has no context computes: what cannot fail, and of a whole program, where
			// another module implements it, also what can, as there.
		case verb(name) == reads && t.known == nil && takesContext(n.fn) && returnsError(n.fn):
			// Another module implements it, where verbs decide.
			n.sum.Effects |= Reads
		case verb(name) == reads:
			n.sum.Effects |= ByName
		default:
			n.sum.Effects |= Unknown
			n.sum.Trail = name + ", which nothing implements here"
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
func implements(named *types.Named, iface *types.Interface) bool {
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
