package asap

import (
	"fmt"
	"reflect"
	"strconv"
)

// calls lists the bodies of a flow that was drawn.
func (p *plan) calls() ([]*Call, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*Call
	names := make(namer)
	add := func(n *node, name string) {
		c := &Call{Flow: p.flow, Task: name, Body: name, group: p.group}
		n.body.(filler).fill(c)
		c.In = nil
		if c.Out != nil { // nobody else's place
			c.Out = reflect.New(reflect.TypeOf(c.Out).Elem()).Interface()
		}
		list = append(list, c)
	}
	elements := make(map[string]string) // name without the index, of Maps: name in Calls
	for _, n := range p.nodes {
		name := n.name
		if n.kind&mapped != 0 {
			name += "[]"
		}
		name = names.unique(name)
		switch {
		case n.kind&(given|gather) != 0:
		case n.kind&race != 0:
			for i := 0; n.body.dep(i) != nil; i++ {
				add(n.body.dep(i), name+"["+strconv.Itoa(i)+"]")
			}
		default:
			if n.kind&mapped != 0 {
				elements[name] = name
			}
			add(n, name)
		}
	}
	seen := make(map[string]bool)
	for _, c := range list {
		if seen[c.Task] {
			return nil, fmt.Errorf("asap: flow %s has two bodies named %s; rename a task", p.flow, c.Task)
		}
		seen[c.Task] = true
		if of, ok := elements[withoutIndex(c.Task)]; ok && of != c.Task {
			return nil, fmt.Errorf("asap: flow %s: task %s has the name of an element of Map %s; rename it", p.flow, c.Task, of)
		}
	}
	return list, nil
}

// withoutIndex takes the number out of the brackets of an element's name:
// likes[] for likes[3], likes[]#2 for likes[3]#2. Other names stay.
func withoutIndex(name string) string {
	for i := 0; i < len(name); i++ {
		if name[i] != '[' {
			continue
		}
		j := i + 1
		for j < len(name) && name[j] >= '0' && name[j] <= '9' {
			j++
		}
		if j > i+1 && j < len(name) && name[j] == ']' {
			return name[:i+1] + name[j:]
		}
	}
	return name
}
