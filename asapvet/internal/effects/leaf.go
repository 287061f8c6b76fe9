package effects

import (
	"cmp"
	"go/ast"
	"go/types"
	"strings"
)

// cacheCall reports whether a call asks something that is called a cache.
func cacheCall(info *types.Info, c *ast.CallExpr) bool {
	name := calleeName(c)
	switch firstWord(name) {
	case "get", "load", "fetch", "lookup", "find", "do", "peek", "read":
		if cachedName(name) { // getFromCache
			return true
		}
	case "once":
	default:
		return false
	}
	sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	for e := sel.X; ; {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			if cachedName(x.Name) {
				return true
			}
			return cachedName(typeName(info.TypeOf(x)))
		case *ast.SelectorExpr:
			if cachedName(x.Sel.Name) {
				return true
			}
			return cachedName(typeName(info.TypeOf(x)))
		case *ast.CallExpr:
			id := calleeIdent(x)
			return id != nil && cachedName(id.Name)
		default:
			return false
		}
	}
}

func typeName(t types.Type) string {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

func typePath(t types.Type) string {
	for {
		switch u := t.(type) {
		case *types.Pointer:
			t = u.Elem()
			continue
		case *types.Named:
			if u.Obj().Pkg() != nil {
				return u.Obj().Pkg().Path()
			}
		}
		return ""
	}
}

// leaf judges a call of what has no body here. Mutates speaks of the call's arguments.
func (t *Table) leaf(p *Package, c *ast.CallExpr, f *types.Func) Summary {
	info := p.Info
	name := calleeName(c)
	if _, ok := ast.Unparen(c.Fun).(*ast.FuncLit); ok {
		return Summary{} // its body is seen where it stands
	}
	if f == nil {
		if v := calledVar(info, c); v != nil {
			if !v.IsField() && !isGlobal(v) {
				return Summary{} // a closure or a parameter: who made it has its effects
			}
			if isSilentChain(info, c) || !HasContext(info, c) || !canFail(v) {
				return Summary{} // callbacks without a context, or that cannot fail, compute
			}
			return Summary{Effects: Unknown, Trail: "calls the function in " + v.Name()}
		}
	}
	path := ""
	if f != nil && f.Pkg() != nil {
		path = f.Pkg().Path()
	}
	if path != "" && !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
		if isStandard(path) {
			return t.standard(p, c, f, path)
		}
	}
	if f != nil && f.Pkg() == nil { // error.Error
		return Summary{}
	}
	if path == "" {
		path = chainPath(info, c)
	}
	if f == nil && p.Types != nil && sameRepository(path, p.Types.Path()) {
		path = "" // a method of something that is embedded, of a package that is missing
	}
	if isSilentChain(info, c) || lib(path, silent) {
		return Summary{}
	}
	withCtx := HasContext(info, c)
	if lib(path, []string{"survey", "promptui", "huh", "bubbletea", "prompt"}) {
		return Summary{Effects: Writes, Trail: name + " asks a person"}
	}
	if lib(path, local) && !withCtx || hasWord(path, flags) {
		return Summary{Mutates: filled(name, c)}
	}
	if withCtx && name == "Invoke" {
		name = cmp.Or(remoteMethod(info, c), name)
	}
	out := withCtx || isOutside(path)
	unresolved := f == nil && path == ""
	var s Summary
	switch verb(name) {
	case reads:
		if out || unresolved && looksOutside(c, name) {
			s.Effects = Reads
		}
		s.Mutates = destinations(c)
	case writes:
		if withCtx || f == nil && (path == "" || out) && writesOutside(name, path) || f != nil && out && returnsError(f) {
			s.Effects, s.Trail = Writes, name
			if writesCache(info, c) {
				s = Summary{}
			}
		} else if !writesCache(info, c) { // a cache is for many at once
			s.Mutates = 1
		}
	default:
		if withCtx && (f == nil || returnsError(f)) && (isRequest(name) || !isBuilder(name)) {
			s.Effects, s.Trail = Unknown, name
		}
	}
	return s
}

// remoteMethod is the last element of the full method that a call of a gRPC client's
// connection has: what is generated says Invoke of all of them.
func remoteMethod(info *types.Info, c *ast.CallExpr) string {
	for _, a := range c.Args {
		if m := constantString(info, a); strings.HasPrefix(m, "/") {
			return m[strings.LastIndexByte(m, '/')+1:]
		}
	}
	return ""
}

// filled is the argument that a function which computes fills, by its name.
func filled(name string, c *ast.CallExpr) uint64 {
	if len(c.Args) == 0 {
		return 0
	}
	switch firstWord(name) {
	case "unmarshal", "decode", "bind", "scan":
		return 2 << min(len(c.Args)-1, 61)
	case "copy", "merge", "fill":
		return 2
	}
	return 0
}

// writesCache reports whether a write goes to a cache only.
func writesCache(info *types.Info, c *ast.CallExpr) bool {
	sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch x := ast.Unparen(sel.X).(type) {
	case *ast.Ident:
		return cachedName(x.Name) || cachedName(typeName(info.TypeOf(x)))
	case *ast.SelectorExpr:
		return cachedName(x.Sel.Name) || cachedName(typeName(info.TypeOf(x)))
	}
	return false
}

// destinations are the arguments that a library's read fills.
func destinations(c *ast.CallExpr) uint64 {
	var m uint64
	for i, a := range c.Args {
		if u, ok := ast.Unparen(a).(*ast.UnaryExpr); ok && u.Op.String() == "&" {
			if _, lit := ast.Unparen(u.X).(*ast.CompositeLit); !lit {
				m |= 2 << min(i, 61)
			}
		}
	}
	return m
}
