package engine

import (
	"sync"
	"sync/atomic"
)

// waiter is what a node has whose body waits.
type waiter struct {
	node *Node
	// waits are the open hard waits of the body, linked by also. Pushing and
	// reading need no lock; taking out of the middle does.
	waits  atomic.Pointer[wait]
	mu     sync.Mutex
	hint   atomic.Pointer[hint] // see cycle.go
	passed atomic.Bool          // a hint may lead past the node
	claim  claim                // see slot.go

	// first is the record of a wait for a node of the same group, whose edge is
	// in that node's list itself, or for a nested group. It is used again, but
	// not after a wait that was cut short, whose edge stays in that list.
	first wait
	used  atomic.Bool
	firm  atomic.Bool // its wait closes no cycle, so it lasts: see Node.firmly
}

// init fills in what never changes, as others may read it at any time.
func (b *waiter) init(n *Node) *waiter {
	b.node, b.first.by, b.first.hard = n, n, true
	return b
}

// take returns the first record if it is free, and else nil.
func (b *waiter) take() *wait {
	if !b.used.CompareAndSwap(false, true) {
		return nil
	}
	w := &b.first
	w.direct, w.how = false, nil
	b.firm.Store(false)
	w.over.Store(false)
	return w
}

// giveBack is the end of what take has begun.
func (b *waiter) giveBack(w *wait) {
	if w == &b.first {
		b.used.Store(false)
	}
}

// open adds an open wait.
func (b *waiter) open(w *wait) {
	for {
		top := b.waits.Load()
		w.also.Store(top)
		if b.waits.CompareAndSwap(top, w) {
			break
		}
	}
	if (w != &b.first || w.group.Load() != nil) && b.passed.Load() {
		b.node.group.makeBook().detours.Add(1)
	}
}

// shut takes a wait out again.
func (b *waiter) shut(w *wait) {
	if w.also.Load() == nil && b.waits.CompareAndSwap(w, nil) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waits.CompareAndSwap(w, w.also.Load()) {
		return
	}
	for x := b.waits.Load(); x != nil; x = x.also.Load() {
		if x.also.Load() == w {
			x.also.Store(w.also.Load())
			return
		}
	}
}
