package effects_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/asap-go/asap/asapvet/internal/effects"
)

const source = `package p

import (
	"context"
	"database/sql"
	"log"
	"net/http"
	"sync"
)

type Query struct {
	Sort  string
	Pages []int
}

type store struct {
	db   *sql.DB
	mu   sync.Mutex
	name string
	hook func(context.Context) error
}

func (s *store) read(ctx context.Context) (n int, err error) {
	return n, s.db.QueryRowContext(ctx, "SELECT 1").Scan(&n)
}

func (s *store) write(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM t")
	return err
}

func (s *store) returning(ctx context.Context) (n int, err error) {
	return n, s.db.QueryRowContext(ctx, "UPDATE t SET a = 1 RETURNING a").Scan(&n)
}

func (s *store) logged(ctx context.Context) (int, error) {
	log.Print("read")
	return s.read(ctx)
}

func (s *store) fills(ctx context.Context) error {
	s.name = "x"
	return nil
}

func (s *store) fillsLocked(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name = "x"
	return nil
}

func sorts(q *Query)     { q.Sort = "name" }
func copies(q Query)     { q.Sort = "name" }
func shares(q Query)     { q.Pages[0] = 1 }
func replaces(q *Query)  { q = new(Query); q.Sort = "name" }
func passes(a, b *Query) { sorts(b) }

type Reader interface {
	Read(ctx context.Context) (int, error)
}

type realReader struct{ s *store }

func (r realReader) Read(ctx context.Context) (int, error) { return r.s.read(ctx) }

type mockReader struct{ s *store }

func (r mockReader) Read(ctx context.Context) (int, error) { return 0, r.s.write(ctx) }

func byInterface(ctx context.Context, r Reader) (int, error) { return r.Read(ctx) }

type Nobody interface {
	GetIt(ctx context.Context) (int, error)
	Surprise(ctx context.Context) (int, error)
}

func named(ctx context.Context, n Nobody) (int, error)   { return n.GetIt(ctx) }
func unknown(ctx context.Context, n Nobody) (int, error) { return n.Surprise(ctx) }

func get(ctx context.Context, c *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://x", nil)
	if err != nil {
		return err
	}
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func post(ctx context.Context, c *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, "POST", "http://x", nil)
	if err != nil {
		return err
	}
	_, err = c.Do(req)
	return err
}

func (s *store) hooked(ctx context.Context) error { return s.hook(ctx) }

var global int

func counts() { global++ }

//asapvet:cached
func told(ctx context.Context, s *store) error { return s.write(ctx) }

func recursive(ctx context.Context, s *store, n int) (int, error) {
	if n == 0 {
		return s.read(ctx)
	}
	return recursive(ctx, s, n-1)
}

type cache struct{ s *store }

func (c *cache) Get(ctx context.Context) (int, error) { return c.s.read(ctx) }

func throughCache(ctx context.Context, c *cache) (int, error) { return c.Get(ctx) }

type rows interface {
	Next() bool
	Err() error
	Close() error
}

type querier interface {
	NamedQueryContext(ctx context.Context, query string) (rows, error)
}

func listed(ctx context.Context, q querier) (n int, err error) {
	r, err := q.NamedQueryContext(ctx, "SELECT 1")
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for r.Next() {
		n++
	}
	return n, r.Err()
}

type built struct {
	s     *store
	path  func(context.Context) (int, error)
	unset func(context.Context) (int, error)
	Other func(context.Context) (int, error)
}

func (b *built) fromPath(ctx context.Context) (int, error)   { return b.path(ctx) }
func (b *built) never(ctx context.Context) (int, error)  { return b.unset(ctx) }
func (b *built) copied(ctx context.Context) (int, error) { return b.Other(ctx) }
func (b *built) clone() *built                           { return &built{b.s, b.path, b.unset, b.Other} }
func (b *built) again() *built                           { return &built{path: b.path, unset: b.unset, Other: b.Other} }
func (b *built) query() *built                           { b.path = func(ctx context.Context) (int, error) { return b.s.read(ctx) }; return b }

type rest struct{ c *http.Client }

func (r *rest) newRequest(ctx context.Context, method string) *http.Request {
	req, _ := http.NewRequestWithContext(ctx, method, "http://x", nil)
	return req
}

func (r *rest) Do(req *http.Request) error {
	_, err := r.c.Do(req)
	return err
}

func restGet(ctx context.Context, r *rest) error  { return r.Do(r.newRequest(ctx, http.MethodGet)) }
func restPost(ctx context.Context, r *rest) error { return r.Do(r.newRequest(ctx, http.MethodPost)) }
`

func TestSummaries(t *testing.T) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object),
		Selections: make(map[*ast.SelectorExpr]*types.Selection), Implicits: make(map[ast.Node]types.Object),
	}
	cfg := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := cfg.Check("p", fset, []*ast.File{file}, info)
	if err != nil {
		t.Fatal(err)
	}
	table := effects.Of([]*effects.Package{{Fset: fset, Files: []*ast.File{file}, Types: pkg, Info: info}}, nil)
	got := make(map[string]effects.Summary)
	table.Funcs(func(f *types.Func, s effects.Summary) { got[f.Name()] = s })
	for _, c := range []struct {
		name, effects string
		mutates       uint64
	}{
		{"read", "read", 0},
		{"write", "write", 0},
		{"returning", "read+write", 0},
		{"logged", "read", 0},
		{"fills", "none", 1},
		{"fillsLocked", "none", 0},
		{"sorts", "none", 2},
		{"copies", "none", 0},
		{"shares", "none", 2},
		{"passes", "none", 4},
		{"byInterface", "read", 0},
		{"named", "read", 0},
		{"unknown", "unknown", 0},
		{"get", "read", 0},
		{"post", "write", 0},
		{"hooked", "unknown", 0},
		{"counts", "write", 0},
		{"told", "cached", 0},
		{"recursive", "read", 0},
		{"throughCache", "cached", 0},
		{"listed", "read", 0},
		{"fromPath", "read", 0},
		{"never", "none", 0},
		{"copied", "unknown", 0},
		{"restGet", "read", 0},
		{"restPost", "unknown", 0},
	} {
		s := got[c.name]
		if s.String() != c.effects || s.Mutates != c.mutates {
			t.Errorf("%s: %v, changes %b; want %s, %b (%s)", c.name, &s, s.Mutates, c.effects, c.mutates, s.Trail)
		}
	}
}
