package graph

import (
	"fmt"
	"strconv"
)

// shaped makes a graph whose dependencies come from a formula. The slices
// are cut from one array, so that a million tasks stay cheap to hold.
func shaped(name string, n int, deps func(i int) []int32) *Graph {
	names := make([]string, n)
	all := make([][]int32, n)
	var flat []int32
	for i := range n {
		names[i] = "t" + strconv.Itoa(i)
		ds := deps(i)
		if len(flat)+len(ds) > cap(flat) {
			flat = make([]int32, 0, 1<<16+len(ds))
		}
		from := len(flat)
		flat = append(flat, ds...)
		all[i] = flat[from:len(flat):len(flat)]
	}
	g, err := derive(name, names, all)
	if err != nil {
		panic("bench: " + err.Error()) // a formula of this file is wrong
	}
	return g
}

// ThreeTasks is user, config and profile(user).
func ThreeTasks() *Graph {
	g, err := New("3 tasks", []string{"user", "config", "profile"}, [][]int32{{}, {}, {0}})
	if err != nil {
		panic("bench: " + err.Error())
	}
	g.Form = Three
	return g
}

// SixTasks is the graph of the analytics example: auth, settings,
// userData(auth), permissions(auth), posts(userData), analytics(userData, posts).
func SixTasks() *Graph {
	g, err := New("6 tasks",
		[]string{"auth", "settings", "userData", "permissions", "posts", "analytics"},
		[][]int32{{}, {}, {0}, {0}, {2}, {2, 4}})
	if err != nil {
		panic("bench: " + err.Error())
	}
	g.Form = Six
	return g
}

// Chain is n tasks, each needing the one before.
func Chain(n int) *Graph {
	return shaped("chain "+count(n), n, func(i int) []int32 {
		if i == 0 {
			return nil
		}
		return []int32{int32(i - 1)}
	})
}

// Fan is one task and n that need it.
func Fan(n int) *Graph {
	return shaped("fan "+count(n), n+1, fan)
}

// Blocked is n tasks that need one, which does not end before all of them
// have been declared.
func Blocked(n int) *Graph {
	g := shaped("blocked "+count(n), n+1, fan)
	g.Gated = true
	return g
}

func fan(i int) []int32 {
	if i == 0 {
		return nil
	}
	return []int32{0}
}

// Wide is n tasks that need nothing.
func Wide(n int) *Graph {
	return shaped("wide "+count(n), n, func(int) []int32 { return nil })
}

// Tree reduces n leaves, a power of two, to one task by pairs.
func Tree(n int) *Graph {
	return shaped("tree "+count(n), 2*n-1, func(i int) []int32 {
		if i < n {
			return nil
		}
		return []int32{int32(2 * (i - n)), int32(2*(i-n) + 1)}
	})
}

// Layers is depth layers of width tasks. Those of the first need nothing,
// every other needs three (or width, if that is less) of the layer before:
// its own column, the next, and one further off.
func Layers(depth, width int) *Graph {
	return shaped(fmt.Sprintf("layers %s×%s", count(depth), count(width)), depth*width, func(i int) []int32 {
		layer, column := i/width, i%width
		if layer == 0 {
			return nil
		}
		return layerDeps((layer-1)*width, column, width, layer)
	})
}

// Growth is the shape of the growth plot: n tasks of which the first is
// needed by a layer of about √n, followed by further such layers with three
// dependencies a task. The first is gated.
func Growth(n int) *Graph {
	width := 1
	for width*width < n {
		width++
	}
	g := shaped("growth "+strconv.Itoa(n), n, func(i int) []int32 {
		if i == 0 {
			return nil
		}
		layer, column := (i-1)/width, (i-1)%width
		if layer == 0 {
			return []int32{0}
		}
		return layerDeps(1+(layer-1)*width, column, width, layer)
	})
	g.Gated = true
	return g
}

func layerDeps(before, column, width, layer int) []int32 {
	deps := []int32{int32(before + column)}
	for _, off := range []int{1, 2 + (layer*7)%max(1, width-2)} {
		if len(deps) < width {
			deps = append(deps, int32(before+(column+off)%width))
		}
	}
	return deps
}

// count writes n with a comma a thousand.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
