package recipes

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mistake is a call that does not compile, with what the compiler says of it. That
// is a row of the table in docs/recipes.md.
type mistake struct {
	name    string
	code    string // in a function that has the group g
	message string // in what the compiler says
	instead string // compiles
}

// declarations are what the code uses.
const declarations = `
type (
	User       struct{}
	Item       struct{}
	CallOption any
	Request    struct{}
	Reply      struct{}
	Client     struct{}
)

func fetchUser(context.Context) (User, error)                { panic(0) }
func now() (User, error)                                     { panic(0) }
func sendMail(context.Context, User) error                   { panic(0) }
func migrate(context.Context) error                          { panic(0) }
func serve(context.Context) error                            { panic(0) }
func render(context.Context, User) (string, error)           { panic(0) }
func fetchAds(context.Context) ([]string, error)             { panic(0) }
func showAds(context.Context, []string) (string, error)      { panic(0) }
func decode[T any](context.Context) (T, error)               { panic(0) }
func fetchItems(context.Context) ([]*Item, error)            { panic(0) }
func fetchPrice(context.Context, Item) (int, error)          { panic(0) }
func sum(context.Context) (int, error)                       { panic(0) }
func (Client) Get(context.Context, *Request, ...CallOption) (*Reply, error) { panic(0) }

var (
	client Client
	request *Request
	prices []*asap.Task[int]
)
`

var mistakes = []mistake{
	{"error only", `g.Go("migrate", migrate)`,
		`func(context.Context) error of migrate does not match func(context.Context) (T, error) (cannot infer T)`,
		`g.Do("migrate", migrate)`},
	{"error only, with an argument", `g.Go("user", fetchUser).Then("mail", sendMail)`,
		`func(context.Context, User) error of sendMail does not match func(context.Context, User) (U, error) (cannot infer U)`,
		`g.Go("user", fetchUser).Do("mail", sendMail)`},
	{"after a Do", `g.Do("migrate", migrate).Do("serve", serve)`,
		`cannot use serve (value of type func(context.Context) error) as func(context.Context, struct{}) error value`,
		`g.Do("serve", serve, asap.After(g.Do("migrate", migrate)))`},
	{"And of a Do", `g.Go("user", fetchUser).And(g.Do("migrate", migrate)).Then("page", render)`,
		`does not match func(context.Context, User, struct{}) (R, error) (cannot infer R)`,
		`g.Go("user", fetchUser).Then("page", render, asap.After(g.Do("migrate", migrate)))`},
	{"after an Optional", `g.Optional("ads", fetchAds).Then("banner", showAds)`,
		`does not match func(context.Context, asap.Result[[]string]) (U, error) (cannot infer U)`,
		`g.Optional("ads", fetchAds).Then("banner", func(ctx context.Context, ads asap.Result[[]string]) (string, error) {
			return showAds(ctx, ads.Or(nil))
		})`},
	{"a generic function", `g.Go("user", decode)`,
		`in call to g.Go, cannot infer T`,
		`g.Go("user", decode[User])`},
	{"a variadic method", `g.Input("request", request).Then("reply", client.Get)`,
		`func(context.Context, *Request, ...CallOption) (*Reply, error) of client.Get does not match func(context.Context, *Request) (U, error) (cannot infer U)`,
		`g.Input("request", request).Then("reply", func(ctx context.Context, r *Request) (*Reply, error) { return client.Get(ctx, r) })`},
	{"without a context", `g.Go("user", now)`,
		`func() (User, error) of now does not match func(context.Context) (T, error) (cannot infer T)`,
		`g.Go("user", func(context.Context) (User, error) { return now() })`},
	{"many tasks", `g.Go("sum", sum, asap.Needs(prices...))`,
		`cannot use prices (variable of type []*asap.Task[int]) as []asap.Dep value in argument to asap.Needs`,
		`g.Go("sum", sum, asap.Needs(g.Gather("prices", prices...)))`},
	{"the element of a Map", `g.Map("price", g.Go("items", fetchItems), fetchPrice)`,
		`in call to g.Map, S (type []*Item) does not satisfy ~[]E`,
		`g.Map("price", g.Go("items", fetchItems), func(ctx context.Context, i *Item) (int, error) { return fetchPrice(ctx, *i) })`},
	{"a limit of one task", `g.Go("user", fetchUser, asap.Limit(3))`,
		`does not implement asap.TaskOption (missing method ApplyTask)`,
		`g.Go("user", fetchUser, asap.SharedLimit(3))`},
	{"Run with a task", `asap.Run(context.Background(), func(g *asap.Group) func() User { return g.Go("user", fetchUser) })`,
		`(value of type *asap.Task[User]) as func() User value in return statement`,
		`asap.Run(context.Background(), func(g *asap.Group) func() User { return g.Go("user", fetchUser).Value })`},
	{"Run with a value", `asap.Run(context.Background(), func(g *asap.Group) func() User { return g.Go("user", fetchUser).Value() })`,
		`(value of struct type User) as func() User value in return statement`,
		`asap.Run(context.Background(), func(g *asap.Group) func() User { return g.Go("user", fetchUser).Value })`},
}

// The compiler says of each mistake what docs/recipes.md says that it says, and
// nothing of what is to be written instead.
func TestMessages(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "recipes.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const module = "github.com/asap-go/asap"
	write("go.mod", fmt.Sprintf("module x\n\ngo 1.27\n\nrequire %s v0.0.0\n\nreplace %s => %s\n", module, module, root))
	file := func(i int, code string) string {
		return fmt.Sprintf("package x\n\nimport (\n\t\"context\"\n\n\t%q\n)\n\nvar _ context.Context\n\nfunc declare%d(g *asap.Group) {\n\t%s\n}\n", module, i, code)
	}
	for _, dir := range []string{"wrong", "right"} {
		write(dir+"/declarations.go", fmt.Sprintf("package x\n\nimport (\n\t\"context\"\n\n\t%q\n)\n%s", module, declarations))
	}
	for i, m := range mistakes {
		write(fmt.Sprintf("wrong/m%d.go", i), file(i, m.code))
		write(fmt.Sprintf("right/m%d.go", i), file(i, m.instead))
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-e", "./...") // -e: all errors
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, _ := build.CombinedOutput() // it fails, of course
	said := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		name, text, _ := strings.Cut(line, ":")
		said[name] = append(said[name], text)
	}
	for i, m := range mistakes {
		if got := said[fmt.Sprintf("wrong/m%d.go", i)]; len(got) != 1 || !strings.Contains(got[0], m.message) {
			t.Errorf("%s: the compiler says %q, want one line with\n%s", m.name, got, m.message)
		}
		if got := said[fmt.Sprintf("right/m%d.go", i)]; len(got) > 0 {
			t.Errorf("%s: of what is right the compiler says %q", m.name, got)
		}
		if !strings.Contains(string(page), "`"+m.message+"`") {
			t.Errorf("docs/recipes.md has no row for %s:\n%s", m.name, m.message)
		}
	}
	if t.Failed() {
		t.Logf("go build:\n%s", out)
	}
}
