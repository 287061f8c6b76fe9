package rules_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestR31_WhatDoesNotFit: an option that does not fit does not compile.
func TestR31_WhatDoesNotFit(t *testing.T) {
	list, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{with .Export}}{{$.ImportPath}}={{.}}{{end}}", "github.com/asap-go/asap").Output()
	if err != nil {
		t.Fatal(err)
	}
	exports := make(map[string]string)
	for line := range strings.Lines(string(list)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		exports[path] = file
	}
	fset := token.NewFileSet()
	imp := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	compile := func(stmt string) error {
		src := `package p
import ("context"; "time"; "github.com/asap-go/asap")
var _ = time.Second
func use(ctx context.Context, g *asap.Group, a, b *asap.Task[int], list *asap.Task[[]int], many []*asap.Task[int],
	fn func(context.Context) (int, error), fn1 func(context.Context, int) (int, error), fn2 func(context.Context, int, int) (int, error)) {
	` + stmt + "\n}"
		f, err := parser.ParseFile(fset, "p.go", src, 0)
		if err != nil {
			return err
		}
		_, err = (&types.Config{Importer: imp}).Check("p", fset, []*ast.File{f}, nil)
		return err
	}
	for _, stmt := range []string{
		`g.Go("x", fn, asap.Needs(a, list), asap.After(b), asap.AfterEnd(a), asap.MayFail(), asap.When(true), asap.Timeout(time.Second), asap.Within(time.Second), asap.Around(nil))`,
		`g.Map("x", list, fn1, asap.Limit(2), asap.Needs(a), asap.MayFail(), asap.When(true), asap.Timeout(time.Second), asap.Within(time.Second), asap.Around(nil))`,
		`g.MapOptional("x", list, fn1, asap.Limit(2), asap.Needs(a))`,
		`asap.New(ctx, asap.Limit(2), asap.Settled(), asap.Name("x"), asap.Around(nil))`,
		`a.And(b).Then("x", fn2, asap.Needs(list)); a.Race("x", fn1, fn1); g.Race("x", fn, fn)`,
		`var d asap.Dep = a; g.Go("x", fn, asap.Needs([]asap.Dep{a, b, d}...))`,
		`asap.Run(ctx, func(g *asap.Group) func() int { return g.Go("x", fn).Value })`,
	} {
		if err := compile(stmt); err != nil {
			t.Errorf("%s\n\tdoes not compile: %v", stmt, err)
		}
	}
	for what, stmt := range map[string]string{
		"Limit given to Go":        `g.Go("x", fn, asap.Limit(2))`,
		"Limit given to Then":      `a.Then("x", fn1, asap.Limit(2))`,
		"Settled given to Go":      `g.Go("x", fn, asap.Settled())`,
		"Name given to a Map":      `g.Map("x", list, fn1, asap.Name("n"))`,
		"Settled given to a Map":   `g.Map("x", list, fn1, asap.Settled())`,
		"Within given to New":      `asap.New(ctx, asap.Within(time.Second))`,
		"Timeout given to New":     `asap.New(ctx, asap.Timeout(time.Second))`,
		"Needs given to New":       `asap.New(ctx, asap.Needs(a))`,
		"When given to Run":        `asap.Run(ctx, func(g *asap.Group) func() int { return nil }, asap.When(true))`,
		"MayFail given to New":     `asap.New(ctx, asap.MayFail())`,
		"Needs of a slice":         `g.Go("x", fn, asap.Needs(many...))`,
		"After of a list of tasks": `g.Go("x", fn, asap.After(many))`,
		"Needs of a group":         `g.Go("x", fn, asap.Needs(g))`,
		"Race with an option":      `g.Race("x", fn, asap.Timeout(time.Second))`,
		"Task.Race with an option": `a.Race("x", fn1, asap.When(true))`,
		"Gather with an option":    `g.Gather("x", a, b, asap.After(a))`,
		"Input with an option":     `g.Input("x", 1, asap.After(a))`,
		"an option of a user's":    `var o asap.TaskOption = func(int) {}; _ = o`,
		"a Dep of a user's":        `type my struct{ asap.Dep }; type other struct{}; var d asap.Dep = other{}; _ = d`,
		"the old form of Run":      `asap.Run(ctx, func(g *asap.Group) *asap.Task[int] { return g.Go("x", fn) })`,
		"four joined":              `a.And(b).And(a).And(b)`,
	} {
		if compile(stmt) == nil {
			t.Errorf("%s compiles: %s", what, stmt)
		}
	}
}
