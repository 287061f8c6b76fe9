package graph_test

import (
	"strings"
	"testing"

	"github.com/asap-go/asap/bench/graph"
)

// TestShapes checks every shape against its description: tasks, edges, depth
// and sinks.
func TestShapes(t *testing.T) {
	for _, tt := range []struct {
		g                           *graph.Graph
		tasks, edges, levels, sinks int
	}{
		{graph.ThreeTasks(), 3, 1, 2, 2},
		{graph.SixTasks(), 6, 5, 4, 3},
		{graph.Chain(1000), 1000, 999, 1000, 1},
		{graph.Fan(1000), 1001, 1000, 2, 1000},
		{graph.Blocked(500), 501, 500, 2, 500},
		{graph.Wide(100), 100, 0, 1, 100},
		{graph.Tree(64), 127, 126, 7, 1},
		{graph.Layers(100, 100), 10_000, 99 * 100 * 3, 100, 100},
		{graph.Layers(5, 1), 5, 4, 5, 1},
		{graph.Growth(1), 1, 0, 1, 1},
		{graph.Growth(100), 100, 10 + (100-1-10)*3, 11, 9},
	} {
		edges := 0
		for _, ds := range tt.g.Deps {
			edges += len(ds)
		}
		sinks := len(tt.g.Sinks)
		if tt.g.Len() != tt.tasks || edges != tt.edges || len(tt.g.Levels) != tt.levels || sinks != tt.sinks {
			t.Errorf("%s has %d tasks, %d edges, %d levels, %d sinks; want %d, %d, %d, %d", tt.g.Name,
				tt.g.Len(), edges, len(tt.g.Levels), sinks, tt.tasks, tt.edges, tt.levels, tt.sinks)
		}
	}
}

// TestNoDependencyTwice holds for every graph of the table: a dependency that
// is named twice would make a task cheaper than it says.
func TestNoDependencyTwice(t *testing.T) {
	entries, err := graph.Catalog(true)
	if err != nil {
		t.Fatal(err)
	}
	graphs := []*graph.Graph{graph.Growth(1000), graph.Layers(40, 3), graph.Layers(40, 4), graph.Layers(100, 100)}
	for _, e := range entries {
		g := e.Make()
		if g.Name != e.Name || g.Len() != e.Tasks {
			t.Errorf("entry %q of %d tasks makes %q of %d", e.Name, e.Tasks, g.Name, g.Len())
		}
		graphs = append(graphs, g)
	}
	for _, g := range graphs {
		for i, ds := range g.Deps {
			seen := map[int32]bool{}
			for _, d := range ds {
				if seen[d] {
					t.Errorf("%s: task %d depends on %d twice", g.Name, i, d)
				}
				seen[d] = true
			}
		}
	}
}

func TestRequests(t *testing.T) {
	graphs, err := graph.Requests()
	if err != nil {
		t.Fatal(err)
	}
	if len(graphs) != 12 {
		t.Errorf("%d request graphs, want 12", len(graphs))
	}
	for _, g := range graphs {
		if !strings.HasPrefix(g.Name, "request ") || g.Len() < 3 {
			t.Errorf("request graph %q has %d tasks", g.Name, g.Len())
		}
	}
}

func TestBadGraphs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		names []string
		deps  [][]int32
		want  string
	}{
		{"forward", []string{"a", "b"}, [][]int32{{1}, {}}, "task 0 (a) depends on 1, which does not come before it"},
		{"itself", []string{"a"}, [][]int32{{0}}, "does not come before it"},
		{"below", []string{"a", "b"}, [][]int32{{}, {-1}}, "depends on -1"},
		{"names", []string{"a"}, [][]int32{{}, {}}, "1 names for 2 tasks"},
		{"twice", []string{"a", "a"}, [][]int32{{}, {}}, "two tasks are called a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := graph.New("g", tt.names, tt.deps); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	for _, name := range []string{"6 tasks", "layers 100×100", "growth 17", "request train-preserve", "chain 60"} {
		g, err := graph.Find(name)
		if err != nil || g.Name != name {
			t.Errorf("Find(%q) = %v, %v", name, g, err)
		}
	}
	if _, err := graph.Find("chain of fools"); err == nil {
		t.Error(`Find("chain of fools") = nil error, want one`)
	}
}
