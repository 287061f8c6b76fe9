// Package graph holds the task graphs that the benchmarks run: which task
// needs which, and nothing about how they are run.
package graph

import (
	"fmt"
	"slices"
)

// Form says that a graph is small and usual enough to be written out by hand,
// statement by statement, instead of in a loop over its tasks.
type Form int

// The forms.
const (
	Loop  Form = iota // any graph, in a loop
	Three             // user, config, profile(user)
	Six               // the six tasks of the analytics example
)

// Graph is a set of tasks and their dependencies. It is read only once made,
// so any number of runs may share it.
type Graph struct {
	Name  string
	Form  Form
	Names []string  // of the tasks, unique
	Deps  [][]int32 // of each task, in the order of its arguments; each is smaller than its own index

	Waited []bool    // whether any task depends on it
	Sinks  []int32   // the tasks that no other needs, in order
	Levels [][]int32 // tasks by their longest distance from a root: what a barrier has to be given

	// Gated graphs hold task 0 until every task has been declared, so that
	// all the others exist and wait at the same time.
	Gated bool
}

// Len is the number of tasks.
func (g *Graph) Len() int { return len(g.Deps) }

// New derives waited, sinks and levels. It fails if a dependency does not
// come before its dependent, or if the names are not one each.
func New(name string, names []string, deps [][]int32) (*Graph, error) {
	if len(names) != len(deps) {
		return nil, fmt.Errorf("graph %s: %d names for %d tasks", name, len(names), len(deps))
	}
	sorted := slices.Sorted(slices.Values(names))
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return nil, fmt.Errorf("graph %s: two tasks are called %s", name, sorted[i])
		}
	}
	return derive(name, names, deps)
}

// derive is New for names that are one each by construction: sorting a
// million of them takes longer than running them.
func derive(name string, names []string, deps [][]int32) (*Graph, error) {
	g := &Graph{Name: name, Names: names, Deps: deps, Waited: make([]bool, len(deps))}
	level := make([]int, len(deps))
	for i, ds := range deps {
		for _, d := range ds {
			if d < 0 || int(d) >= i {
				return nil, fmt.Errorf("graph %s: task %d (%s) depends on %d, which does not come before it", name, i, names[i], d)
			}
			g.Waited[d] = true
			level[i] = max(level[i], level[d]+1)
		}
		for level[i] >= len(g.Levels) {
			g.Levels = append(g.Levels, nil)
		}
		g.Levels[level[i]] = append(g.Levels[level[i]], int32(i))
	}
	for i, waited := range g.Waited {
		if !waited {
			g.Sinks = append(g.Sinks, int32(i))
		}
	}
	return g, nil
}
