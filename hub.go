package asap

import (
	"context"
	"sync"
)

// hub collects the waiters of one task that may leave before it is done, so
// that a loop of such waits leaves nothing behind in the task's list.
type hub struct {
	node
	edge   edge
	of     *node
	fired  chan struct{}
	seated ticketList // under mu of the group: bodies with slots to take again, in order
}

// softWait is the wait of a body with slots that it takes again afterwards.
type softWait struct {
	ticket
	done   sync.WaitGroup // the body has its slots
	joined bool           // a hub's, which takes them unless the wait leaves it
}

func newSoftWait(w *node) *softWait {
	sw := &softWait{}
	sw.n, sw.wg = w, &sw.done
	sw.done.Add(1)
	return sw
}

// sit takes the slots, now or from the queue.
func (t *ticket) sit() {
	if t.n.sit(t) {
		t.wg.Done()
	}
}

func (h *hub) call(context.Context) error { return nil }
func (h *hub) dep(int) *node              { return nil }
func (h *hub) drop()                      {}

// hubOf returns n's hub, nil when n is done.
func (g *Group) hubOf(n *node) *hub {
	b := g.ledger()
	g.mu.Lock()
	defer g.mu.Unlock()
	h := b.hubs[n]
	if h == nil {
		h = &hub{of: n, fired: make(chan struct{})}
		h.kind, h.group, h.body, h.pending = helper|inline, g, h, one
		if !n.link(&h.edge, &h.node) {
			return nil
		}
		if b.hubs == nil {
			b.hubs = make(map[*node]*hub)
		}
		b.hubs[n] = h
	}
	return h
}

// fire tells the waiters that their task is done.
func (h *hub) fire() {
	g := h.group
	g.mu.Lock()
	delete(g.ledger().hubs, h.of)
	var waits grants
	for t := h.seated.pop(); t != nil; t = h.seated.pop() {
		t.atHub = false
		waits.wake(t)
	}
	g.mu.Unlock()
	for t := waits.first; t != nil; {
		next := t.next
		t.next = nil
		t.sit()
		t = next
	}
	close(h.fired)
}

// join makes h take the slots for sw when it fires, unless it has.
func (h *hub) join(sw *softWait) {
	g := h.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ledger().hubs[h.of] != h {
		return
	}
	sw.joined, sw.atHub = true, true
	h.seated.push(&sw.ticket)
}

// leave reports whether sw has to take the slots itself.
func (h *hub) leave(sw *softWait) bool {
	g := h.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if sw.atHub {
		h.seated.remove(&sw.ticket)
		sw.atHub = false
		return true
	}
	return !sw.joined
}
