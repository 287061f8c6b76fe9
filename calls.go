package asap

import (
	"reflect"
	"strconv"
)

// calls lists the bodies of a flow that was drawn.
func (p *plan) calls() []*Call {
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
				add(n.body.dep(i), names.unique(name+"["+strconv.Itoa(i)+"]"))
			}
		default:
			add(n, name)
		}
	}
	return list
}
