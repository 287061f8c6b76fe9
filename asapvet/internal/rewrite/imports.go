package rewrite

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// importEdit returns the edit that adds an import: in the group of its like, in order.
func (f *File) importEdit(path, spec, module string) (Edit, error) {
	t := f.Fset.File(f.File.FileStart)
	var decl *ast.GenDecl // the first in parentheses
	var last *ast.GenDecl
	for _, d := range f.File.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			continue
		}
		if isC(g) {
			continue
		}
		last = g
		if g.Lparen.IsValid() && len(g.Specs) > 0 && decl == nil {
			decl = g
		}
	}
	if decl == nil {
		if last == nil {
			at := f.File.Name.End()
			return Edit{at, at, []byte("\n\nimport " + spec)}, nil
		}
		at := f.lineEnd(last.End())
		return Edit{at, at, []byte("\nimport " + spec)}, nil
	}
	// The groups: specs that no empty line parts.
	var groups [][]*ast.ImportSpec
	for i, s := range decl.Specs {
		s := s.(*ast.ImportSpec)
		first := s.Pos()
		if s.Doc != nil {
			first = s.Doc.Pos()
		}
		if i == 0 || t.Line(first) > t.Line(decl.Specs[i-1].End())+1 {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], s)
	}
	want := kindOf(path, module)
	var best []*ast.ImportSpec
	for _, g := range groups {
		own, same := 0, 0
		for _, s := range g {
			p, _ := strconv.Unquote(s.Path.Value)
			switch k := kindOf(p, module); {
			case k == want:
				same++
			case k == ofModule:
				own++
			}
		}
		if same > 0 {
			best = g
			break
		}
		if want == foreign && own > 0 && len(groups) <= 2 && best == nil && mixed(g, module) {
			best = g
		}
	}
	if best != nil {
		for _, b := range slices.Backward(best) {
			p, _ := strconv.Unquote(b.Path.Value)
			if p < path { // as gofmt sorts them
				at := f.lineEnd(b.End())
				return Edit{at, at, []byte("\n\t" + spec)}, nil
			}
		}
		first := best[0]
		at := first.Pos()
		if first.Doc != nil {
			at = first.Doc.Pos()
		}
		return Edit{at, at, []byte(spec + "\n\t")}, nil
	}
	if want == standard {
		at := decl.Specs[0].Pos()
		if d := decl.Specs[0].(*ast.ImportSpec).Doc; d != nil {
			at = d.Pos()
		}
		return Edit{at, at, []byte(spec + "\n\n\t")}, nil
	}
	// A group of its own: after that of the standard library, before that of the module.
	for _, g := range groups {
		p, _ := strconv.Unquote(g[0].Path.Value)
		if want == foreign && kindOf(p, module) == ofModule {
			at := g[0].Pos()
			if g[0].Doc != nil {
				at = g[0].Doc.Pos()
			}
			return Edit{at, at, []byte(spec + "\n\n\t")}, nil
		}
	}
	lastSpec := decl.Specs[len(decl.Specs)-1]
	at := f.lineEnd(lastSpec.End())
	return Edit{at, at, []byte("\n\n\t" + spec)}, nil
}

// mixed reports whether a group has packages of others and of the module.
func mixed(g []*ast.ImportSpec, module string) bool {
	for _, s := range g {
		p, _ := strconv.Unquote(s.Path.Value)
		if kindOf(p, module) == foreign {
			return true
		}
	}
	return false
}

type importKind int

const (
	standard importKind = iota
	foreign
	ofModule
)

func kindOf(path, module string) importKind {
	first, _, _ := strings.Cut(path, "/")
	switch {
	case module != "" && (path == module || strings.HasPrefix(path, module+"/")):
		return ofModule
	case !strings.Contains(first, "."):
		return standard
	}
	return foreign
}

func isC(g *ast.GenDecl) bool {
	for _, s := range g.Specs {
		if s.(*ast.ImportSpec).Path.Value == `"C"` {
			return true
		}
	}
	return false
}

// lineEnd returns the end of the line of pos, before its line break.
func (f *File) lineEnd(pos token.Pos) token.Pos {
	t := f.Fset.File(f.File.FileStart)
	at := t.Offset(pos)
	for at < len(f.Src) && f.Src[at] != '\n' {
		at++
	}
	if at > 0 && f.Src[at-1] == '\r' {
		at--
	}
	return t.Pos(at)
}
