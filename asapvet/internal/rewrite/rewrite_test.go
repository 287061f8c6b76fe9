package rewrite_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/asap-go/asap/asapvet/internal/rewrite"
)

// TestImports adds imports to files of several shapes.
func TestImports(t *testing.T) {
	for _, c := range []struct{ name, path, file, want string }{
		{
			"none", "github.com/x/y", "package p\n\nvar a int\n",
			"package p\n\nimport \"github.com/x/y\"\n\nvar a int\n",
		},
		{
			"one line", "github.com/x/y", "package p\n\nimport \"fmt\" // to print\n",
			"package p\n\nimport \"fmt\" // to print\nimport \"github.com/x/y\"\n",
		},
		{
			"the standard library only", "github.com/x/y", "package p\n\nimport (\n\t\"fmt\"\n)\n",
			"package p\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/x/y\"\n)\n",
		},
		{
			"in order", "github.com/x/y", "package p\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/a/b\"\n\t\"github.com/z/z\" // last\n)\n",
			"package p\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/a/b\"\n\t\"github.com/x/y\"\n\t\"github.com/z/z\" // last\n)\n",
		},
		{
			"before the module's own", "github.com/x/y", "package p\n\nimport (\n\t\"fmt\"\n\n\t\"example.org/own/a\"\n)\n",
			"package p\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/x/y\"\n\n\t\"example.org/own/a\"\n)\n",
		},
		{
			"the module's own", "example.org/own/b", "package p\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/x/y\"\n\n\t\"example.org/own/a\"\n)\n",
			"package p\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/x/y\"\n\n\t\"example.org/own/a\"\n\t\"example.org/own/b\"\n)\n",
		},
		{
			"of the standard library", "context", "package p\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/x/y\"\n)\n",
			"package p\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\n\t\"github.com/x/y\"\n)\n",
		},
		{
			"with comments", "github.com/x/y", "package p\n\nimport (\n\t// What prints.\n\t\"fmt\"\n\n\t// Ours.\n\t\"github.com/z/z\"\n)\n",
			"package p\n\nimport (\n\t// What prints.\n\t\"fmt\"\n\n\t\"github.com/x/y\"\n\t// Ours.\n\t\"github.com/z/z\"\n)\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, "p.go", c.file, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			f := &rewrite.File{
				Fset: fset, File: file, Src: []byte(c.file), Pkg: types.NewPackage("example.org/own/p", "p"),
				Info: &types.Info{Implicits: make(map[ast.Node]types.Object)}, Files: []*ast.File{file},
			}
			if _, err := f.Import(file.End(), c.path, c.path[strings.LastIndex(c.path, "/")+1:]); err != nil {
				t.Fatal(err)
			}
			edits, err := f.Edits("example.org/own")
			if err != nil {
				t.Fatal(err)
			}
			if got := string(f.Apply(edits)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestImportErrors has what cannot be imported.
func TestImportErrors(t *testing.T) {
	const src = "package p\n\nimport y \"fmt\"\n\nfunc f() { x := 1; _ = x }\n"
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	f := &rewrite.File{
		Fset: fset, File: file, Src: []byte(src), Pkg: types.NewPackage("example.org/own/p", "p"),
		Info: &types.Info{Implicits: make(map[ast.Node]types.Object)}, Files: []*ast.File{file},
	}
	f.Use(file)
	for path, want := range map[string]string{
		"github.com/z/x":          "the name x is taken",
		"github.com/z/y":          "the name y is taken",
		"github.com/z/internal/q": "cannot be imported",
	} {
		if _, err := f.Import(file.End(), path, path[strings.LastIndex(path, "/")+1:]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}
