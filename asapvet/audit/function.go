package audit

import (
	"go/ast"
	"go/token"
	"path"
	"path/filepath"
	"strings"

	"github.com/asap-go/asap/asapvet/internal/gotrace"
	"github.com/asap-go/asap/asapvet/internal/load"
)

// function is where a site is: the innermost function, declared or a literal.
type function struct {
	pkg  *load.Package
	decl *ast.FuncDecl
	node ast.Node // decl or a literal in it
	fset *token.FileSet
}

// functionAt finds the function around a position.
func functionAt(fset *token.FileSet, p *load.Package, at token.Pos) *function {
	for _, f := range p.Files {
		if at < f.FileStart || f.FileEnd < at {
			continue
		}
		for _, d := range f.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || at < d.Pos() || d.End() < at {
				continue
			}
			in := &function{p, d, d, fset}
			ast.Inspect(d, func(n ast.Node) bool {
				if lit, ok := n.(*ast.FuncLit); ok && lit.Pos() <= at && at < lit.End() {
					in.node = lit
				}
				return n != nil && n.Pos() <= at && at < n.End()
			})
			return in
		}
	}
	return nil
}

// receiver is the name of the receiver's type, with a star if it is a pointer.
func receiver(d *ast.FuncDecl) (name string, pointer bool) {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return "", false
	}
	t := ast.Unparen(d.Recv.List[0].Type)
	if star, ok := t.(*ast.StarExpr); ok {
		pointer, t = true, ast.Unparen(star.X)
	}
	switch x := t.(type) {
	case *ast.IndexExpr:
		t = x.X
	case *ast.IndexListExpr:
		t = x.X
	}
	if id, ok := t.(*ast.Ident); ok {
		name = id.Name
	}
	return name, pointer
}

// name is that of the declaration, for people.
func (f *function) name() string { return declName(f.decl) }

func declName(d *ast.FuncDecl) string {
	switch recv, pointer := receiver(d); {
	case recv == "":
		return d.Name.Name
	case pointer:
		return "(*" + recv + ")." + d.Name.Name
	default:
		return recv + "." + d.Name.Name
	}
}

// symbols are the names that the runtime has for the declaration: in a command, and in
// a command's tests.
func (f *function) symbols() (name, also string) {
	pkg := f.pkg.Path
	if dir, base := path.Split(pkg); strings.Contains(base, ".") {
		pkg = dir + strings.ReplaceAll(base, ".", "%2e")
	}
	if f.pkg.Types != nil && f.pkg.Types.Name() == "main" {
		return "main." + f.name(), pkg + "." + f.name()
	}
	return pkg + "." + f.name(), ""
}

func (f *function) line(at token.Pos) int { return f.fset.Position(at).Line }

// lines are the lines of a node.
func (f *function) lines(n ast.Node) lines { return lines{f.line(n.Pos()), f.line(n.End())} }

// lines are some that follow each other.
type lines struct{ from, to int }

func (l lines) has(line int) bool { return l.from <= line && line <= l.to }

// look says what to look for in traces, and which lines of the function can wait.
func (f *function) look() (gotrace.Func, []lines) {
	var loops, nested, waits []lines
	ast.Inspect(f.node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			if ast.Node(n) != f.node {
				nested = append(nested, f.lines(n))
			}
		case *ast.ForStmt, *ast.RangeStmt:
			loops = append(loops, f.lines(n))
			waits = append(waits, lines{f.line(n.Pos()), f.line(n.Pos())})
		case *ast.LabeledStmt, *ast.BranchStmt:
			if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
				loops = append(loops, f.lines(f.node))
			}
		case *ast.CallExpr, *ast.UnaryExpr, *ast.SendStmt, *ast.SelectStmt, *ast.ReturnStmt, *ast.GoStmt:
			waits = append(waits, f.lines(n))
		}
		return true
	})
	end := f.line(f.node.End())
	waits = append(waits, lines{end, end}) // what is deferred
	all, declared := f.lines(f.node), f.lines(f.decl)
	name, also := f.symbols()
	return gotrace.Func{
		Name: name,
		Also: also,
		File: filepath.ToSlash(f.fset.Position(f.node.Pos()).Filename),
		Own: func(line int) bool {
			if !all.has(line) {
				return false
			}
			for _, l := range nested {
				if l.from < line && line < l.to {
					return false
				}
			}
			return true
		},
		Declared: func(line int) bool { return declared.has(line) },
		Loops: func(from, to int) bool {
			for _, l := range loops {
				if l.has(from) && l.has(to) {
					return true
				}
			}
			return false
		},
	}, waits
}
