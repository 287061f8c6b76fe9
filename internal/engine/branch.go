package engine

import (
	"container/heap"
	"context"
)

// Who waits for a slot of a Shared is in a tree like that of the limiters around the
// bodies: a branch for each limiter has the places of those whose innermost one it
// is, and the branches of the limiters right inside of it. Each is a heap, in order,
// of what may go on as far as the limits inside of it are concerned.
//
// A branch whose limiter has no slot is taken out of the branch around it, and waits
// in the queue of that limiter, as one for all in it: its stub is there, with the
// right of the first of them. So a body never waits in two queues, and a slot of
// either kind that becomes free costs one step for each of its own kind that it is
// offered to, however many wait: with the bodies themselves in the limiters' queues
// they would all move to and fro. Keeps 35.
//
// The mutex of the Shared guards all of it, but for the stub, whose guard is that of
// the limiter's top.
type branch struct {
	item
	shared  *Shared
	limiter *Limiter // nil for the root
	items   []*item
	places  int  // in it and in its branches
	blocked bool // it is in no heap: it waits at its limiter, or a slot is on the way to it
	inHand  bool // it holds a slot of its limiter, while the mutex is locked
	stub    *Node
}

// pass is a slot of a limiter on its way to a branch that waited there, in a list of
// one goroutine's; with it go those from rest up to end, which are to be given back, or
// those go alone.
type pass struct {
	to        *branch
	alone     bool
	rest, end *Limiter
	next      *pass
}

// item is a place or a branch in a heap.
type item struct {
	first *place  // of a branch, the first in its heap: nil if that is empty
	sub   *branch // nil if it is a place
	in    *branch
	index int // in the heap, -1 if it is not there
}

// Call, Dep and Drop make a branch a Body, for its stub; nobody runs or settles it.
func (b *branch) Call(context.Context) error { return nil }
func (b *branch) Dep(int) *Node              { return nil }
func (b *branch) Drop(bool)                  {}

// makeBranch returns that of l, nil for the root, and makes it if need be.
func (s *Shared) makeBranch(l *Limiter) *branch {
	if l == nil {
		return &s.root
	}
	b := s.branches[l]
	if b == nil {
		b = &branch{shared: s, limiter: l}
		b.sub, b.index = b, -1
		b.in = s.makeBranch(l.up)
		b.makeStub()
		s.branches[l] = b
	}
	return b
}

func (b *branch) makeStub() {
	b.stub = new(Node)
	Init(b.stub, nil, "", b, helper)
}

// dropStubLocked takes the stub out of its queue, where its entry stays: so another
// one takes its place, lest the entry becomes valid again.
func (b *branch) dropStubLocked() {
	b.limiter.queue.dropReady(b.stub)
	b.makeStub()
}

// insert adds p, and tells the branches around.
func (b *branch) insert(p *place) {
	p.in = b
	heap.Push(b, &p.item)
	for x := b; x.in != nil; x = x.in {
		x.places++
	}
	b.changed()
}

// remove takes an item out of the heap, if it is there. The caller calls changed.
func (b *branch) remove(i *item) {
	if i.index >= 0 {
		heap.Remove(b, i.index)
	}
}

// fix puts an item where it belongs now.
func (b *branch) fix(i *item) {
	if i.index >= 0 {
		heap.Fix(b, i.index)
	}
}

// changed tells the branches around that the first of b may be another one, or have
// another right.
func (b *branch) changed() {
	for ; b.in != nil; b = b.in {
		b.first = nil
		if len(b.items) > 0 {
			b.first = b.items[0].first
		}
		switch {
		case b.blocked:
			b.requeue()
			return // those around do not see it
		case b.first == nil:
			b.in.remove(&b.item)
		case b.index < 0:
			heap.Push(b.in, &b.item)
		default:
			b.in.fix(&b.item)
		}
	}
}

// takeSlot takes one of b's limiter, or makes b wait for it there: then the caller
// takes it out of the heap.
func (b *branch) takeSlot() bool {
	b.shared.looks++
	l := b.limiter
	if b.inHand {
		return true
	}
	if !l.take() {
		mu := &l.top.mu
		mu.Lock()
		took := l.takeLocked()
		if !took {
			l.queue.pushStub(b.stub, l, b.first)
		}
		mu.Unlock()
		if !took {
			b.blocked = true
			return false
		}
	}
	b.inHand = true
	b.shared.inHand = append(b.shared.inHand, b)
	return true
}

// requeue gives b the place in its limiter's queue that its first has a right to, or
// none if it has nobody who may go on. If it is not there, it was given a slot.
func (b *branch) requeue() {
	b.shared.looks++
	l := b.limiter
	mu := &l.top.mu
	mu.Lock()
	defer mu.Unlock()
	if b.stub.queueMark == 0 || b.first != nil && b.stub.standsFor(b.first) {
		return
	}
	b.dropStubLocked()
	if b.first != nil {
		l.queue.pushStub(b.stub, l, b.first)
	} else {
		b.blocked = false
		l.calmLocked()
	}
}

// unblock takes b out of its limiter's queue, if it is there.
func (b *branch) unblock() {
	if !b.blocked {
		return
	}
	b.blocked = false
	l := b.limiter
	mu := &l.top.mu
	mu.Lock()
	defer mu.Unlock()
	if b.stub.queueMark != 0 {
		b.dropStubLocked()
		l.calmLocked()
	}
}

// arrive takes in that b has got a slot of its limiter, which was in its queue.
// Nobody may be left in it, or it may wait there once more.
func (b *branch) arrive(granted *grants) {
	if b.inHand { // it was there once more, and has use for one at a time
		b.limiter.giveBack(granted)
		return
	}
	b.unblock()
	b.inHand = true
	b.shared.inHand = append(b.shared.inHand, b)
	if b.places > 0 {
		b.changed()
	}
}

// offer gives back a slot of b's limiter, to b itself if its first comes before all
// who wait there. b is not there now.
func (b *branch) offer(granted *grants) {
	b.shared.looks++
	l := b.limiter
	if b.first == nil || b.inHand { // it has use for one at a time
		l.giveBack(granted)
		return
	}
	mu := &l.top.mu
	mu.Lock()
	b.blocked = l.word.Load() == contended
	if b.blocked {
		l.queue.pushStub(b.stub, l, b.first)
		l.giveLocked(granted)
	}
	mu.Unlock()
	if !b.blocked {
		b.inHand = true
		b.shared.inHand = append(b.shared.inHand, b)
		return
	}
	b.in.remove(&b.item)
	b.in.changed()
}

// giveBack gives back a slot that nobody uses any more, under the mutex of a Shared
// and not that of the top.
func (l *Limiter) giveBack(granted *grants) {
	if l.give() {
		return
	}
	mu := &l.top.mu
	mu.Lock()
	defer mu.Unlock()
	l.giveLocked(granted)
}

// Len, Less, Swap, Push and Pop make the items a heap.Interface.
func (b *branch) Len() int { return len(b.items) }

func (b *branch) Less(i, j int) bool {
	b.shared.looks++
	return b.items[i].first.before(b.items[j].first)
}

func (b *branch) Swap(i, j int) {
	b.items[i], b.items[j] = b.items[j], b.items[i]
	b.items[i].index, b.items[j].index = i, j
}

func (b *branch) Push(x any) {
	i := x.(*item)
	i.index = len(b.items)
	b.items = append(b.items, i)
}

func (b *branch) Pop() any {
	last := len(b.items) - 1
	i := b.items[last]
	b.items[last] = nil
	b.items = b.items[:last]
	i.index = -1
	return i
}
