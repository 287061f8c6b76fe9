package asap_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/doc"
	"go/doc/comment"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// These tests keep the documents and the code together.

// checker type-checks Go code against the packages of this module.
type checker struct {
	fset *token.FileSet
	imp  types.Importer
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}", "-test", ".", "./examples/dashboard")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -export: %v", err)
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		if path, file, ok := strings.Cut(strings.TrimSpace(line), "="); ok && file != "" {
			files[path] = file
		}
	}
	lookup := func(path string) (io.ReadCloser, error) {
		if file, ok := files[path]; ok {
			return os.Open(file)
		}
		return nil, fmt.Errorf("package %s is not among those that documents may import", path)
	}
	fset := token.NewFileSet()
	return &checker{fset, importer.ForCompiler(fset, "gc", lookup)}
}

// check returns what the names in the files of one package mean.
func (c *checker) check(t *testing.T, files []*ast.File) *types.Info {
	t.Helper()
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}
	conf := types.Config{Importer: c.imp, Error: func(err error) { t.Error(err) }}
	conf.Check("p", c.fset, files, info)
	return info
}

func TestExamplesUseEveryName(t *testing.T) {
	c := newChecker(t)
	var files, examples []*ast.File
	paths, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		f, err := parser.ParseFile(c.fset, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name.Name != "asap_test" || !builds(f) {
			continue
		}
		files = append(files, f)
		if strings.HasPrefix(path, "example_") {
			examples = append(examples, f)
		}
	}
	info := c.check(t, files)
	used := reachable(info, files, examples)
	for _, e := range doc.Examples(examples...) {
		if e.Output == "" {
			t.Errorf("Example%s has no output that is checked", e.Name)
		}
	}
	pkg, err := c.imp.Import("github.com/asap-go/asap")
	if err != nil {
		t.Fatal(err)
	}
	names := exported(pkg)
	for name, obj := range names {
		if !used[obj] {
			t.Errorf("no Example uses %s", name)
		}
	}
	if len(names) < 100 {
		t.Errorf("found %d exported names of package asap, want all of them", len(names))
	}
}

// builds reports whether f has no build constraint, so that it is in every build.
func builds(f *ast.File) bool {
	for _, g := range f.Comments {
		for _, c := range g.List {
			if c.Pos() < f.Package && constraint.IsGoBuild(c.Text) {
				return false
			}
		}
	}
	return true
}

// exported returns the exported names of pkg, with those of methods and fields.
func exported(pkg *types.Package) map[string]types.Object {
	names := make(map[string]types.Object)
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		names[name] = obj
		named, ok := obj.Type().(*types.Named)
		if _, isType := obj.(*types.TypeName); !ok || !isType {
			continue
		}
		for m := range named.Methods() {
			if m.Exported() {
				names[name+"."+m.Name()] = m
			}
		}
		switch u := named.Underlying().(type) {
		case *types.Struct:
			for f := range u.Fields() {
				if f.Exported() {
					names[name+"."+f.Name()] = f
				}
			}
		case *types.Interface:
			for m := range u.ExplicitMethods() {
				if m.Exported() {
					names[name+"."+m.Name()] = m
				}
			}
		}
	}
	return names
}

// reachable returns the objects that the Example functions use, directly and
// in the functions, types and methods of files that they use. A type that
// implements an interface uses the interface's methods.
func reachable(info *types.Info, files, examples []*ast.File) map[types.Object]bool {
	decls := make(map[types.Object][]ast.Node)
	var todo []ast.Node
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				obj := info.Defs[d.Name]
				decls[obj] = append(decls[obj], d)
				if d.Recv != nil { // with the type come its methods
					recv := receiver(obj)
					decls[recv] = append(decls[recv], d)
				} else if slices.Contains(examples, f) && strings.HasPrefix(d.Name.Name, "Example") {
					todo = append(todo, d)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						decls[info.Defs[s.Name]] = append(decls[info.Defs[s.Name]], s)
					case *ast.ValueSpec:
						for _, n := range s.Names {
							decls[info.Defs[n]] = append(decls[info.Defs[n]], s)
						}
					}
				}
			}
		}
	}
	used := make(map[types.Object]bool)
	seen := make(map[ast.Node]bool)
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && info.Uses[id] != nil {
				obj := origin(info.Uses[id])
				if !used[obj] {
					used[obj] = true
					todo = append(todo, decls[obj]...)
				}
			}
			return true
		})
	}
	for obj := range maps.Clone(used) {
		if f, ok := obj.(*types.Func); ok && f.Signature().Recv() != nil {
			used[receiver(f)] = true // a method is a use of its type
		}
		if i, ok := obj.Type().Underlying().(*types.Interface); ok {
			for local := range decls {
				if tn, ok := local.(*types.TypeName); ok && used[local] && types.Implements(types.NewPointer(tn.Type()), i) {
					for m := range i.ExplicitMethods() {
						used[m] = true
					}
				}
			}
		}
	}
	return used
}

// origin returns the generic method or field that obj is an instance of.
func origin(obj types.Object) types.Object {
	switch obj := obj.(type) {
	case *types.Func:
		return obj.Origin()
	case *types.Var:
		return obj.Origin()
	}
	return obj
}

// receiver returns the type that a method belongs to, nil for an anonymous one.
func receiver(method types.Object) types.Object {
	t := method.Type().(*types.Signature).Recv().Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Origin().Obj()
	}
	return nil
}

// fence is a block of Go code in a document.
type fence struct {
	file string
	line int
	code string
}

var goFence = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// fences returns the blocks of Go code in the documents.
func fences(t *testing.T) []fence {
	t.Helper()
	paths, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []fence
	for _, path := range append(paths, "README.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		text := read(t, path)
		for _, m := range goFence.FindAllStringSubmatchIndex(text, -1) {
			all = append(all, fence{path, 1 + strings.Count(text[:m[2]], "\n"), text[m[2]:m[3]]})
		}
	}
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var p comment.Parser
	for _, b := range p.Parse(f.Doc.Text()).Content {
		if code, ok := b.(*comment.Code); ok {
			all = append(all, fence{"doc.go", 1, code.Text})
		}
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// lines returns code without indentation and without empty lines at its ends,
// each line between newlines.
func lines(code string) string {
	var b strings.Builder
	b.WriteString("\n")
	for line := range strings.Lines(strings.TrimSpace(code)) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// Every block of Go code in the documents is a program that compiles or a part
// of an example that is compiled and tested: blocks are copies, never sources.
func TestDocumentsHaveCodeThatCompiles(t *testing.T) {
	var sources []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inRoot := filepath.Dir(path) == "." && strings.HasPrefix(path, "example_")
		inExamples := strings.HasPrefix(filepath.ToSlash(path), "examples/")
		if filepath.Ext(path) == ".go" && (inRoot || inExamples) {
			sources = append(sources, lines(read(t, path)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all := fences(t)
	if len(all) < 20 {
		t.Errorf("found %d blocks of Go code, want those of README.md, doc.go and docs", len(all))
	}
	c := newChecker(t)
	for _, b := range all {
		place := fmt.Sprintf("%s:%d", b.file, b.line)
		if strings.Contains("\n"+b.code, "\npackage main\n") {
			f, err := parser.ParseFile(c.fset, place, b.code, parser.SkipObjectResolution)
			if err != nil {
				t.Errorf("%s: %v", place, err)
				continue
			}
			c.check(t, []*ast.File{f})
			continue
		}
		if !slices.ContainsFunc(sources, func(s string) bool { return strings.Contains(s, lines(b.code)) }) {
			t.Errorf("%s: no example has this code, so nobody compiles it:\n%s", place, b.code)
		}
	}
}

// The README's program is examples/dashboard, and the Example of the package;
// what it prints is what examples/dashboard is tested to print.
func TestReadmeProgram(t *testing.T) {
	readme := read(t, "README.md")
	m := goFence.FindStringSubmatch(readme)
	if m == nil {
		t.Fatal("README.md has no Go code")
	}
	program := read(t, "examples/dashboard/main.go")
	if m[1] != program {
		t.Errorf("README.md's first program is not examples/dashboard/main.go:\n%s", m[1])
	}
	_, body, _ := strings.Cut(program, "\npackage main\n")
	body = strings.Replace(body, "func main() {", "func Example() {", 1)
	example := read(t, "example_test.go")
	_, example, _ = strings.Cut(example, "package asap_test\n")
	example = regexp.MustCompile(`(?m)^\t// Output: .*\n`).ReplaceAllString(example, "")
	if body != example {
		t.Errorf("README.md's first program is not the Example of the package:\n%s\nhas\n%s", "example_test.go", example)
	}
	output := "```\n" + read(t, "examples/dashboard/testdata/output.txt") + "```\n"
	if !strings.Contains(readme, output) {
		t.Errorf("README.md does not have the program's output:\n%s", output)
	}
	for _, command := range []string{"make demo", "make test"} {
		if !strings.Contains(readme, command) {
			t.Errorf("README.md does not name the command %q", command)
		}
	}
}

// Links in the documents lead to files of the repository, or out of it.
func TestDocumentsHaveNoDeadLinks(t *testing.T) {
	paths, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, path := range append(paths, "README.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		for _, m := range link.FindAllStringSubmatch(read(t, path), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: dead link %s", path, m[1])
			}
		}
	}
}

// Nothing is bold, nothing is loud: the style of the documents.
func TestDocumentsArePlain(t *testing.T) {
	for _, path := range []string{
		"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "doc.go",
		"docs/from-errgroup.md", "docs/from-javascript.md", "docs/rule.md",
	} {
		text := []byte(read(t, path))
		if i := bytes.Index(text, []byte("**")); i >= 0 {
			t.Errorf("%s:%d: bold text; say it plainly", path, 1+bytes.Count(text[:i], []byte("\n")))
		}
	}
}
