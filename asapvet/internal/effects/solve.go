package effects

// solve joins the summaries of what is called into those of the callers until nothing
// changes.
func (t *Table) solve() {
	var queue []*node
	for _, n := range t.nodes {
		if n.sum.Given || n.made {
			continue
		}
		if n.body == nil && isInterfaceMethod(n.fn) {
			t.link(n)
		}
	}
	for _, classes := range t.classes {
		for _, c := range classes {
			for _, n := range c.methods {
				t.nodes[n.fn] = n
			}
		}
	}
	for _, n := range t.nodes {
		for _, e := range n.calls {
			e.to.callers = append(e.to.callers, n)
		}
		n.queued = true
		queue = append(queue, n)
	}
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		n.queued = false
		if n.sum.Given || !n.join() {
			continue
		}
		for _, c := range n.callers {
			if !c.queued {
				c.queued = true
				queue = append(queue, c)
			}
		}
	}
}

// join takes in what is known of the callees, and reports whether that changed
// anything. What a node does by itself was there before all were asked.
func (n *node) join() bool {
	before := n.sum
	effects, mutates, session := n.sum.Effects, n.sum.Mutates, n.sum.Session
	for _, e := range n.calls {
		s := &e.to.sum
		session = session || s.Session
		add := e.of(s.Effects)
		if n.cached && add&(Reads|ByName) != 0 {
			add = add&^(Reads|ByName) | Cached
		}
		if more := add &^ effects; more&(Writes|Unknown) != 0 && len(n.sum.Trail) == 0 {
			n.sum.Trail = trail(e.to)
		}
		effects |= add
		if s.Mutates&Deep != 0 && len(e.args) > 0 && e.args[0] != 0 {
			mutates |= Deep
		}
		if s.Mutates != 0 {
			for i, mine := range e.args {
				if s.Mutates&(1<<i) != 0 {
					mutates |= mine
					if mine != 0 && n.mut == "" {
						n.mut = e.to.fn.Name() + " < " + e.to.mut
					}
				}
			}
		}
	}
	n.sum.Effects, n.sum.Mutates, n.sum.Session = effects, mutates, session
	return effects != before.Effects || mutates != before.Mutates || session != before.Session
}

// of returns what the caller of a function with effects s has of it.
func (e *edge) of(s Effect) Effect {
	s &^= Guard
	if e.asks && s&(Unknown|Writes) != 0 {
		s = s&^(Unknown|Writes) | Reads
	}
	if e.once && s&Unknown != 0 {
		s |= ByName
	}
	if e.only != 0 {
		s &= e.only
	}
	if e.cached && s&(Reads|ByName) != 0 {
		s = s&^(Reads|ByName) | Cached
	}
	return s
}

// trail says how a callee comes to what it does.
func trail(n *node) string {
	s := n.fn.Name()
	if n.sum.Trail != "" && len(n.sum.Trail) < 120 {
		s += " → " + n.sum.Trail
	}
	return s
}
