package asap

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
)

// Graph is the structure of a flow: [Flow.Graph] makes it.
type Graph struct {
	Name  string
	Tasks []GraphTask // in order of declaration, with unique names
}

// GraphTask is one task of a [Graph]. A Map is one task, named likes[].
type GraphTask struct {
	Name string
	Kind string // input, task, optional, gather, map or race
	Deps []int  // indexes of the declared dependencies in Graph.Tasks
}

// plan is what a flow's group knows of the flow.
type plan struct {
	flow     string
	drawing  bool        // only the structure is wanted: nothing starts
	building atomic.Bool // the flow's function has not returned
	recorded atomic.Bool // it has, for Flow.Calls: bodies may run elsewhere now
	group    *Group      // that was drawn
	exits    []exitHandle

	mu    sync.Mutex
	err   error // the first thing the function must not do
	nodes []*node
	index map[*node]int
}

func (p *plan) add(n *node) {
	p.refuseRecorded("declaring", n)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.index == nil {
		p.index = make(map[*node]int)
	}
	p.index[n] = len(p.nodes)
	p.nodes = append(p.nodes, n)
}

func (p *plan) graph() *Graph {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := &Graph{Name: p.flow}
	names := make(namer)
	for _, n := range p.nodes {
		name := n.name
		if n.kind&mapped != 0 {
			name += "[]"
		}
		t := GraphTask{Name: names.unique(name), Kind: n.kind.String()}
		for i := 0; n.kind&race == 0; i++ {
			d := n.body.dep(i)
			if d == nil {
				break
			}
			t.Deps = append(t.Deps, p.index[d])
		}
		g.Tasks = append(g.Tasks, t)
	}
	return g
}

func (k kind) String() string {
	switch {
	case k&given != 0:
		return "input"
	case k&optional != 0:
		return "optional"
	case k&gather != 0:
		return "gather"
	case k&mapped != 0:
		return "map"
	case k&race != 0:
		return "race"
	}
	return "task"
}

// namer numbers names that come again: price, price#2.
type namer map[string]int

func (m namer) unique(name string) string {
	for {
		m[name]++
		if m[name] == 1 {
			return name
		}
		numbered := name + "#" + strconv.Itoa(m[name])
		if m[numbered] == 0 {
			m[numbered]++
			return numbered
		}
	}
}

func (p *plan) refuse(call string, n *node) error {
	if n != nil {
		call += " of task " + n.label()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	err := fmt.Errorf("asap: flow %s: its function calls %s, but values are there only when it has returned; declare a task with Then instead", p.flow, call)
	if p.err == nil {
		p.err = err
	}
	return err
}

func (p *plan) refused() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// elsewhere is the error of a body that uses the flow that it was recorded in.
func (p *plan) elsewhere(call string, n *node) error {
	if n == nil {
		return fmt.Errorf("asap: flow %s: %s inside a body that runs on another engine; do it in the flow's function", p.flow, call)
	}
	return fmt.Errorf("asap: flow %s: %s of task %s inside a body that runs on another engine; declare the edge with And(%s).Then or %s.Then",
		p.flow, call, n.label(), n.label(), n.label())
}

func (p *plan) refuseRecorded(call string, n *node) {
	if p.recorded.Load() {
		panic(p.elsewhere(call, n).Error())
	}
}

// refuseInBuild panics when a flow's function does what it must not.
func (g *Group) refuseInBuild(call string, n *node) {
	if g.plan != nil {
		g.plan.refuseRecorded(call, n)
	}
	if g.plan != nil && g.plan.building.Load() {
		panic(g.plan.refuse(call, n).Error())
	}
}

// refuseAwait is the error of a wait for n that a flow's definition, or a body
// on another engine, must not make.
func (g *Group) refuseAwait(ctx context.Context, n, waiter *node) error {
	if g.plan == nil && g.remote == nil {
		return nil
	}
	if g.plan != nil {
		if g.plan.building.Load() && (waiter == nil || waiter.group != g) {
			return g.plan.refuse("Await", n)
		}
		if waiter != nil && waiter.group == g {
			return fmt.Errorf("asap: task %s awaits task %s inside flow %s: values travel along declared edges only; declare it with And(%s).Then or %s.Then",
				waiter.label(), n.label(), g.plan.flow, n.label(), n.label())
		}
	}
	if name, ok := ctx.Value(remoteKey{}).(string); ok {
		return fmt.Errorf("asap: task %s awaits task %s inside its body, which runs on another engine; declare the edge with And(%s).Then or %s.Then",
			name, n.label(), n.label(), n.label())
	}
	if g.plan != nil && g.plan.recorded.Load() {
		return g.plan.elsewhere("await", n)
	}
	if g.remote != nil && g.remote.busy.Load() {
		return fmt.Errorf("asap: task %s awaited inside a body that runs on another engine; declare the edge with And(%s).Then or %s.Then",
			n.label(), n.label(), n.label())
	}
	return nil
}
