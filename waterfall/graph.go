package waterfall

import (
	"slices"
	"time"
)

// The graph of a run has a node for every stretch that a body ran between its
// waits, and an edge for everything that must have happened before: the
// declared dependencies, the ends of awaited tasks, the declaration by a body.
// A body that waits in the middle is two nodes: what comes before its wait can
// run while the awaited task does.

type graph struct {
	m     *model
	nodes []node
	first []int // of a task: the node of its declaration
	last  []int // of a task: the node of its end
	order []int // topological; nodes of a circle are left out
}

type node struct {
	task  int
	d     time.Duration
	preds []int
	succs []int
	ef    time.Duration // earliest finish
	ls    time.Duration // latest start
	level int
}

func (m *model) graph() *graph {
	g := &graph{m: m, first: make([]int, len(m.tasks)), last: make([]int, len(m.tasks))}
	for i := range m.tasks {
		g.first[i] = g.add(i, 0)
		g.last[i] = g.add(i, 0)
	}
	for i := range m.tasks {
		g.task(i)
	}
	for a, list := range m.chains {
		for _, s := range list {
			g.edge(g.last[a], g.first[s.task])
		}
	}
	g.sort()
	g.forward()
	g.backward()
	return g
}

func (g *graph) add(task int, d time.Duration) int {
	g.nodes = append(g.nodes, node{task: task, d: d})
	return len(g.nodes) - 1
}

func (g *graph) edge(from, to int) {
	g.nodes[to].preds = append(g.nodes[to].preds, from)
	g.nodes[from].succs = append(g.nodes[from].succs, to)
}

func (g *graph) task(i int) {
	mt := &g.m.tasks[i]
	if mt.kind == isUnrun {
		g.edge(g.first[i], g.last[i])
		return
	}
	at := g.first[i]
	if len(mt.deps) > 0 {
		ready := g.add(i, 0)
		g.edge(at, ready)
		at = ready
		for _, d := range mt.deps {
			g.edge(g.last[d], at)
		}
	}
	switch mt.kind {
	case isMap:
		for _, p := range mt.parts {
			g.edge(at, g.first[p.task])
			g.edge(g.last[p.task], g.last[i])
		}
	case isRace: // it was decided by the part that won
		for _, p := range mt.parts {
			g.edge(at, g.first[p.task])
			if part := &g.m.run.Tasks[p.task]; good(part.Outcome) && part.End() <= g.m.run.Tasks[i].End() {
				g.edge(g.last[p.task], g.last[i])
			}
		}
	case isBody:
		for _, o := range mt.ops {
			at = g.op(i, at, o)
		}
	}
	g.edge(at, g.last[i])
}

// op adds what one step of a body adds, and returns the node that it ends in.
func (g *graph) op(i, at int, o op) int {
	switch o.kind {
	case opRun:
		d := o.d
		if i == g.m.caller { // whose own time is no work
			d = 0
		}
		n := g.add(i, d)
		g.edge(at, n)
		return n
	case opSpawn:
		for _, s := range o.tasks {
			g.edge(at, g.first[s.task])
		}
	case opWait:
		n := g.add(i, 0)
		g.edge(at, n)
		g.edge(g.last[o.on], n)
		return n
	case opWaitGroup:
		n := g.add(i, 0)
		g.edge(at, n)
		for _, t := range g.m.members[o.on] {
			g.edge(g.last[t], n)
		}
		return n
	}
	return at
}

// sort is Kahn's: each node after its predecessors.
func (g *graph) sort() {
	left := make([]int, len(g.nodes))
	for n := range g.nodes {
		if left[n] = len(g.nodes[n].preds); left[n] == 0 {
			g.order = append(g.order, n)
		}
	}
	for k := 0; k < len(g.order); k++ {
		for _, s := range g.nodes[g.order[k]].succs {
			if left[s]--; left[s] == 0 {
				g.order = append(g.order, s)
			}
		}
	}
}

func (g *graph) forward() {
	for _, n := range g.order {
		v := &g.nodes[n]
		for _, p := range v.preds {
			v.ef = max(v.ef, g.nodes[p].ef)
			v.level = max(v.level, g.nodes[p].level)
		}
		v.ef = add(v.ef, v.d)
		if v.d > 0 {
			v.level++
		}
	}
}

func (g *graph) backward() {
	span := g.span()
	for _, n := range slices.Backward(g.order) {
		v := &g.nodes[n]
		lf := span
		for _, s := range v.succs {
			lf = min(lf, g.nodes[s].ls)
		}
		v.ls = lf - v.d
	}
}

// span is the length of the longest path.
func (g *graph) span() time.Duration {
	var span time.Duration
	for _, n := range g.order {
		span = max(span, g.nodes[n].ef)
	}
	return span
}

// slack returns, for every task, the least slack of the stretches in which it
// ran, LS − ES; of a task that did not run, that of its end.
func (g *graph) slack() []time.Duration {
	slack := make([]time.Duration, len(g.m.tasks))
	ran := make([]bool, len(slack))
	for _, n := range g.order {
		v := &g.nodes[n]
		s := v.ls - (v.ef - v.d)
		if v.d > 0 && (!ran[v.task] || s < slack[v.task]) {
			slack[v.task], ran[v.task] = s, true
		}
	}
	for i := range slack {
		if !ran[i] {
			v := &g.nodes[g.last[i]]
			slack[i] = v.ls - v.ef
		}
	}
	return slack[:g.m.caller]
}

// byLevel is what the run costs when each level waits for the whole level
// before it: the sum of the longest stretch of each.
func (g *graph) byLevel() time.Duration {
	var longest []time.Duration
	for _, n := range g.order {
		v := &g.nodes[n]
		if v.d == 0 {
			continue
		}
		for len(longest) < v.level {
			longest = append(longest, 0)
		}
		longest[v.level-1] = max(longest[v.level-1], v.d)
	}
	var sum time.Duration
	for _, d := range longest {
		sum = add(sum, d)
	}
	return sum
}
