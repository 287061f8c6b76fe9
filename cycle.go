package asap

import "slices"

// A hard wait that would close a cycle is found when it begins. The waiter
// publishes what it waits for and then follows the waits from there; with
// atomics in one total order, the last to publish sees the whole cycle.
//
// A step that was seen still holds when the next one is: a body waits until
// its target is done, and a target that is seen waiting is not done. Only a
// wait that was cut short may be gone, and a body whose wait was cut short has
// a dead context, with which it never waits hard again. So a cycle that was
// found is looked at once more, under a lock that lets one of two waiters who
// close it at the same time go on.

// hint shortens a walk: from the node's present target on, every wait leads to
// the node to, which holds as long as that is not done.
type hint struct{ on, to *node }

// publish says that the body waits for n from now on, unless that is a cycle.
func (b *bed) publish(n *node) error {
	b.on.Store(n)
	if !leadsTo(n, b.node) {
		return nil
	}
	root := b.node.group.root.ledger()
	root.cycles.Lock()
	defer root.cycles.Unlock()
	if path := cycleFrom(b.node, n); path != nil {
		b.on.Store(nil)
		return &CycleError{path}
	}
	return nil
}

// leadsTo reports whether the waits from n may lead to w. It is exact but for
// waits cut short while it looks.
func leadsTo(n, w *node) bool {
	for steps := 0; ; steps++ {
		if n == w {
			return true
		}
		if n.done() {
			return false
		}
		b := n.madeBed()
		if b == nil {
			return n.waits() && cycleFrom(w, n) != nil
		}
		on := b.on.Load()
		if on == nil {
			return (b.group.Load() != nil || n.waits()) && cycleFrom(w, n) != nil
		}
		next := on
		if h := b.hint.Load(); h != nil && h.on == on && !h.to.done() {
			next = h.to
		}
		if steps >= 8 { // a long walk halves the path for the next one
			if nb := next.madeBed(); nb != nil {
				if far := nb.on.Load(); far != nil && !far.done() {
					b.hint.Store(&hint{on, far})
				}
			}
		}
		n = next
	}
}

// cycleFrom returns the names from w over n to w again, nil if no wait leads there.
func cycleFrom(w, n *node) []string {
	s := cycleSearch{w: w, seen: make(map[*node]bool)}
	if !s.visit(n) {
		return nil
	}
	path := make([]string, 0, len(s.path)+2)
	path = append(path, w.label())
	for _, n := range s.path {
		path = append(path, n.label())
	}
	return append(path, w.label())
}

type cycleSearch struct {
	w    *node
	seen map[*node]bool
	path []*node
}

// visit reports whether n waits for w, and leaves the way there in path.
func (s *cycleSearch) visit(n *node) bool {
	if n == s.w {
		return true
	}
	if n.done() || s.seen[n] {
		return false
	}
	s.seen[n] = true
	s.path = append(s.path, n)
	if b := n.madeBed(); b != nil {
		if on := b.on.Load(); on != nil {
			if s.visit(on) {
				return true
			}
		} else if g := b.group.Load(); g != nil && s.visitGroup(g) {
			return true
		}
	}
	deps := n.pendingDeps()
	if n.kind&race != 0 {
		if s.stuck(deps) {
			return true
		}
	} else if slices.ContainsFunc(deps, s.visit) {
		return true
	}
	s.path = s.path[:len(s.path)-1]
	return false
}

// visitGroup follows the wait for a nested group: it waits for w if w is
// inside it, or if one of its tasks waits for one outside that does.
func (s *cycleSearch) visitGroup(g *Group) bool {
	if g.holds(s.w) {
		return true
	}
	return slices.ContainsFunc(g.root.crossers(g), s.visit)
}

// stuck follows a Race, which ends with its first success: it waits for w only
// if each of its functions does.
func (s *cycleSearch) stuck(fns []*node) bool {
	var way []*node
	for _, fn := range fns {
		if fn.done() {
			continue
		}
		try := cycleSearch{w: s.w, seen: make(map[*node]bool)}
		for n := range s.seen {
			try.seen[n] = n != fn
		}
		if !try.visit(fn) && !try.knotted(fn) {
			return false
		}
		if way == nil {
			way = try.path
		}
	}
	s.path = append(s.path, way...)
	return way != nil
}

// knotted reports whether fn waits for something that the search has come
// through: then it cannot end by itself either.
func (s *cycleSearch) knotted(fn *node) bool {
	b := fn.madeBed()
	if b == nil {
		return false
	}
	on := b.on.Load()
	return on != nil && s.seen[on]
}

// pendingDeps returns the dependencies of a node that waits for them.
func (n *node) pendingDeps() []*node {
	if !n.pin() {
		return nil
	}
	var deps []*node
	for i := 0; ; i++ {
		d := n.body.dep(i)
		if d == nil {
			break
		}
		if !d.done() {
			deps = append(deps, d)
		}
	}
	n.release()
	return deps
}

// release takes a hold back and does what it has kept from happening.
func (n *node) release() {
	start, skip := n.unpin()
	if start || skip {
		n.group.resume(n, start)
	}
}

// holds reports whether n is a task of g or of a group nested in it.
func (g *Group) holds(n *node) bool {
	for n != nil {
		if n.group == g {
			return true
		}
		n = n.group.owner
	}
	return false
}

// cross notes a hard wait of w for a task of another group; uncross forgets it.
func (g *Group) cross(w *node, cut chan *CycleError) {
	b := g.ledger()
	g.mu.Lock()
	defer g.mu.Unlock()
	if b.crossing == nil {
		b.crossing = make(map[*node]chan *CycleError)
	}
	b.crossing[w] = cut
}

func (g *Group) uncross(w *node) {
	g.mu.Lock()
	delete(g.ledger().crossing, w)
	g.mu.Unlock()
}

// crossers returns the tasks inside a nested group that wait for one of
// another group.
func (g *Group) crossers(nested *Group) []*node {
	g.mu.Lock()
	defer g.mu.Unlock()
	var nodes []*node
	for n := range g.ledger().crossing {
		if nested.holds(n) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// cutCycles ends the waits inside g that lead to its owner, which waits for g
// from now on.
func (g *Group) cutCycles() {
	for _, n := range g.root.crossers(g) {
		on := n.madeBed().on.Load()
		if on == nil {
			continue
		}
		path := cycleFrom(n, on)
		if path == nil {
			continue
		}
		g.root.mu.Lock()
		cut := g.root.ledger().crossing[n]
		g.root.mu.Unlock()
		select {
		case cut <- &CycleError{path}:
		default: // uncrossed, or cut before
		}
	}
}
