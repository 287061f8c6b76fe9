package flow_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

var update = flag.Bool("update", false, "write the golden files")

type (
	ctx = context.Context
	num = *asap.Task[int]
)

func one(_ ctx, n int) (int, error)    { return n + 1, nil }
func two(_ ctx, n, m int) (int, error) { return n + m, nil }
func none(ctx) error                   { return nil }

// everything has each kind of task, of edge and of option.
var everything = flow.Define("page <b>\"1\"</b>", func(g *asap.Group, in num) num {
	user := in.Then("user", one)
	price := user.And(in).Then("price", two, asap.Timeout(50*time.Millisecond))
	ads := user.Optional("ads", func(_ ctx, n int) (int, error) { return n, nil }, asap.Within(80*time.Millisecond), asap.When(false))
	list := in.Then("list", func(_ ctx, n int) ([]int, error) { return []int{n}, nil })
	likes := g.MapOptional("likes", list, one, asap.Needs(user), asap.Limit(2))
	g.Do("audit", none, asap.AfterEnd(price), asap.After(user), asap.MayFail())
	mirror := in.Race("mirror", one, one)
	all := g.Gather("all", price, mirror)
	return g.Go("page", func(c ctx) (int, error) { return len(all.Get(c)), nil }, asap.Needs(all, ads, likes), asap.AfterEnd(all))
})

// marked has names that the languages of pictures take for something else.
var marked = flow.Define("a\\n\nb", func(g *asap.Group, in num) num {
	all := in
	for _, name := range []string{"", "1. first", "- second", "+ 3", "`four` *4* _4_ ~4~", "<script>alert(5)</script>", "six\"]; t0[\"", "\\seven\\n", "\x00acht\x7f\u2028é日本🙂", "a --> b", "%% nine", "#quot;&lt;", strings.Repeat("long ", 30)} {
		all = all.Then(name, one)
	}
	return all
})

func TestGraphWrite(t *testing.T) {
	for _, f := range []struct {
		name string
		flow *flow.Flow[int, int]
	}{{"everything", everything}, {"marked", marked}} {
		g, err := f.flow.Graph()
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"mermaid", "dot"} {
			var b strings.Builder
			if err := g.Write(&b, format); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", f.name+"."+format)
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("%s of flow %s is\n%swant\n%s", format, f.name, &b, want)
			}
			if format == "dot" {
				checkDOT(t, b.String(), len(g.Tasks))
			}
		}
	}
}

// checkDOT has Graphviz read it, if that is there.
func checkDOT(t *testing.T, dot string, nodes int) {
	t.Helper()
	path, err := exec.LookPath("dot")
	if err != nil {
		return
	}
	c := exec.CommandContext(t.Context(), path, "-Tplain")
	c.Stdin = strings.NewReader(dot)
	out, err := c.CombinedOutput()
	if err != nil || strings.Count("\n"+string(out), "\nnode ") != nodes {
		t.Errorf("dot: %v, want %d nodes of\n%s\n%s", err, nodes, dot, out)
	}
}

func TestGraphWriteFails(t *testing.T) {
	g, err := everything.Graph()
	if err != nil {
		t.Fatal(err)
	}
	err = g.Write(new(strings.Builder), "svg")
	if err == nil || !strings.Contains(err.Error(), `unknown format "svg"; use mermaid or dot`) {
		t.Errorf("Write in the format svg = %v, want an error that names it", err)
	}
	full := errors.New("disk full")
	if err := g.Write(failing{full}, "dot"); !errors.Is(err, full) {
		t.Errorf("Write to what fails = %v, want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestGraphOptions(t *testing.T) {
	g, err := everything.Graph()
	if err != nil {
		t.Fatal(err)
	}
	type task = flow.GraphTask
	want := []task{
		{Name: "input", Kind: "input"},
		{Name: "user", Kind: "task", Deps: []int{0}},
		{Name: "price", Kind: "task", Deps: []int{1, 0}, Timeout: 50 * time.Millisecond},
		{Name: "ads", Kind: "optional", Deps: []int{1}, LeftOut: true, MayFail: true, Within: 80 * time.Millisecond},
		{Name: "list", Kind: "task", Deps: []int{0}},
		{Name: "likes[]", Kind: "map", Deps: []int{4, 1}, MayFail: true},
		{Name: "audit", Kind: "task", Deps: []int{2, 1}, After: []int{1}, AfterEnd: []int{2}, MayFail: true},
		{Name: "mirror", Kind: "race", Deps: []int{0}},
		{Name: "all", Kind: "gather", Deps: []int{2, 7}},
		{Name: "page", Kind: "task", Deps: []int{8, 3, 5}},
	}
	equal(t, "the graph's tasks", g.Tasks, want)
}

// equal compares what there is with what there should be.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got\n%+v\nwant\n%+v", what, got, want)
	}
}
