// Package rewrite has what a fix needs that writes code into a file: names that do not
// collide, types as the file would write them, imports in their group, and a check that
// what comes out still compiles.
package rewrite

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// Edit replaces the bytes from Pos to End by Text.
type Edit struct {
	Pos, End token.Pos
	Text     []byte
}

// File is a file to be edited, with the package that it is of.
type File struct {
	Fset  *token.FileSet
	File  *ast.File
	Src   []byte
	Pkg   *types.Package
	Info  *types.Info
	Files []*ast.File // all of the package

	edits   []Edit
	imports map[string]string // paths to add, with their names
	used    map[string]bool   // names that are taken
}

// Replace notes that the bytes from pos to end become text.
func (f *File) Replace(pos, end token.Pos, text string) {
	f.edits = append(f.edits, Edit{pos, end, []byte(text)})
}

// Text returns the source from pos to end.
func (f *File) Text(pos, end token.Pos) string {
	t := f.Fset.File(f.File.FileStart)
	return string(f.Src[t.Offset(pos):t.Offset(end)])
}

// Indent returns the white space before the first code of the line of pos.
func (f *File) Indent(pos token.Pos) string {
	t := f.Fset.File(f.File.FileStart)
	from := t.Offset(t.LineStart(t.Line(pos)))
	to := from
	for to < len(f.Src) && (f.Src[to] == '\t' || f.Src[to] == ' ') {
		to++
	}
	return string(f.Src[from:to])
}

// LeadingComment returns where the comments begin that stand right above pos, or pos.
func (f *File) LeadingComment(pos token.Pos) token.Pos {
	t := f.Fset.File(f.File.FileStart)
	line := t.Line(pos)
	for _, g := range slices.Backward(f.File.Comments) {

		if g.Pos() > pos || t.Line(g.End()) != line-1 {
			continue
		}
		start := t.Line(g.Pos())
		if at := t.Offset(t.LineStart(start)); len(bytes.TrimSpace(f.Src[at:t.Offset(g.Pos())])) > 0 {
			continue // it trails the statement above
		}
		return g.Pos()
	}
	return pos
}

// InsertAbove notes that statements go above the statement at pos, and above the
// comments that lead it. They are formatted, and indented as it is.
func (f *File) InsertAbove(pos token.Pos, statements string) error {
	at := f.LeadingComment(pos)
	indent := f.Indent(at)
	out, err := format.Source([]byte(statements))
	if err != nil {
		return fmt.Errorf("format: %w", err)
	}
	var b strings.Builder
	raw := rawLines(string(out))
	for i, line := range strings.Split(strings.TrimRight(string(out), "\n"), "\n") {
		if i > 0 && line != "" && !raw[i] {
			b.WriteString(indent)
		}
		b.WriteString(line + "\n")
	}
	b.WriteString(indent)
	f.Replace(at, at, b.String())
	return nil
}

// rawLines are the lines of a text that begin within a raw string.
func rawLines(text string) map[int]bool {
	raw := make(map[int]bool)
	in, line := false, 0
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			line++
			quote = 0
			raw[line] = in
		case in:
			in = c != '`'
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '`':
			in = true
		}
	}
	return raw
}

// Use notes the names that a function uses, whatever for: new ones must differ.
func (f *File) Use(n ast.Node) {
	f.start()
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			f.used[id.Name] = true
		}
		return true
	})
}

// start takes the names of the file's imports.
func (f *File) start() {
	if f.used != nil {
		return
	}
	f.used = make(map[string]bool)
	for _, s := range f.File.Imports {
		if name := f.nameOfImport(s); name != "" {
			f.used[name] = true
		}
	}
}

// Name returns the first of names that is free where pos is, and takes it.
func (f *File) Name(pos token.Pos, names ...string) (string, error) {
	f.start()
	scope := f.Pkg.Scope().Innermost(pos)
	for _, name := range names {
		if f.used[name] || token.IsKeyword(name) || types.Universe.Lookup(name) != nil {
			continue
		}
		if scope != nil {
			if _, o := scope.LookupParent(name, token.NoPos); o != nil {
				continue
			}
		}
		f.used[name] = true
		return name, nil
	}
	return "", fmt.Errorf("the name %s is taken", names[0])
}

func (f *File) nameOfImport(s *ast.ImportSpec) string {
	if s.Name != nil {
		return s.Name.Name
	}
	if pn, ok := f.Info.Implicits[s].(*types.PkgName); ok {
		return pn.Name()
	}
	return ""
}

// Import returns the name by which the file has, or is going to have, the package of a
// path, for code at pos.
func (f *File) Import(pos token.Pos, path, name string) (string, error) {
	for _, s := range f.File.Imports {
		if p, _ := strconv.Unquote(s.Path.Value); p != path {
			continue
		}
		local := f.nameOfImport(s)
		switch local {
		case "", "_", ".":
			continue
		}
		if scope := f.Pkg.Scope().Innermost(pos); scope != nil {
			if _, o := scope.LookupParent(local, pos); o != nil {
				if pn, ok := o.(*types.PkgName); !ok || pn.Imported().Path() != path {
					return "", fmt.Errorf("the name %s is taken", local)
				}
			}
		}
		return local, nil
	}
	f.start()
	if f.imports[path] != "" {
		return f.imports[path], nil
	}
	if isInternal(path, f.Pkg.Path()) || name == "main" {
		return "", fmt.Errorf("package %s cannot be imported", path)
	}
	if f.used[name] || f.Pkg.Scope().Lookup(name) != nil {
		return "", fmt.Errorf("the name %s is taken, which package %s needs", name, path)
	}
	for _, other := range f.imports {
		if other == name {
			return "", fmt.Errorf("two packages are called %s", name)
		}
	}
	if f.imports == nil {
		f.imports = make(map[string]string)
	}
	f.imports[path] = name
	f.used[name] = true
	return name, nil
}

// isInternal reports whether a package is internal to others than from.
func isInternal(path, from string) bool {
	i := strings.LastIndex("/"+path+"/", "/internal/")
	if i < 0 {
		return false
	}
	root := ""
	if i > 0 {
		root = path[:i-1]
	}
	return root != "" && from != root && !strings.HasPrefix(from, root+"/") || root == ""
}

// Edits returns what is to be changed, imports included, in the order of the file.
func (f *File) Edits(module string) ([]Edit, error) {
	edits := slices.Clone(f.edits)
	paths := make([]string, 0, len(f.imports))
	for path := range f.imports {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		spec := strconv.Quote(path)
		if base := path[strings.LastIndex(path, "/")+1:]; base != f.imports[path] {
			spec = f.imports[path] + " " + spec
		}
		e, err := f.importEdit(path, spec, module)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e)
	}
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Compare(a.Pos, b.Pos) })
	for i := 1; i < len(edits); i++ { // of one place become one
		if edits[i-1].Pos == edits[i].Pos && edits[i-1].End == edits[i].End && edits[i].Pos == edits[i].End {
			edits[i-1].Text = append(edits[i-1].Text, edits[i].Text...)
			edits = slices.Delete(edits, i, i+1)
			i--
		}
	}
	for i := 1; i < len(edits); i++ {
		if edits[i].Pos < edits[i-1].End {
			return nil, errors.New("edits overlap")
		}
	}
	return edits, nil
}

// Apply returns the source with edits made, which are in order.
func (f *File) Apply(edits []Edit) []byte {
	t := f.Fset.File(f.File.FileStart)
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(out, f.Src[at:t.Offset(e.Pos)]...)
		out = append(out, e.Text...)
		at = t.Offset(e.End)
	}
	return append(out, f.Src[at:]...)
}

// Import returns a package by its path.
func (r *reachable) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if r.found == nil {
		r.found = make(map[string]*types.Package)
		var visit func(*types.Package)
		visit = func(p *types.Package) {
			for _, i := range p.Imports() {
				if r.found[i.Path()] == nil {
					r.found[i.Path()] = i
					visit(i)
				}
			}
		}
		visit(r.root)
	}
	if p := r.found[path]; p != nil {
		return p, nil
	}
	if r.more != nil {
		p, err := r.more(path, r)
		if p != nil {
			r.found[path] = p
		}
		return p, err
	}
	return nil, fmt.Errorf("no package %s", path)
}
