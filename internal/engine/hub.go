package engine

import "context"

// hub collects the waits for one node that may leave before it is done, so that
// a loop of such waits leaves nothing behind in the node's list. It is a node of
// kind helper with one edge in that list, and belongs to the node's group: its mu
// guards the waits. A list with removal in the node would cost every task for what
// few do. Keeps 11.
type hub struct {
	Node
	edge        Edge
	of          *Node
	first, last *wait // in order; under the mu of the node's group
}

// Call, Dep and Drop make a hub a Body; nobody runs or settles it.
func (h *hub) Call(context.Context) error { return nil }
func (h *hub) Dep(int) *Node              { return nil }
func (h *hub) Drop(bool)                  {}

// addToHub adds w, a wait for n, to n's hub. It reports false if n is done. Who
// fires the hub takes it out of hubs under the mu: w is found there, or comes to
// another hub, which cannot be linked any more. Keeps 10.
func (g *Group) addToHub(n *Node, w *wait) bool {
	b := g.makeLedger()
	g.mu.Lock()
	defer g.mu.Unlock()
	h := b.hubs[n]
	if h == nil {
		h = &hub{of: n}
		Init(&h.Node, g, "", h, helper)
		h.pending = one
		if !n.link(&h.edge, &h.Node) {
			return false
		}
		if b.hubs == nil {
			b.hubs = make(map[*Node]*hub)
		}
		b.hubs[n] = h
	}
	if w.prev = h.last; w.prev == nil {
		h.first = w
	} else {
		w.prev.next = w
	}
	h.last = w
	return true
}

// removeFromHub takes w out again if its node is not done. A hub stays while that
// lasts: the next wait of a loop uses it again.
func (g *Group) removeFromHub(n *Node, w *wait) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.makeLedger().hubs[n]
	if h == nil || w.prev == nil && h.first != w {
		return
	}
	if w.prev == nil {
		h.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		h.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
}

// fire ends all the waits, in the order in which they began, so slots go to who
// waited first. It is called by who has closed the node's list; the group's mu is
// not held while it ends them, as that takes slots (keeps 27).
func (h *hub) fire() {
	g := h.group
	g.mu.Lock()
	delete(g.makeLedger().hubs, h.of)
	w := h.first
	h.first, h.last = nil, nil
	g.mu.Unlock()
	for w != nil { // nobody else changes the links: there is no hub to leave
		next := w.next
		w.prev, w.next = nil, nil
		w.end(nil)
		w = next
	}
}
