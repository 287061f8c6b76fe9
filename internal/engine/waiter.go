package engine

import (
	"sync"
	"sync/atomic"
)

// waiter is what a node has whose body waits.
type waiter struct {
	node *Node
	// waits are the open hard waits of the body, linked by also, and by prior
	// under mu. Reading them needs no lock.
	waits atomic.Pointer[wait]
	mu    sync.Mutex
	hint  atomic.Pointer[hint] // see cycle.go
	claim claim                // see slot.go

	// first is the record of a wait for a node of the same group, whose edge is
	// in that node's list itself, or for a nested group. It is used again, but
	// not after a wait that was cut short, whose edge stays in that list.
	first wait
	used  atomic.Bool
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
	w.over.Store(false)
	return w
}

// giveBack is the end of what take has begun.
func (b *waiter) giveBack(w *wait) {
	if w == &b.first {
		b.used.Store(false)
	}
}

// open adds an open wait. Without others, neither it nor shut needs the lock.
func (b *waiter) open(w *wait) {
	w.also.Store(nil)
	w.prior = nil
	if b.waits.CompareAndSwap(nil, w) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		top := b.waits.Load()
		w.also.Store(top)
		if b.waits.CompareAndSwap(top, w) { // else the only one was taken out
			if top != nil {
				top.prior = w
			}
			return
		}
	}
}

// shut takes a wait out again.
func (b *waiter) shut(w *wait) {
	if w.also.Load() == nil && b.waits.CompareAndSwap(w, nil) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := w.also.Load()
	if w.prior != nil {
		w.prior.also.Store(next)
	} else {
		b.waits.CompareAndSwap(w, next)
	}
	if next != nil {
		next.prior = w.prior
	}
}
