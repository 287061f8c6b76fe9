package graph

import "fmt"

// Entry is a graph of the table that is not made yet, since the large ones
// take a second and 100 MB.
type Entry struct {
	Name  string
	Tasks int
	Make  func() *Graph
}

// Catalog lists every graph of the table, in the table's order: the shapes,
// and then the request graphs. With small set the large shapes shrink to a
// few hundred tasks, for tests.
func Catalog(small bool) ([]Entry, error) {
	size := func(full, little int) int {
		if small {
			return little
		}
		return full
	}
	layers := func(depth, width int) Entry {
		return Entry{fmt.Sprintf("layers %s×%s", count(depth), count(width)), depth * width, func() *Graph { return Layers(depth, width) }}
	}
	sized := func(name string, n, tasks int, make func(int) *Graph) Entry {
		return Entry{name + " " + count(n), tasks, func() *Graph { return make(n) }}
	}
	fan, wide, tree, blocked := size(1000, 50), size(100_000, 300), size(65_536, 64), size(100_000, 200)
	entries := []Entry{
		{"3 tasks", 3, ThreeTasks},
		{"6 tasks", 6, SixTasks},
		sized("chain", size(1000, 60), size(1000, 60), Chain),
		sized("fan", fan, fan+1, Fan),
		layers(size(100, 8), size(100, 9)),
		sized("wide", wide, wide, Wide),
		sized("tree", tree, 2*tree-1, Tree),
		layers(size(1000, 20), size(1000, 11)),
		sized("blocked", blocked, blocked+1, Blocked),
	}
	requests, err := Requests()
	if err != nil {
		return nil, err
	}
	for _, g := range requests {
		entries = append(entries, Entry{g.Name, g.Len(), func() *Graph { return g }})
	}
	return entries, nil
}

// Find makes the graph of that name, of the catalog or of the growth plot.
func Find(name string) (*Graph, error) {
	var n int
	if _, err := fmt.Sscanf(name, "growth %d", &n); err == nil && n > 0 {
		return Growth(n), nil
	}
	for _, small := range []bool{false, true} {
		entries, err := Catalog(small)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Name == name {
				return e.Make(), nil
			}
		}
	}
	return nil, fmt.Errorf("no graph is called %q", name)
}
