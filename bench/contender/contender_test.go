package contender_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// oracle is the sequential loop.
func oracle(t *testing.T, g *graph.Graph) uint64 {
	t.Helper()
	c, err := contender.ByName(contender.Sequential)
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.New().For(g)(t.Context(), g, work.New(work.Body{}, g.Gated))
	if err != nil {
		t.Fatalf("sequential loop on %s: %v", g.Name, err)
	}
	return v
}

func TestEveryContenderOnEveryGraph(t *testing.T) {
	entries, err := graph.Catalog(true)
	if err != nil {
		t.Fatal(err)
	}
	graphs := []*graph.Graph{graph.Growth(1), graph.Growth(2), graph.Growth(50), graph.Chain(1), graph.Layers(3, 1), graph.Layers(3, 2)}
	for _, e := range entries {
		graphs = append(graphs, e.Make())
	}
	bodies := []work.Body{{}, {Spin: time.Microsecond}, {Sleep: time.Microsecond}, {Done: true}}
	for _, c := range contender.All() {
		t.Run(c.Name, func(t *testing.T) {
			forms := c.New()
			if forms.Close != nil {
				defer forms.Close()
			}
			for _, g := range graphs {
				if !c.Fits(g) {
					t.Errorf("%s does not fit %s of %d tasks: the small graphs are for everybody", c.Name, g.Name, g.Len())
					continue
				}
				want := oracle(t, g)
				for _, b := range bodies {
					if b.Sleep > 0 && g.Len() > 20 {
						continue
					}
					for range 3 {
						got, err := forms.For(g)(t.Context(), g, work.New(b, g.Gated))
						if err != nil || got != want {
							t.Errorf("%s with body %v = %#x, %v; want %#x, nil", g.Name, b, got, err, want)
						}
					}
				}
			}
		})
	}
}

// TestErrors asks of everybody who claims it that a body's error comes out,
// wherever in the graph the body is.
func TestErrors(t *testing.T) {
	requests, err := graph.Requests()
	if err != nil {
		t.Fatal(err)
	}
	graphs := append(requests, graph.ThreeTasks(), graph.SixTasks(), graph.Layers(4, 5), graph.Chain(6))
	for _, c := range contender.All() {
		if c.NoErrors {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			forms := c.New()
			if forms.Close != nil {
				defer forms.Close()
			}
			for _, g := range graphs {
				for i := range g.Len() {
					_, err := forms.For(g)(t.Context(), g, work.New(work.Body{}, g.Gated).FailAt(i))
					if !errors.Is(err, work.ErrBody) {
						t.Errorf("%s with task %s failing: error %v, want %v", g.Name, g.Names[i], err, work.ErrBody)
					}
				}
			}
		})
	}
}

// TestWrongValueIsSeen is the check of the check: a dependency left out, or
// two in the wrong order, changes the result.
func TestWrongValueIsSeen(t *testing.T) {
	right := [][]int32{{}, {0}, {0}, {1, 2}}
	wrong := map[string][][]int32{
		"left out":    {{}, {0}, {0}, {1}},
		"other order": {{}, {0}, {0}, {2, 1}},
		"another":     {{}, {0}, {1}, {1, 2}},
	}
	run := func(deps [][]int32) uint64 {
		g, err := graph.New("g", []string{"a", "b", "c", "d"}, deps)
		if err != nil {
			t.Fatal(err)
		}
		return oracle(t, g)
	}
	for name, deps := range wrong {
		if got, want := run(deps), run(right); got == want {
			t.Errorf("%s: result %#x is that of the right graph", name, got)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range contender.All() {
		if seen[c.Name] {
			t.Errorf("two contenders are called %q", c.Name)
		}
		seen[c.Name] = true
		if c.Lacks == "" && c.Variant == "" && c.Name != contender.Declared && c.Name != contender.Awaited {
			t.Errorf("%s does not say what it lacks", c.Name)
		}
	}
	if _, err := contender.ByName("no such"); err == nil {
		t.Error(`ByName("no such") = nil error, want one`)
	}
}

func TestCancelledContextIsSeen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := contender.ByName(contender.Sequential)
	if err != nil {
		t.Fatal(err)
	}
	g := graph.Chain(3)
	if _, err := c.New().For(g)(ctx, g, work.New(work.Body{Done: true}, false)); !errors.Is(err, context.Canceled) {
		t.Errorf("a body that looks at a cancelled context returned %v, want %v", err, context.Canceled)
	}
}
