package ports

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of README.md")

// size is how much code there is, as gofmt writes it, without comments and empty
// lines, and without the semicolons that nobody types.
type size struct{ lines, tokens int }

// TestTable measures both versions, and holds README.md to it.
func TestTable(t *testing.T) {
	sources := functions(t)
	var b strings.Builder
	fmt.Fprintln(&b, "| function | lines, asap | errgroup | tokens, asap | errgroup | makespan, asap | errgroup |")
	fmt.Fprintln(&b, "|---|--:|--:|--:|--:|--:|--:|")
	var all [2]size
	for _, p := range ports {
		a, e := measure(t, sources, p.asapFuncs), measure(t, sources, p.errgroupFuncs)
		all[0].lines, all[0].tokens = all[0].lines+a.lines, all[0].tokens+a.tokens
		all[1].lines, all[1].tokens = all[1].lines+e.lines, all[1].tokens+e.tokens
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %v | %v |\n", p.name, a.lines, e.lines, a.tokens, e.tokens,
			play(t, p.asap, "", "", 0).took, play(t, p.errgroup, "", "", 0).took)
	}
	fmt.Fprintf(&b, "| all | %d | %d | %d | %d | | |\n", all[0].lines, all[1].lines, all[0].tokens, all[1].tokens)
	t.Log("\n" + b.String())
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(readme), "| function |")
	_, after, ok := strings.Cut(rest, "\n\n")
	if !ok {
		t.Fatal("README.md has no table")
	}
	want := before + b.String() + "\n" + after
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(readme) != want {
		t.Errorf("README.md has another table; run go test -run TestTable -update, and read what it says of it")
	}
}

// functions returns the declarations of the functions in this folder, by name.
func functions(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, path := range paths {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution) // without comments
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				var b bytes.Buffer
				if err := format.Node(&b, fset, d); err != nil {
					t.Fatal(err)
				}
				found[d.Name.Name] = b.String()
			}
		}
	}
	return found
}

func measure(t *testing.T, sources map[string]string, funcs []string) (s size) {
	t.Helper()
	for _, name := range funcs {
		source, ok := sources[name]
		if !ok {
			t.Fatalf("there is no function %s", name)
		}
		for line := range strings.Lines(source) {
			if strings.TrimSpace(line) != "" {
				s.lines++
			}
		}
		var scan scanner.Scanner
		file := token.NewFileSet().AddFile("", -1, len(source))
		scan.Init(file, []byte(source), nil, 0)
		for {
			_, tok, text := scan.Scan()
			if tok == token.EOF {
				break
			}
			if tok != token.SEMICOLON || text == ";" {
				s.tokens++
			}
		}
	}
	return s
}
