package rewrite

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
)

// Check type-checks the package with the file's source replaced, and returns the first
// error that was not there before. Packages that nothing here imports are looked for
// with more, which may be nil.
func (f *File) Check(src []byte, more func(path string, imported types.Importer) (*types.Package, error)) error {
	fset := token.NewFileSet()
	fset.AddFile("", -1, f.Fset.Base()) // so that positions differ from those of the other files
	name := f.Fset.File(f.File.FileStart).Name()
	edited, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	before, err := parser.ParseFile(fset, name, f.Src, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	had := make(map[string]int)
	for _, e := range f.errorsWith(fset, before, more) {
		had[e]++
	}
	for _, e := range f.errorsWith(fset, edited, more) {
		if had[e]--; had[e] < 0 {
			return errors.New(e)
		}
	}
	return nil
}

// errorsWith returns the errors in one file of the package, in the place of f's.
func (f *File) errorsWith(fset *token.FileSet, file *ast.File, more func(string, types.Importer) (*types.Package, error)) []string {
	files := []*ast.File{file}
	for _, o := range f.Files {
		if o != f.File {
			files = append(files, withoutBodies(o))
		}
	}
	var errs []string
	cfg := types.Config{
		Importer:    &reachable{root: f.Pkg, more: more},
		FakeImportC: true,
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok && within(file, e.Pos) {
				errs = append(errs, e.Msg)
			}
		},
	}
	cfg.Check(f.Pkg.Path(), fset, files, nil)
	return errs
}

func within(file *ast.File, pos token.Pos) bool { return file.FileStart <= pos && pos <= file.FileEnd }

// withoutBodies returns a file whose functions have no bodies.
func withoutBodies(file *ast.File) *ast.File {
	c := *file
	c.Decls = nil
	for _, d := range file.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok {
			if fd.Recv == nil && (fd.Name.Name == "init" || fd.Name.Name == "main") {
				continue
			}
			without := *fd
			without.Body = nil
			d = &without
		}
		c.Decls = append(c.Decls, d)
	}
	return &c
}

// reachable imports the packages that a package has imported, directly or not.
type reachable struct {
	root  *types.Package
	more  func(string, types.Importer) (*types.Package, error)
	found map[string]*types.Package
}
