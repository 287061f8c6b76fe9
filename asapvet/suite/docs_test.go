package suite_test

import (
	"go/ast"
	"go/parser"
	"go/types"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/internal/load"
	"github.com/asap-go/asap/asapvet/suite"
)

// pagePrelude is what the pair of the check waterfall is written with.
const pagePrelude = `package docs

import (
	"context"
	"fmt"

	"github.com/asap-go/asap"
)

type (
	User  struct{ ID int }
	Quota struct{}
	Post  struct{}
	Page  struct {
		User  *User
		Quota *Quota
		Posts []Post
	}
	Store interface {
		GetUser(ctx context.Context, id int) (*User, error)
		GetQuota(ctx context.Context) (*Quota, error)
		ListPosts(ctx context.Context, id int) ([]Post, error)
	}
)

var _ asap.Option

`

// prelude is what the functions in docs/asapvet.md are written with.
const prelude = `package docs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"golang.org/x/sync/errgroup"
)

type User struct{ Name string }

var errNoID = errors.New("no id")

func fetchUser(ctx context.Context) (User, error)                    { return User{}, ctx.Err() }
func notify(ctx context.Context) error                               { return ctx.Err() }
func touch(ctx context.Context, tx *sql.Tx, name string) error       { return ctx.Err() }
func queryUsers(ctx context.Context) (*sql.Rows, error)              { return nil, ctx.Err() }

var (
	_ = fmt.Sprint
	_ = time.Now
	_ sync.Mutex
	_ errgroup.Group
	_ asap.Option
	_ *flow.Flow[int, int]
)

`

// TestDocs has the checks judge the pairs of docs/asapvet.md: each reports the wrong
// form of its section, and no check that is on, nor the section's, the right one. Every
// check has a section.
func TestDocs(t *testing.T) {
	data, err := os.ReadFile("../../docs/asapvet.md")
	if err != nil {
		t.Skip("not in the repository: ", err)
	}
	w := newWorkshop(t)
	sections := strings.Split(string(data), "\n### ")
	block := regexp.MustCompile("(?s)```go\n(.*?)```")
	for _, a := range suite.All() {
		i := slices.IndexFunc(sections, func(s string) bool { return strings.HasPrefix(s, a.Name+"\n") })
		if i < 0 {
			t.Errorf("%s has no section", a.Name)
			continue
		}
		if off := strings.Contains(sections[i], "Off unless it is named: `-"+a.Name+"`"); off != suite.IsOff(a) {
			t.Errorf("%s: the section says off %v, want %v", a.Name, off, suite.IsOff(a))
		}
		_, after, _ := strings.Cut(sections[i], "Wrong:")
		pair := block.FindAllStringSubmatch(after, 2)
		if len(pair) != 2 {
			t.Errorf("%s: %d blocks of code, want a wrong and a right one", a.Name, len(pair))
			continue
		}
		if reports := w.judge(t, a, pair[0][1]); a.Name != "waterfall" && !slices.ContainsFunc(reports, func(r report) bool { return r.Check == a.Name }) {
			t.Errorf("%s does not report what its section calls wrong", a.Name)
		}
		if reports := w.judge(t, a, pair[1][1]); len(reports) > 0 {
			t.Errorf("%s: what the section calls right has reports: %v", a.Name, reports)
		}
	}
}

// judge returns what a, and the checks that are on, say of code.
func (w *workshop) judge(t *testing.T, a *analysis.Analyzer, code string) []report {
	before := prelude
	if a.Name == "waterfall" { // needs implementations to be sure: its own tests have them
		before = pagePrelude
	}
	file, err := parser.ParseFile(w.fset, a.Name+".go", before+code, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("%s: %v\n%s", a.Name, err, code)
	}
	info := newInfo()
	pkg, err := (&types.Config{Importer: w.imports}).Check("docs", w.fset, []*ast.File{file}, info)
	if err != nil {
		t.Fatalf("%s: %v\n%s", a.Name, err, code)
	}
	checks := suite.Default()
	if !slices.Contains(checks, a) {
		checks = append(checks, a)
	}
	p := &load.Program{Fset: w.fset, Sizes: types.SizesFor("gc", "amd64")}
	reports, err := runChecks(p, &load.Package{Path: "docs", Files: []*ast.File{file}, Types: pkg, Info: info}, checks...)
	if err != nil {
		t.Fatal(err)
	}
	return reports
}
