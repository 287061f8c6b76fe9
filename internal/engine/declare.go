package engine

import "sync/atomic"

// Start declares a node without dependencies. Like all that declare it may be
// called by anybody who knows that the group has not ended, never blocks, and
// gives the node away: it may have ended when Start returns.
func (g *Group) Start(n *Node) {
	switch {
	case !g.declare(n):
	case g.watch != nil: // it is ready at the instant at which it was declared
		g.readyOrSkipAt(n, true, 0, n.declaredAt())
	default:
		g.ready(n)
	}
}

// StartAfter declares a node with one dependency, linked by e. It needs no hold:
// until the only edge is linked nobody else knows the node.
func (g *Group) StartAfter(n, dep *Node, e *Edge) {
	n.pending = one
	if !g.declare(n) || dep.link(e, n) {
		return
	}
	if dep.failure() == nil { // done meanwhile, so nobody else knows n
		n.pending = 0
		g.ready(n)
	} else {
		n.pending = dead
		g.skip(n)
	}
}

// StartAfterAll declares a node with several dependencies, linked by edges, which
// are the node's. It holds the node until all are linked: keeps 3. An edge behind
// a dependency that has failed stays unlinked.
func (g *Group) StartAfterAll(n *Node, edges []Edge) {
	n.pending = uint32(len(edges))*one + hold
	if !g.declare(n) {
		return
	}
	class := uint8(0)
	for i := range edges {
		dep := n.body.Dep(i)
		if dep.link(&edges[i], n) {
			class = byEnd
			continue
		}
		if dep.failure() != nil {
			n.kill()
			break
		}
		n.arrived()
	}
	n.release(class)
}

// StartRace declares a Race: its functions start at once, and it is done when
// they have decided it. It reports false if it was skipped.
func (g *Group) StartRace(n *Node, r *RaceState, k int) bool {
	n.pending = one // until it is decided; nobody counts that off
	if !g.declare(n) {
		return !n.isDone()
	}
	r.start(n.name, k)
	g.declared.Add(int64(k))
	for i := range k {
		f := n.body.(Contest).Function(i)
		f.order = n.order
		g.reportDeclared(f, n, i)
	}
	s := settling{g: g, at: g.now()}
	for i := range k {
		s.addReady(n.body.(Contest).Function(i), nil)
	}
	s.complete()
	return true
}

// Enter makes the k functions of a Race that had to wait for its dependencies
// start. They are parts that were given to InitPart, and that nobody else knows.
// The caller has made the Race ready.
func (g *Group) Enter(n *Node, r *RaceState, k int) (parts Chain) {
	r.start(n.name, k)
	g.declared.Add(int64(k))
	for i := range k {
		f := n.body.(Contest).Function(i)
		f.order = n.order
		if !g.plain {
			g.reportDeclared(f, n, i)
		}
		parts.Push(f)
	}
	n.expand(1) // until it is decided
	return parts
}

// Give declares a node that has its value, and settles it, or leaves that to
// [Group.Release] if the backend says so.
func (g *Group) Give(n *Node) {
	n.pending = hold
	g.countDeclared(n)
	g.reportDeclared(n, nil, 0)
	if g.backend == nil || !g.backend.Holds(n) {
		g.settleGiven(n, nil)
	}
}

// Release settles a node that Give has kept back: as skipped if the group has
// ended meanwhile.
func (g *Group) Release(n *Node) {
	if g.noticeEnd() {
		g.settleGiven(n, g.host.Skipped(n, nil))
	} else {
		g.settleGiven(n, nil)
	}
}

// AddParts counts in the elements of the Map of, which has its slice; the i-th is
// declared by [Group.AddPart].
func (g *Group) AddParts(of *Node, k int) {
	if o := of.options(); o != nil {
		o.expanded = true
		if o.parts != nil {
			o.parts(k)
		}
	}
	g.declared.Add(int64(k))
}

// AddPart declares the element n, with the body b and what else is special about
// it, of the Map of, and adds it to parts. e is its edge to the Map. No element may
// look at another before [Group.Expand].
func (g *Group) AddPart(parts *Chain, n, of *Node, b Body, e *Edge, index int, k Kind) {
	n.group, n.body, n.kind, n.order = g, b, Element|k, of.order
	if of.kind&Opted != 0 {
		n.inherit(of)
	}
	e.to = of
	n.list.Store(e)
	if !g.plain {
		g.reportDeclared(n, of, index)
	}
	if n.kind&Opted != 0 {
		n.inheritDue()
	}
	parts.Push(n)
}

// inherit gives the element n the options of the Map of.
func (n *Node) inherit(of *Node) {
	n.makeSide().makeRare().options = of.options()
	n.kind |= of.kind & (Opted | Wrapped | MayFail)
}

// inheritDue is the last step of AddPart, as the timer may look at n from here on. If n
// is late, who would begin it sees that.
func (n *Node) inheritDue() {
	if o := n.options(); o.within > 0 && !n.group.elsewhere {
		n.group.addDue(n, o.within)
	}
}

// Expand makes the Map of wait for its k elements. From here on others may look
// at them.
func (g *Group) Expand(of *Node, k int) { of.expand(k) }

// settleGiven settles n, which has no dependency: f is nil for its value.
func (g *Group) settleGiven(n *Node, f *Failure) {
	atomic.StoreUint32(&n.pending, 0)
	s := settling{g: g, class: byEnd}
	s.settle(n, f)
	s.complete()
}

// declare counts n in, and settles it as skipped when no body starts any more.
// It reports true when n is to be linked or ready. Every way into a group but
// Give passes here.
func (g *Group) declare(n *Node) bool {
	if g.backend == nil {
		n.takeOrder()
	} else {
		g.countDeclared(n)
	}
	if g.plain && !g.looksEnded() {
		return true
	}
	return g.declareOther(n)
}

// declareOther is the rest of declare where somebody looks, or the group seems to have
// ended.
func (g *Group) declareOther(n *Node) bool {
	if !g.plain && !g.reportDeclared(n, nil, 0) {
		return false
	}
	if !g.noticeEnd() {
		return true
	}
	n.pending = dead
	g.skip(n)
	return false
}

// countDeclared counts a new task, and takes its place in the order.
func (g *Group) countDeclared(n *Node) {
	if b := g.backend; b != nil {
		b.Declaring(n)
		n.takeOrder()
		b.Counted(n)
	} else {
		n.takeOrder()
	}
}

// takeOrder panics in a sealed group, whose declared stays negative by 2⁶³ whatever is
// added. Keeps 7.
func (n *Node) takeOrder() {
	order := n.group.declared.Add(1)
	n.order = uint32(order)
	if order < 0 {
		panic("asap: task " + n.name + " declared in a group that has ended; declare it before Wait returns, or in a new group with New")
	}
}

// reportDeclared tells whoever wants to know of a new node, which has a place in
// of if that is not nil. It reports false if n is only to be drawn. Nobody else
// knows n yet, so what is told of it comes before all else.
func (g *Group) reportDeclared(n, of *Node, index int) bool {
	if g.backend != nil && !g.backend.Declared(n, of, index) {
		return false
	}
	if a := g.forAll(); a != nil && len(a.around) > 0 && n.kind&Arriving == 0 {
		n.kind |= Wrapped
	}
	if g.watch != nil && g.watch.Entries() {
		g.makeEntry(n)
		if g.backend != nil {
			g.backend.Numbered(n, n.number())
		}
	}
	return true
}

// makeEntry gives n the entry in which its steps are noted, with its dependencies.
func (g *Group) makeEntry(n *Node) {
	whole := uint32(0)
	if of := n.whole(); of != nil {
		whole = of.number()
	}
	dep := func(i int) (uint32, bool) {
		d := n.dep(i)
		if d == nil {
			return 0, false
		}
		return d.number(), true
	}
	if g.backend == nil && n.kind&part == 0 {
		g.watch.NoteName(n.label(), n.order, HasParts(n))
	}
	bits, facts := n.facts()
	e := g.watch.Declare(n.label(), whole, bits, facts, dep)
	if e == nil {
		return
	}
	if s := n.side.Load(); s != nil { // from a backend; nobody else knows n yet
		s.entry = e
		return
	}
	n.side.Store(&side{entry: e})
}

// ready takes a node that nothing holds back any more, from whoever declares or
// releases it. Without observers and limits that is one push.
func (g *Group) ready(n *Node) {
	switch {
	case !g.plain || n.kind&(Inline|Bounded) != 0:
		g.readyOrSkip(n, true, 0)
	case g.limiter == nil:
		g.pushStack(n, n)
	case g.admitNode(n, g.limiter, 0):
		g.pushStack(n, n)
	}
}

// release takes a hold back and does what it has kept from happening. It runs
// what a host and observers do, so no mutex may be held. Keeps 3.
func (n *Node) release(class uint8) {
	switch ready, skip := n.unpin(); {
	case ready && class == 0:
		n.group.ready(n)
	case ready:
		n.group.readyOrSkip(n, true, class)
	case skip:
		n.group.skip(n)
	}
}

// releaseAll takes back the holds of a search, without a mutex. What becomes ready
// by it would have by the end of a dependency: hence byEnd.
func releaseAll(pinned []*Node) {
	for _, n := range pinned {
		n.release(byEnd)
	}
}
