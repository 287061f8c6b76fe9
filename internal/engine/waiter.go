package engine

import (
	"sync"
	"sync/atomic"
)

// waiter is what a node has whose body waits. It lives as long as the node: others
// may read it at any time.
type waiter struct {
	node *Node
	// waits are the open hard waits of the body, linked by nextOpen, and by
	// prevOpen under mu. Reading them needs no lock.
	waits atomic.Pointer[wait]
	mu    sync.Mutex
	hint  atomic.Pointer[hint] // see cycle.go
	claim claim                // see slot.go

	// first is a wait for a node of the same group, whose edge is in that node's
	// list itself, or for a nested group: so a body with one goroutine allocates
	// once for all its waits. It is not used again once the group has ended: its
	// edge may stay in that list, and somebody may still come to end it.
	first wait
	used  atomic.Bool
	cut   atomic.Uint32 // CutTask and CutGroup
}

// What the end of a body's group has cut short.
const (
	CutTask  = 1 << iota // a wait for a task
	CutGroup             // the Wait of a nested group, whose end came with it
)

// WaitsCut returns which waits of n's body the end of its group has cut short, as
// bits. The body asks, or who settles it.
func WaitsCut(n *Node) uint32 {
	if b := n.waiter(); b != nil {
		return b.cut.Load()
	}
	return 0
}

// init fills in what never changes, as others may read it at any time.
func (b *waiter) init(n *Node) *waiter {
	b.node, b.first.by, b.first.hard = n, n, true
	return b
}

// useFirst returns the first wait if it is free, and else nil. The body's goroutines
// may call it at the same time.
func (b *waiter) useFirst() *wait {
	if !b.used.CompareAndSwap(false, true) {
		return nil
	}
	w := &b.first
	w.direct, w.how = false, nil
	w.ended.Store(false)
	return w
}

// freeFirst is the end of what useFirst has begun. It does nothing for another wait.
func (b *waiter) freeFirst(w *wait) {
	if w == &b.first {
		b.used.Store(false)
	}
}

// open adds an open wait. Without others, neither it nor shut needs the lock.
func (b *waiter) open(w *wait) {
	if b.waits.Load() == nil { // else who reads the list from here on would miss what follows
		w.nextOpen.Store(nil)
		w.prevOpen = nil
		if b.waits.CompareAndSwap(nil, w) {
			return
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	w.prevOpen = nil
	for {
		top := b.waits.Load()
		w.nextOpen.Store(top)
		if b.waits.CompareAndSwap(top, w) { // else the only one was taken out
			if top != nil {
				top.prevOpen = w
			}
			return
		}
	}
}

// shut takes a wait out again. Only the goroutine that opened it calls it.
func (b *waiter) shut(w *wait) {
	if w.nextOpen.Load() == nil && b.waits.CompareAndSwap(w, nil) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := w.nextOpen.Load()
	if next != nil {
		next.prevOpen = w.prevOpen // before it can be the only one, which may go without the lock
	}
	if w.prevOpen != nil {
		w.prevOpen.nextOpen.Store(next)
	} else {
		b.waits.CompareAndSwap(w, next)
	}
}
