package audit_test

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/audit"
	"github.com/asap-go/asap/asapvet/internal/check"
)

// shout reports functions that shout.
var shout = check.New(check.Check{Name: "shout", Doc: "report shouts", Run: func(pass *analysis.Pass) error {
	for _, f := range pass.Files {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(d.Name.Name, "Shout") {
				pass.Reportf(d.Pos(), "%s shouts", d.Name.Name)
			}
		}
	}
	return nil
}})

func TestIgnores(t *testing.T) {
	t.Setenv("GOWORK", "off")
	list, err := audit.Ignores(audit.Config{Dir: "testdata/silenced", Patterns: []string{"."}}, []*analysis.Analyzer{shout})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range list {
		got = append(got, fmt.Sprintf("%s:%d %s", i.File, i.Line, i.Text))
	}
	want := []string{
		"silenced.go:7 shout reports nothing here",
		"silenced.go:10 silences shout only with a reason",
		"silenced.go:13 there is no check whistle",
		"silenced.go:15 names no check, and silences nothing",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
