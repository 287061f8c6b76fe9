package stress_test

import "slices"

// isStuck reports whether n can never end: R9. A task can end if its body runs,
// or waits for something that can; if all its dependencies can; a Race, if one
// of its functions can. What cannot be shown to is in a cycle.
func (o *oracle) isStuck(n *onode) bool { return !o.canEnd()[n] }

func (o *oracle) canEnd() map[*onode]bool {
	can := make(map[*onode]bool, len(o.nodes))
	var open []*onode
	for _, n := range o.nodes {
		if n.state == done {
			can[n] = true
		} else {
			open = append(open, n)
		}
	}
	for changed := true; changed; {
		changed = false
		open = slices.DeleteFunc(open, func(n *onode) bool {
			all, one := n.waitsFor()
			ok := !slices.ContainsFunc(all, func(m *onode) bool { return !can[m] }) &&
				(len(one) == 0 || slices.ContainsFunc(one, func(m *onode) bool { return can[m] }))
			if ok {
				can[n], changed = true, true
			}
			return ok
		})
	}
	return can
}

// waitsFor is what n's end needs: all of the first, one of the second.
func (n *onode) waitsFor() (all, one []*onode) {
	switch {
	case n.state == running:
		for _, h := range n.hards {
			if h.on != nil {
				all = append(all, h.on)
			} else {
				all = append(all, h.onGroup.nodes...)
			}
		}
		return undone(all), nil
	case n.state != pending:
		return nil, nil
	case n.of == nil && n.task.kind == kRace && len(n.kids) > 0:
		return nil, undone(n.kids)
	case len(n.kids) > 0:
		return undone(n.kids), nil
	}
	for _, e := range n.task.edges() {
		all = append(all, n.o.tasks[e.on.id])
	}
	return undone(all), nil
}

func undone(nodes []*onode) (out []*onode) {
	for _, n := range nodes {
		if n.state != done {
			out = append(out, n)
		}
	}
	return out
}

// waitsFor is the wait-for graph of the moment, by name; the Wait of a nested
// group leads to everything in it, however deep.
func (o *oracle) waitsFor() map[string][]string {
	names := make(map[string][]string)
	for _, n := range undone(o.nodes) {
		all, one := n.waitsFor()
		for _, m := range append(all, one...) {
			names[n.label] = append(names[n.label], m.label)
		}
		for _, h := range n.hards {
			for _, m := range undone(o.nodes) {
				for g := m.group; h.onGroup != nil && g != nil && g.owner != nil; g = g.owner.group {
					if g == h.onGroup {
						names[n.label] = append(names[n.label], m.label)
					}
				}
			}
		}
	}
	return names
}

// cutInside ends the wait inside g that cannot end, now that g's owner waits
// for g. If there are several, which of them are cut is open.
func (o *oracle) cutInside(g *ogroup) {
	can := o.canEnd()
	if can[g.owner] {
		return
	}
	var stuck []*owait
	for _, n := range o.nodes {
		for _, h := range n.hards {
			if n.state != running || h.on == nil || can[h.on] {
				continue
			}
			across := h.on.group != n.group || n.ends()
			for in := n.group; in != nil && in.owner != nil; in = in.owner.group {
				if in == g && across {
					stuck = append(stuck, h.wait)
					break
				}
			}
		}
	}
	if len(stuck) != 1 {
		o.unsure("a nested Wait closes several cycles")
	}
	may := o.waitsFor()
	for _, w := range stuck {
		o.stats.cycles++
		w.th.node.cutMay = may
		w.fire()
	}
}

// checkRaces finds tasks that can never end because a function of a Race has
// failed that could have decided it.
func (o *oracle) checkRaces() {
	can := o.canEnd()
	for _, n := range o.nodes {
		if !can[n] {
			o.unsure("a Race's failure closes a cycle")
		}
	}
}

// leads reports whether path goes along waits and ends where it starts.
func leads(path []string, waiter string, may map[string][]string) bool {
	if len(path) < 2 || path[0] != waiter || path[len(path)-1] != waiter {
		return false
	}
	for i := range path[1:] {
		if !slices.Contains(may[path[i]], path[i+1]) {
			return false
		}
	}
	return true
}
