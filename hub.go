package asap

import (
	"context"
	"slices"
	"sync"
)

// hub collects the waiters of one task that may leave before it is done, so
// that a loop of such waits leaves nothing behind in the task's list.
type hub struct {
	node
	edge   edge
	of     *node
	fired  chan struct{}
	seated []*softWait // under mu of the group: bodies with slots to take again, in order
}

// softWait is the wait of a body with a limit.
type softWait struct {
	ticket ticket
	wg     sync.WaitGroup
	w      *node
	joined bool
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
	waits := h.seated
	h.seated = nil
	g.mu.Unlock()
	for _, sw := range waits {
		sw.sit()
	}
	close(h.fired)
}

// join makes h take the slots for sw when it fires.
func (h *hub) join(sw *softWait) {
	g := h.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ledger().hubs[h.of] != h {
		return // it has fired: leave says so
	}
	h.seated = append(h.seated, sw)
	sw.joined = true
}

// leave reports whether sw has to take the slots itself.
func (h *hub) leave(sw *softWait) bool {
	g := h.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if !sw.joined {
		return true
	}
	i := slices.Index(h.seated, sw)
	if i < 0 {
		return false
	}
	h.seated = slices.Delete(h.seated, i, i+1)
	return true
}

func (sw *softWait) sit() {
	if sw.w.sit(&sw.ticket) {
		sw.wg.Done()
	}
}
