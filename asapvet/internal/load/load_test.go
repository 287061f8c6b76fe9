package load_test

import (
	"bufio"
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/asap-go/asap/asapvet/internal/load"
)

// made writes the files of a text, each after a line "-- name --", and returns their
// directory.
func made(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	name, b := "", new(strings.Builder)
	write := func() {
		if name == "" {
			return
		}
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if next, ok := strings.CutPrefix(lines.Text(), "-- "); ok {
			write()
			name = strings.TrimSuffix(next, " --")
			b.Reset()
			continue
		}
		b.WriteString(lines.Text() + "\n")
	}
	write()
	return dir
}

func paths(p *load.Program) (list []string) {
	for _, q := range p.Packages {
		list = append(list, q.Path)
	}
	return list
}

const module = `-- go.mod --
module example.org/shop

go 1.27

require (
	example.org/lost v1.0.0
	example.org/beside v1.0.0
)

replace example.org/beside => ./beside
-- shop.go --
package shop

import (
	"fmt"

	"example.org/beside"
	"example.org/lost/far"
	"example.org/shop/store"
)

func Page() string { return fmt.Sprint(store.Get(), beside.Name(), far.Thing{}.Name) }
-- store/store.go --
package store

func Get() int { return more() }
-- store/store_special.go --
//go:build special

package store

func more() int { return 1 }
-- store/store_test.go --
package store

var inTest = Get()
-- store/out_test.go --
package store_test

import "example.org/shop/store"

var Out = store.Get()
-- testdata/x.go --
package broken
-- _hidden/x.go --
package broken
-- vendored/go.mod --
module example.org/other
-- vendored/x.go --
package other
-- beside/go.mod --
module example.org/beside

go 1.20
-- beside/beside.go --
package beside

func Name() string { return undefined } // nobody looks at bodies of imports
`

func TestModule(t *testing.T) {
	t.Setenv("GOWORK", "")
	dir := made(t, module)
	p, err := load.Load(load.Config{Dir: dir}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := paths(p), []string{"example.org/shop/store", "example.org/shop"}; !slices.Equal(got, want) {
		t.Errorf("packages %v, want %v, what is imported first", got, want)
	}
	if want := []string{"example.org/lost/far"}; !slices.Equal(p.Missing, want) {
		t.Errorf("missing %v, want %v", p.Missing, want)
	}
	store, shop := p.Packages[0], p.Packages[1]
	if len(store.Errors) != 1 || !strings.Contains(store.Errors[0].Msg, "more") {
		t.Errorf("errors of store: %v, want one about what the tag has", store.Errors)
	}
	if len(shop.Errors) != 1 || !strings.Contains(shop.Errors[0].Msg, "far.Thing") {
		t.Errorf("errors of shop: %v, want one about what is lost", shop.Errors)
	}
	if shop.Module != "example.org/shop" || shop.GoVersion != "go1.27" || !slices.Equal(shop.Imports, []*load.Package{store}) {
		t.Errorf("shop is of %s, %s, and imports %v", shop.Module, shop.GoVersion, shop.Imports)
	}
	if f, ok := shop.Types.Imports()[0].Scope().Lookup("Sprint").(*types.Func); shop.Types.Imports()[0].Path() != "fmt" || !ok || f.Signature().Results().Len() != 1 {
		t.Errorf("fmt is not typed: %v", shop.Types.Imports())
	}
}

func TestTagsAndTests(t *testing.T) {
	t.Setenv("GOWORK", "off")
	dir := made(t, module)
	p, err := load.Load(load.Config{Dir: dir, Tags: []string{"special"}, Tests: true}, "./store")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := paths(p), []string{"example.org/shop/store", "example.org/shop/store_test"}; !slices.Equal(got, want) {
		t.Fatalf("packages %v, want %v", got, want)
	}
	for _, q := range p.Packages {
		if len(q.Errors) > 0 {
			t.Errorf("%s: %v", q.Path, q.Errors)
		}
	}
	if p.Packages[0].Types.Scope().Lookup("inTest") == nil || p.Packages[1].Types.Scope().Lookup("Out") == nil {
		t.Error("the tests are not there")
	}
}

func TestPatterns(t *testing.T) {
	t.Setenv("GOWORK", "off")
	dir := made(t, module)
	for _, row := range []struct {
		pattern string
		want    []string
	}{
		{".", []string{"example.org/shop"}},
		{"./store/...", []string{"example.org/shop/store"}},
		{"example.org/shop/...", []string{"example.org/shop/store", "example.org/shop"}},
		{"example.org/shop/store", []string{"example.org/shop/store"}},
		{filepath.Join(dir, "store"), []string{"example.org/shop/store"}},
		{"errors", []string{"errors"}},
	} {
		p, err := load.Load(load.Config{Dir: dir}, row.pattern)
		if err != nil {
			t.Errorf("Load(%s): %v", row.pattern, err)
		} else if got := paths(p); !slices.Equal(got, row.want) {
			t.Errorf("Load(%s) has %v, want %v", row.pattern, got, row.want)
		}
	}
	for _, pattern := range []string{"./nowhere", "example.org/nowhere", "./testdata/none/..."} {
		if _, err := load.Load(load.Config{Dir: dir}, pattern); err == nil {
			t.Errorf("Load(%s) has no error", pattern)
		}
	}
}

// A workspace has its modules for each other, whatever versions they require.
func TestWorkspace(t *testing.T) {
	t.Setenv("GOWORK", "")
	dir := made(t, `-- go.work --
go 1.27

use (
	./a
	./b
)
-- a/go.mod --
module example.org/a

go 1.27
-- a/a.go --
package a

func A() int { return 1 }
-- b/go.mod --
module example.org/b

go 1.27

require example.org/a v1.5.0
-- b/b.go --
package b

import "example.org/a"

var B = a.A()
`)
	p, err := load.Load(load.Config{Dir: dir}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := paths(p), []string{"example.org/a", "example.org/b"}; !slices.Equal(got, want) || len(p.Missing) > 0 {
		t.Errorf("packages %v, want %v; missing %v", got, want, p.Missing)
	}
	for _, q := range p.Packages {
		if len(q.Errors) > 0 {
			t.Errorf("%s: %v", q.Path, q.Errors)
		}
	}
}

// What no compiler would take is loaded all the same.
func TestBroken(t *testing.T) {
	t.Setenv("GOWORK", "off")
	dir := made(t, `-- go.mod --
module example.org/x
-- a/a.go --
package a

import "example.org/x/b"

func F() { b.F(; }
-- b/b.go --
package b

import "example.org/x/a"

func F() { a.F() }
-- c/c.go --
package c

import "C"

func F() int { return int(C.thing) }
-- d/d.go --
package d
-- d/e.go --
package e
-- e/empty.txt --
`)
	p, err := load.Load(load.Config{Dir: dir}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Packages) < 3 {
		t.Errorf("packages %v, want a, b and c at least", paths(p))
	}
}

// The standard library and this module have no type errors.
func TestWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	p, err := load.Load(load.Config{Tests: true}, "net/http", "../../...")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range p.Packages {
		for _, e := range q.Errors {
			t.Errorf("%s: %v", q.Path, e)
		}
		bodies := 0
		for _, f := range q.Files {
			for _, d := range f.Decls {
				if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
					bodies++
				}
			}
		}
		if q.Path == "net/http" && bodies == 0 {
			t.Error("net/http was named, and has no bodies")
		}
	}
	if len(p.Missing) > 0 {
		t.Errorf("missing: %v", p.Missing)
	}
}

// TestStub loads code that imports errgroup, which is nowhere: its signatures are known.
func TestStub(t *testing.T) {
	t.Setenv("GOWORK", "")
	t.Setenv("GOMODCACHE", t.TempDir())
	dir := made(t, `-- go.mod --
module example.org/groups

go 1.27

require golang.org/x/sync v0.1.0
-- groups.go --
package groups

import (
	"context"

	"golang.org/x/sync/errgroup"
)

func Load(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	g.Go(func() error { return ctx.Err() })
	g.TryGo(func() error { return ctx.Err() })
	return g.Wait()
}

var zero errgroup.Group
`)
	p, err := load.Load(load.Config{Dir: dir}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if errs := p.Packages[0].Errors; len(errs) > 0 || len(p.Missing) > 0 {
		t.Errorf("errors %v, missing %v", errs, p.Missing)
	}
}
